"""Rules about a whole file: why it is refused, or why it waits. Cell and row rules stand in ``rules.py``."""

from __future__ import annotations

from schemas.rules import rule

FILE_EMPTY = rule(
    "file.empty",
    "error",
    "complete",
    scope="file",
    vi="Tệp rỗng, không có dữ liệu",
    en="The file is empty",
    mend_vi="Kiểm tra lại tệp, lưu rồi gửi lại",
    mend_en="Check the file, save it and send it again",
)
FILE_UNREADABLE = rule(
    "file.unreadable",
    "error",
    "clean",
    scope="file",
    vi="Không đọc được tệp (tệp hỏng, bị cắt dở hoặc không phải bảng tính)",
    en="The file cannot be read (damaged, cut short, or not a table)",
    mend_vi="Mở tệp bằng Excel, lưu lại dạng .xlsx rồi gửi lại",
    mend_en="Open it in Excel, save it as .xlsx and send it again",
)
FILE_PASSWORD = rule(
    "file.password",
    "error",
    "shared",
    scope="file",
    vi="Tệp có mật khẩu nên không đọc được",
    en="The file is protected by a password",
    mend_vi="Bỏ mật khẩu (Tệp > Thông tin > Bảo vệ sổ làm việc) rồi gửi lại",
    mend_en="Remove the password and send it again",
)
FILE_LIMITS = rule(
    "file.limits",
    "error",
    "clean",
    scope="file",
    vi="Đọc tệp vượt quá giới hạn thời gian hoặc bộ nhớ",
    en="Reading the file exceeds the limit of time or memory",
    mend_vi="Xóa các ô và trang thừa hoặc chia nhỏ tệp rồi gửi lại; nếu tệp vốn đúng như vậy, báo cán bộ dữ liệu",
    mend_en="Delete stray cells and sheets or split the file and send it again; or tell the data engineer it is right",
)
NO_HEADER = rule(
    "file.no_header",
    "error",
    "unified",
    scope="file",
    vi="Không tìm thấy dòng tiêu đề cột của bảng này",
    en="No header row of this dataset was found",
    mend_vi="Dùng tiêu đề cột như trong tệp mẫu template.xlsx",
    mend_en="Use the column headers of template.xlsx",
)
MISSING_COLUMNS = rule(
    "file.missing_columns",
    "error",
    "complete",
    scope="file",
    vi="Thiếu cột bắt buộc: {title}",
    en="Required columns are missing: {title}",
    mend_vi="Bổ sung cột hoặc đặt lại tên cột như trong tệp mẫu template.xlsx",
    mend_en="Add the column, or name it as in template.xlsx",
)
AMBIGUOUS_HEADER = rule(
    "file.ambiguous_header",
    "error",
    "unified",
    scope="file",
    vi="Không rõ cột nào là «{title}»: nhiều cột có tiêu đề tương đương",
    en="Several columns could be '{title}'",
    mend_vi="Chỉ giữ một cột mang tiêu đề này",
    mend_en="Keep one column with that header",
)
AMBIGUOUS_OPTIONAL_COLUMN = rule(
    "file.ambiguous_optional_column",
    "warning",
    "unified",
    scope="file",
    vi="Nhiều cột có thể là cột không bắt buộc sau, nên cột này bị để trống: {title}",
    en="Several columns could be these optional ones, which are left empty: {title}",
    mend_vi="Chỉ giữ một cột mang tiêu đề này nếu muốn đưa số liệu vào kho",
    mend_en="Keep one column with that header if its figures are to be taken in",
)
NO_PERIOD = rule(
    "file.no_period",
    "error",
    "complete",
    scope="file",
    vi="Không biết tệp thuộc kỳ báo cáo nào ({title})",
    en="The reporting period of the file is unknown ({title})",
    mend_vi="Ghi kỳ vào tên tệp, ví dụ {limit}, rồi gửi lại",
    mend_en="Put the period into the file's name, such as {limit}, and send it again",
)
AMBIGUOUS_PERIOD = rule(
    "file.ambiguous_period",
    "error",
    "unified",
    scope="file",
    vi="Tệp nêu nhiều kỳ báo cáo khác nhau ({title})",
    en="The file names several periods ({title})",
    mend_vi="Chỉ ghi một kỳ trong tên tệp, ví dụ {limit}",
    mend_en="Name one period in the file's name, such as {limit}",
)
NO_ROWS = rule(
    "file.no_rows",
    "error",
    "complete",
    scope="file",
    vi="Bảng có tiêu đề nhưng không có dòng dữ liệu nào",
    en="The table has a header but no rows",
    mend_vi="Nhập dữ liệu dưới dòng tiêu đề rồi gửi lại",
    mend_en="Enter the rows below the header and send it again",
)
ALL_OR_NOTHING = rule(
    "file.all_or_nothing",
    "error",
    "clean",
    scope="file",
    vi="Tập dữ liệu này chỉ nhận khi mọi dòng đều đúng",
    en="This dataset is taken in only when every row is right",
    mend_vi="Sửa các dòng bị trả lại rồi gửi lại cả tệp",
    mend_en="Mend the returned rows and send the whole file again",
)
NO_GOOD_ROW = rule(
    "file.no_good_row",
    "error",
    "clean",
    scope="file",
    vi="Không có dòng nào đúng, cả tệp bị trả lại",
    en="No row is right; the whole file is returned",
    mend_vi="Sửa các lỗi nêu dưới đây rồi gửi lại cả tệp",
    mend_en="Mend the errors below and send the whole file again",
)
TOO_MANY_RETURNED = rule(
    "file.too_many_returned",
    "error",
    "clean",
    scope="file",
    vi="Tỷ lệ dòng có lỗi vượt ngưỡng {limit}, cả tệp tạm dừng chờ quyết định",
    en="More than {limit} of the rows have errors; the whole file waits for a decision",
    mend_vi="Sửa lỗi rồi gửi lại, hoặc đề nghị cán bộ dữ liệu xem xét",
    mend_en="Mend the errors and send it again, or ask the data engineer to decide",
)
TOO_MANY_VANISHED = rule(
    "file.too_many_vanished",
    "error",
    "complete",
    scope="file",
    vi="Hơn {limit} số dòng đã nhận lần trước không có trong các dòng đúng của tệp này, cả tệp chờ quyết định",
    en="More than {limit} of the rows accepted before are not among the right rows of this file; it waits",
    mend_vi="Kiểm tra xem tệp có đủ dòng không; nếu đúng, đề nghị cán bộ dữ liệu chấp nhận",
    mend_en="Check that the file is complete; if it is, ask the data engineer to accept it",
)
PERIOD_LOCKED = rule(
    "file.period_locked",
    "error",
    "live",
    scope="file",
    vi="Kỳ báo cáo đã khóa sổ sau ngày {limit}, số liệu đã công bố chỉ thay đổi khi có quyết định",
    en="The period was locked after {limit}; published figures change by a decision only",
    mend_vi="Báo cán bộ dữ liệu lý do gửi sau ngày khóa sổ để được xem xét",
    mend_en="Tell the data engineer why the file comes after the lock, so that it can be accepted",
)
LATE = rule(
    "file.late",
    "warning",
    "live",
    scope="file",
    vi="Tệp gửi muộn {limit} ngày so với hạn",
    en="The file came {limit} days after it was due",
    mend_vi="Không cần làm gì với tệp này; kỳ sau gửi đúng hạn",
    mend_en="Nothing to do for this file; send the next one in time",
)
EXTRA_COLUMN = rule(
    "file.extra_column",
    "warning",
    "unified",
    scope="file",
    vi="Cột không có trong khai báo, được giữ trong tệp gốc nhưng không đưa vào kho: {title}",
    en="Columns outside the declaration, kept in the original only: {title}",
    mend_vi="Không cần làm gì; nếu là cột quan trọng, báo cán bộ dữ liệu",
    mend_en="Nothing to do; tell the data engineer if the column matters",
)
MISSING_OPTIONAL_COLUMN = rule(
    "file.missing_optional_column",
    "warning",
    "complete",
    scope="file",
    vi="Tệp không có các cột không bắt buộc: {title}",
    en="Optional columns are absent: {title}",
    mend_vi="Bổ sung nếu có số liệu",
    mend_en="Add them if you have the figures",
)
STALE_TEMPLATE = rule(
    "file.stale_template",
    "warning",
    "unified",
    scope="file",
    vi="Tệp được lập từ bản mẫu cũ",
    en="The file was made from an older template",
    mend_vi="Lần sau dùng tệp mẫu template.xlsx mới",
    mend_en="Use the new template.xlsx next time",
)
SHEETS_LEFT_OUT = rule(
    "file.sheets_left_out",
    "warning",
    "complete",
    scope="file",
    vi="Các trang sau không được đưa vào kho: {title}",
    en="Sheets that were not taken in: {title}",
    mend_vi="Nếu trang có số liệu của tập này: dùng cùng các cột như trang đã nhận, hoặc gửi thành tệp riêng",
    mend_en="If such a sheet has rows of this dataset, give it the columns of the others, or send it as its own file",
)
HIDDEN_SHEETS = rule(
    "file.hidden_sheets",
    "warning",
    "complete",
    scope="file",
    vi="Các trang ẩn không được đọc: {title}",
    en="Hidden sheets were not read: {title}",
    mend_vi="Nếu trang ẩn có số liệu cần gửi: bỏ ẩn (Unhide) rồi gửi lại",
    mend_en="If a hidden sheet has rows to be sent, unhide it and send the file again",
)
ARCHIVE_MEMBER = rule(
    "file.archive_member",
    "error",
    "clean",
    scope="file",
    vi="Không đọc được «{title}» trong tệp nén",
    en="'{title}' inside the archive cannot be read",
    mend_vi="Sửa tệp đó hoặc bỏ nó ra khỏi tệp nén, nén lại rồi gửi lại",
    mend_en="Mend that file or take it out of the archive, and send it again",
)
ARCHIVE_LIMITS = rule(
    "file.archive_limits",
    "error",
    "clean",
    scope="file",
    vi="Tệp nén quá lớn sau khi giải nén, hoặc chứa quá nhiều tệp",
    en="The archive is too large when unpacked, or holds too many files",
    mend_vi="Chỉ nén các tệp số liệu của bộ dữ liệu này, chia thành nhiều lần hoặc gửi từng tệp rồi gửi lại",
    mend_en="Pack only the files of this dataset, or save them one by one, and send it again",
)
LEFT_OUT = rule(
    "file.left_out",
    "warning",
    "clean",
    scope="file",
    vi="Trong tệp nén có tệp không phải là bảng, không được đọc: {title}",
    en="The archive holds files that are no tables and were not read: {title}",
    mend_vi="Không cần làm gì; nếu đó là số liệu, lưu lại dạng .xlsx rồi gửi lại",
    mend_en="Nothing to do; if they are data, save them as .xlsx and send them again",
)
RECEIPT_OF_OTHER = rule(
    "file.receipt_of_other",
    "error",
    "unified",
    scope="file",
    vi="Tệp là bản trả lại của {title}, nhưng tên tệp ghi {limit}",
    en="The file is the returned copy of {title}, but its name says {limit}",
    mend_vi="Nếu sửa lần gửi đó, giữ nguyên tên bản trả lại; nếu là kỳ hoặc đơn vị khác, gửi từ tệp của bạn",
    mend_en="To mend that submission keep the copy's name; for another period or unit send a file of your own",
)
INTERNAL = rule(
    "file.internal",
    "error",
    "shared",
    scope="file",
    vi="Hệ thống gặp lỗi khi xử lý tệp; tệp gốc vẫn được giữ",
    en="The system failed while handling the file; the original is kept",
    mend_vi="Không cần gửi lại; cán bộ dữ liệu sẽ xử lý",
    mend_en="No need to send it again; the data engineer has to act",
)
PROPOSED_COLUMN = rule(
    "file.proposed_column",
    "warning",
    "unified",
    scope="file",
    vi="Thiếu cột «{title}». Có phải là {limit}?",
    en="Column '{title}' is missing. Is it {limit}?",
    mend_vi="Nếu đúng: đặt tiêu đề cột đó là «{title}» rồi gửi lại, hoặc đề nghị cán bộ dữ liệu xác nhận tiêu đề này",
    mend_en="If so, name the column '{title}' and send the file again, or ask the data engineer to confirm it",
)
TIED_COLUMNS = rule(
    "file.tied_columns",
    "warning",
    "unified",
    scope="file",
    vi="«{title}» có thể là một trong các cột sau: {limit}",
    en="'{title}' may be one of these columns: {limit}",
    mend_vi="Giữ tiêu đề «{title}» ở đúng một cột, đặt tên khác cho các cột còn lại",
    mend_en="Keep the header '{title}' on the right column and name the others differently",
)
CONFIRMED_HEADER = rule(
    "file.confirmed_header",
    "warning",
    "unified",
    scope="file",
    vi="Tiêu đề được hiểu theo xác nhận của cán bộ dữ liệu: {title}",
    en="Headers understood because the data engineer has confirmed them: {title}",
    mend_vi="Không cần làm gì; nếu hiểu sai, báo cán bộ dữ liệu",
    mend_en="Nothing to do; tell the data engineer if that is wrong",
)

#: The file itself is at fault, whatever dataset it was meant for.
UNREADABLE_RULES = frozenset({FILE_EMPTY, FILE_UNREADABLE, FILE_PASSWORD, FILE_LIMITS, ARCHIVE_MEMBER, ARCHIVE_LIMITS})
