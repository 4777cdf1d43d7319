"""Words in which departments send the columns that several datasets share: headers, and values of a list.

Belongs here: the vocabulary of Vietnamese office forms for persons and places, preferred first. The headers of a
column that only one dataset has stand in that dataset's class.
"""

CITIZEN_ID = (
    "Số định danh | Số ĐDCN | ĐDCN | SĐDCN | Mã định danh | Mã định danh cá nhân | Số CCCD | CCCD | Căn cước | "
    "Số căn cước | Số căn cước công dân | CCCD/ĐDCN | Số định danh cá nhân/CCCD | Số định danh cá nhân (CCCD) | "
    "CCCD/CMND | CMND/CCCD | Số CMND/CCCD | Số CMND | CMND | CMT | Số CMT | Số giấy tờ | Số giấy tờ tùy thân | "
    "Giấy tờ tùy thân | CMTND"
)
FULL_NAME = "Họ tên | Họ, chữ đệm và tên | Họ, chữ đệm và tên khai sinh | Họ, tên | Tên | Họ và tên công dân"
DATE_OF_BIRTH = (
    "Ngày, tháng, năm sinh | Ngày tháng năm sinh | Ngày/tháng/năm sinh | Sinh ngày | NTNS | "
    "Ngày tháng năm sinh (dd/mm/yyyy) | N.Sinh | Năm sinh | Sinh năm"
)
SEX = "Giới | GT | Nam/Nữ | Phái"
#: Codes before names: a code is never ambiguous within the present units.
COMMUNE = (
    "Mã xã | Mã ĐVHC cấp xã | Mã ĐVHC | Mã đơn vị hành chính | Mã PX | Mã Xã mới | Mã phường/xã | Xã | Phường | "
    "Xã, phường | Phường/Xã | Phường Xã | Xã/Phường/Đặc khu | Xã/Phường/Thị trấn | Tên xã | Tên xã/phường | "
    "ĐVHC cấp xã | Đơn vị hành chính | UBND xã/phường | Tên Xã mới | Địa phương"
)
#: A column that no dataset declares: it tells namesakes among the communes of before July 2025 apart.
DISTRICT = (
    "Quận/huyện | Huyện | Quận | Huyện/quận | Quận, huyện | Tên huyện | Tên quận/huyện | Huyện cũ | Cấp huyện | "
    "Huyện/thị xã | Huyện, thị xã | Huyện/thành phố | Huyện, thành phố | Huyện/TP | Huyện/thị xã/thành phố | "
    "Huyện, thị xã, thành phố | Huyện/TX/TP | Quận/huyện/thị xã | Quận/huyện/thị xã/thành phố | ĐVHC cấp huyện"
)
#: How people write a sex. Codes 0, 1 and 2 are not among them: systems disagree about their meaning.
SEX_WORDS = {"male": "Nam | M | Male | Trai | Ông | Anh", "female": "Nữ | F | Female | Gái | Bà | Chị"}
#: Units as they call the column that names them; "Đơn vị" alone may be a commune's, too.
UNIT = (
    "Cơ quan | Đơn vị công tác | Cơ quan công tác | Sở, ngành | Sở/ban/ngành | Tên cơ quan | Tên cơ quan, đơn vị | "
    "Đơn vị báo cáo | Đơn vị | Tên đơn vị"
)
