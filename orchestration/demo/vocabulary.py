"""Words of the synthetic province: names of people by ethnic group, villages, organisations, courses.

Belongs here: lists and their proportions. Does not belong here: how people, parcels and courses are put together.
"""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


@dataclass(frozen=True)
class NamePattern:
    """How an ethnic group names its people: surname, then a middle part, then a given name."""

    surnames: tuple[str, ...]
    male_middle: tuple[str, ...]
    female_middle: tuple[str, ...]
    male_given: tuple[str, ...]
    female_given: tuple[str, ...]


_MALE = _words(
    "Hùng, Dũng, Tuấn, Nam, Long, Sơn, Hải, Đức, Thắng, Quân, Bình, Khánh, Hiếu, Phúc, Trường, Kiên, Minh, Toàn"
)
_FEMALE = _words(
    "Hoa, Lan, Hương, Thủy, Hòa, Nga, Linh, Trang, Hằng, Yến, Thảo, Oanh, Ngọc, Mai, Hạnh, Tuyết, Vân, Nhung"
)
_MALE_MIDDLE = _words("Văn, Văn, Văn, Đức, Minh, Quang, Hữu, Xuân, Công, Ngọc, Mạnh, Việt")
_FEMALE_MIDDLE = _words("Thị, Thị, Thị, Thị Thu, Thị Hồng, Thị Thanh, Thị Bích, Ngọc, Thanh, Thùy, Phương")


def _like_kinh(surnames: str) -> NamePattern:
    return NamePattern(_words(surnames), _MALE_MIDDLE, _FEMALE_MIDDLE, _MALE, _FEMALE)


#: Ethnic group → how its people are named.
NAME_PATTERNS: dict[str, NamePattern] = {
    "Kinh": _like_kinh(
        "Nguyễn, Nguyễn, Nguyễn, Trần, Trần, Lê, Phạm, Hoàng, Vũ, Đỗ, Bùi, Đặng, Ngô, Dương, Đào, Đinh, Phan"
    ),
    "Tày": _like_kinh("Hoàng, Hoàng, Nông, Lương, Hà, Ma, La, Lộc, Hứa, Vi, Nguyễn, Sầm"),
    "Mông": NamePattern(
        _words("Giàng, Giàng, Vàng, Thào, Sùng, Lù, Cư, Hạng, Lý, Má, Tráng, Hảng, Mùa, Sính"),
        _words("A, A, Seo, Văn, Mí"),
        _words("Thị, Thị, Seo, Thị"),
        _words("Pao, Dơ, Chú, Sử, Páo, Lử, Giả, Dế, Tủa, Vừ, Chu, Sình, Dình, Của, Phừ, Chớ"),
        _words("Mỷ, Dở, Mai, Say, Sua, Máy, Chư, Dua, Pà, Sáo, Chúa, Và, Ly, Ghênh"),
    ),
    "Dao": NamePattern(
        _words("Triệu, Bàn, Đặng, Phùng, Lý, Chảo, Tẩn, Phàn, Lò, Dương"),
        _words("Láo, Duần, Quẩy, Văn, Tài, Kiềm, Dào, Vần"),
        _words("Tả, Sử, San, Thị, Mùi, Lở, Ửu"),
        _words("Tả, Phù, Pham, Chìu, Lụ, Sài, Vạng, Quyên, Tiến, Khé, Lở, Phẩu"),
        _words("Mẩy, Mẩy, Pết, Liều, Khách, Chạn, Ghển, Mán, Nhị"),
    ),
    "Thái": _like_kinh("Lò, Lò, Hoàng, Hà, Lường, Cầm, Sa, Vi, Điêu, Đồng"),
    "Giáy": _like_kinh("Vàng, Vàng, Lù, Nông, Sần, Phan, Hoàng, Lục, Vùi, Lò"),
    "Nùng": _like_kinh("Nùng, Lù, Hoàng, Vàng, Thền, Tải, Pờ, Lồ"),
    "Phù Lá": NamePattern(
        _words("Bàn, Thào, Chố, Giàng, Phủng, Sùng"),
        _words("Seo, Văn, A"),
        _words("Thị, Seo"),
        _words("Phà, Lử, Chu, Sài, Hòa, Páo"),
        _words("Sen, Mỷ, Lan, Chơ, Máy"),
    ),
    "Hà Nhì": NamePattern(
        _words("Ly, Chu, Phà, Sần, Ký, Tráng"),
        _words("Xá, Già, Che, Giờ, Suy"),
        _words("Gió, Mờ, Ca, Xó"),
        _words("Xuy, Sơ, Xa, Suy, Lúy, Hờ, Cà"),
        _words("Mơ, De, Gơ, Nu, Pư, Xe"),
    ),
}

#: Shares of the groups as the majority of a rural commune; wards are mostly Kinh.
RURAL_MAJORITY = {
    "Kinh": 22,
    "Tày": 22,
    "Mông": 27,
    "Dao": 15,
    "Thái": 6,
    "Giáy": 4,
    "Nùng": 2,
    "Phù Lá": 1,
    "Hà Nhì": 1,
}

