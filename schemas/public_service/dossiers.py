"""public_service/dossiers: the dossiers of the one-stop shops, from the province's dossier system."""

import datetime

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice, CommuneCode

DOSSIER_CODE = rule(
    "dossiers.code",
    "warning",
    "unified",
    vi="«{title}» không đúng dạng mã hồ sơ một cửa 000.00.00.H38-YYMMDD-XXXX",
    en="'{title}' is not a one-stop dossier code 000.00.00.H38-YYMMDD-XXXX",
    mend_vi="Đối chiếu với giấy tiếp nhận hồ sơ",
    mend_en="Compare with the receipt of the dossier",
)
RECEIVED_AGAINST_CODE = rule(
    "dossiers.received_against_code",
    "error",
    "accurate",
    vi="«{title}» khác ngày tiếp nhận ghi trong mã hồ sơ",
    en="'{title}' differs from the date in the dossier's code",
    mend_vi="Kiểm tra lại mã hồ sơ và ngày tiếp nhận",
    mend_en="Check the code and the date of receipt",
)
BEFORE_RECEIVED = rule(
    "dossiers.before_received",
    "error",
    "accurate",
    vi="«{title}» trước ngày tiếp nhận",
    en="'{title}' lies before the date of receipt",
    mend_vi="Kiểm tra lại các ngày của hồ sơ",
    mend_en="Check the dates of the dossier",
)
STATUS_AGAINST_DATES = rule(
    "dossiers.status_against_dates",
    "error",
    "accurate",
    vi="«{title}» mâu thuẫn với ngày có kết quả của hồ sơ",
    en="'{title}' contradicts the date of the result",
    mend_vi="Hồ sơ đã giải quyết phải có ngày có kết quả, hồ sơ đang xử lý thì không",
    mend_en="A finished dossier has a date of its result, one in progress has none",
)


class Dossiers(
    Dataset,
    department="public_service",
    title="Hồ sơ thủ tục hành chính",
    key=["dossier_code"],
    load="upsert",
    period="month",
    due_day=5,
    owed_from="2026-10",
    owner="Trung tâm Phục vụ hành chính công",
    legal_basis="Nghị định 118/2025/NĐ-CP; Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per one-stop dossier."""

    dossier_code: str = column(
        title="Mã hồ sơ",
        also="Mã số hồ sơ | Số hồ sơ | Số biên nhận",
        description="Code of the dossier; it carries the date of receipt.",
        max_length=60,
        pattern=r"[0-9]{3}\.[0-9]{2}(?:\.[0-9]{2,3})?\.[A-Z][0-9]{2}-[0-9]{6}-[0-9]{4,6}",
        pattern_rule=DOSSIER_CODE,
    )
    procedure_code: str = column(
        title="Mã TTHC",
        also="Mã thủ tục | Mã thủ tục hành chính",
        description="Code of the administrative procedure; opaque text.",
        classification="open",
        nullable=True,
        max_length=60,
    )
    agency: str = column(
        title="Cơ quan giải quyết",
        also="Cơ quan thực hiện | Cơ quan tiếp nhận | " + headers.UNIT,
        description="Agency that handles the dossier, as written.",
        classification="open",
        max_length=200,
    )
    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE,
        description="Commune where the dossier was received; empty at the province's centre.",
        classification="open",
        nullable=True,
    )
    channel: Choice = column(
        title="Hình thức nộp",
        also="Hình thức tiếp nhận | Kênh tiếp nhận | Trực tuyến/Trực tiếp/BCCI",
        description="How the dossier was received: online, direct or by post.",
        classification="open",
        choices={
            "online": "Trực tuyến | Nộp trực tuyến | Qua mạng | Online",
            "direct": "Trực tiếp | Nộp trực tiếp | Tại quầy",
            "postal": "BCCI | Bưu chính công ích | Qua bưu chính | Bưu chính",
        },
    )
    service_level: Choice = column(
        title="Mức độ dịch vụ công",
        also="Mức độ | Mức độ DVC | Loại dịch vụ công | Toàn trình/Một phần",
        description="Level of the online service: full, partial, or information only.",
        classification="open",
        nullable=True,
        choices={
            "full": "Toàn trình | DVC toàn trình | Dịch vụ công trực tuyến toàn trình",
            "partial": "Một phần | DVC một phần | Dịch vụ công trực tuyến một phần",
            "information": "Cung cấp thông tin | Cung cấp thông tin trực tuyến | Còn lại",
        },
    )
    received_at: datetime.date = column(
        title="Ngày tiếp nhận",
        also="Ngày nhận | Ngày nộp | Thời gian tiếp nhận",
        description="Date of receipt.",
        classification="open",
        past=True,
    )
    due_at: datetime.date = column(
        title="Ngày hẹn trả",
        also="Hạn xử lý | Ngày hẹn trả kết quả | Thời hạn giải quyết | Hạn trả",
        description="Date at which the result is due.",
        classification="open",
        nullable=True,
    )
    finished_at: datetime.date = column(
        title="Ngày có kết quả",
        also="Ngày kết thúc xử lý | Ngày hoàn thành | Ngày giải quyết xong",
        description="Date of the result; empty while the dossier is open.",
        classification="open",
        nullable=True,
        past=True,
    )
    status: Choice = column(
        title="Trạng thái",
        also="Tình trạng | Tình trạng xử lý | Tình trạng hồ sơ",
        description="In progress, finished, returned or withdrawn.",
        classification="open",
        nullable=True,
        choices={
            "in_progress": "Đang xử lý | Đang giải quyết | Mới tiếp nhận | Chờ bổ sung | Chờ xử lý",
            "finished": "Đã giải quyết | Đã xử lý | Hoàn thành | Đã có kết quả | Đã trả kết quả | Đã xử lý xong",
            "returned": "Trả lại | Từ chối | Không đủ điều kiện",
            "withdrawn": "Rút hồ sơ | Công dân rút | Đã rút | Dừng xử lý",
        },
    )

    @check(RECEIVED_AGAINST_CODE, "received_at")
    def received_on_the_date_of_the_code(cls) -> pl.Expr:
        carried = pl.col("dossier_code").str.extract(r"-([0-9]{6})-[0-9]+$", 1)
        return carried.str.to_date("%y%m%d", strict=False) == pl.col("received_at")

    @check(BEFORE_RECEIVED, "due_at")
    def due_not_before_received(cls) -> pl.Expr:
        return pl.col("due_at") >= pl.col("received_at")

    @check(BEFORE_RECEIVED, "finished_at")
    def finished_not_before_received(cls) -> pl.Expr:
        return pl.col("finished_at") >= pl.col("received_at")

    @check(STATUS_AGAINST_DATES, "status")
    def status_agrees_with_dates(cls) -> pl.Expr:
        dated = pl.col("finished_at").is_not_null()
        return ((pl.col("status") != "finished") | dated) & ((pl.col("status") != "in_progress") | ~dated)