VILLAGE_FIRST = _words("Bản, Nậm, Lao, Tả, Séo, Cốc, Sín, Khe, Ngòi, Làng, Phìn, Sả, Lùng, Mường, Khu Chu")
VILLAGE_SECOND = _words(
    "Qua, Mòn, Pho, Lếu, Tủng, Chải, Hồ, Séng, Vai, Xéo, Trung, Ngài, Thàng, Cại, Vược, Phung, Sán, Pạc, Lúc, Khoang"
)

ORGANISATIONS = _words(
    "Công ty TNHH Một thành viên Lâm nghiệp, Công ty Cổ phần Chè, Công ty TNHH Xây dựng, Hợp tác xã Nông nghiệp, "
    "Công ty Cổ phần Khoáng sản, Công ty TNHH Thương mại, Hợp tác xã Dược liệu, Công ty Cổ phần Thủy điện, "
    "Doanh nghiệp tư nhân Vận tải, Công ty TNHH Du lịch"
)

ORGANISATION_NAMES = _words("Tây Bắc, Hoàng Liên, Sông Hồng, Fansipan, Thác Bà")

#: Where people work, for those whose group of learners has an employer.
WORK_UNITS = {
    "official": _words(
        "UBND, Trường Tiểu học, Trường THCS, Trạm Y tế, Trung tâm Phục vụ hành chính công, Ban Chỉ huy quân sự"
    ),
    "enterprise_worker": ORGANISATIONS,
    "student": _words("Trường THCS, Trường THPT, Trường Phổ thông dân tộc nội trú, Trường Cao đẳng Lào Cai"),
}


@dataclass(frozen=True)
class Course:
    """A course, the platform that gives it and the groups of learners it is for."""

    code: str
    name: str
    platform: str
    groups: tuple[str, ...]


COURSES = (
    Course("KNS-01", "Kỹ năng số cơ bản cho người dân", "onetouch", ("citizen",)),
    Course("KNS-02", "Sử dụng dịch vụ công trực tuyến", "onetouch", ("citizen", "official", "enterprise_worker")),
    Course("KNS-03", "Định danh điện tử VNeID", "onetouch", ("citizen", "student")),
    Course("KNS-04", "An toàn thông tin trên môi trường mạng", "mooc", ("student", "official", "enterprise_worker")),
    Course("KNS-05", "Thanh toán không dùng tiền mặt", "digital_literacy", ("citizen",)),
    Course("KNS-06", "Phòng, chống lừa đảo trực tuyến", "digital_literacy", ("citizen", "student")),
    Course("KNS-07", "Chuyển đổi số trong cơ quan nhà nước", "onetouch", ("official",)),
    Course("KNS-08", "Trí tuệ nhân tạo cho cán bộ, công chức", "mooc", ("official",)),
    Course("KNS-09", "Thương mại điện tử cho doanh nghiệp nhỏ và vừa", "mooc", ("enterprise_worker",)),
    Course("KNS-10", "Kỹ năng số cho học sinh, sinh viên", "onetouch", ("student",)),
)
#: The course that one ward holds itself and reports itself.
COMMUNITY_COURSE = Course("TCN-01", "Tổ công nghệ số cộng đồng: cầm tay chỉ việc", "classroom", ("citizen", "official"))

PROVINCE_UNITS = (
    "Văn phòng UBND tỉnh",
    "Sở Nội vụ",
    "Sở Khoa học và Công nghệ",
    "Sở Tài chính",
    "Sở Tư pháp",
    "Sở Nông nghiệp và Môi trường",
    "Sở Xây dựng",
    "Sở Giáo dục và Đào tạo",
    "Sở Y tế",
    "Sở Văn hóa, Thể thao và Du lịch",
    "Sở Công Thương",
    "Thanh tra tỉnh",
)
#: Main indicators of the index of 2025 and their highest scores (Quyết định 405/QĐ-BKHCN: eight main indicators).
DTI_INDICATORS = (
    ("Nhận thức số", 50),
    ("Thể chế số", 50),
    ("Hạ tầng số", 100),
    ("Nhân lực số", 100),
    ("An toàn thông tin mạng", 100),
    ("Hoạt động chính quyền số", 250),
    ("Hoạt động kinh tế số", 150),
    ("Hoạt động xã hội số", 200),
)
#: Tasks of a decision, by group.
TASKS = (
    ("general", "Kiện toàn Ban Chỉ đạo chuyển đổi số"),
    ("general", "Ban hành kế hoạch chuyển đổi số hằng năm"),
    ("general", "Tập huấn kỹ năng số cho cán bộ, công chức"),
    ("government", "Số hóa hồ sơ lưu trữ của Ủy ban nhân dân cấp xã"),
    ("government", "Đưa kho dữ liệu dùng chung vào vận hành"),
    ("government", "Kết nối nền tảng chia sẻ dữ liệu quốc gia"),
    ("government", "Cung cấp dịch vụ công trực tuyến toàn trình"),
    ("government", "Ký số toàn bộ văn bản phát hành"),
    ("economy", "Hỗ trợ doanh nghiệp nhỏ sử dụng nền tảng số"),
    ("economy", "Đưa nông sản lên sàn thương mại điện tử"),
    ("economy", "Thanh toán không dùng tiền mặt ở chợ"),
    ("society", "Phổ cập định danh điện tử"),
    ("society", "Phủ sóng di động các thôn đặc biệt khó khăn"),
    ("society", "Duy trì tổ công nghệ số cộng đồng"),
)
