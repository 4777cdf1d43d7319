"""home_affairs/staffing: the officials in post at the end of the quarter, from the personnel register."""

import datetime

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice, CitizenId, CommuneCode, PersonName

LEFT_BEFORE_START = rule(
    "staffing.left_before_start",
    "error",
    "accurate",
    vi="«{title}» trước ngày nhận công tác",
    en="'{title}' lies before the start of the post",
    mend_vi="Kiểm tra lại ngày nhận và ngày thôi công tác",
    mend_en="Check both dates",
)


class Staffing(
    Dataset,
    department="home_affairs",
    title="Đội ngũ cán bộ, công chức, viên chức",
    key=["official_id", "unit_name", "position"],
    load="full",
    period="quarter",
    due_day=15,
    owed_from="2026Q4",
    owner="Sở Nội vụ",
    legal_basis="Luật Cán bộ, công chức 80/2025/QH15; Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per official in post at the end of the quarter."""

    official_id: CitizenId = column(
        title="Số định danh cá nhân",
        also=headers.CITIZEN_ID + " | Số hiệu cán bộ, công chức | Mã số CBCCVC | Số hiệu CBCC",
        description="Citizen id of the official.",
        classification="personal",
        warehouse="citizen_key",
    )
    full_name: PersonName = column(
        title="Họ và tên",
        also=headers.FULL_NAME,
        description="Full name of the official.",
        classification="personal",
        nullable=True,
        max_length=200,
    )
    unit_name: str = column(
        title="Cơ quan, đơn vị",
        also=headers.UNIT,
        description="Unit in which the official works, as written.",
        classification="open",
        max_length=200,
    )
    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE,
        description="Commune of the unit; empty for units of the province.",
        classification="open",
        nullable=True,
    )
    position: str = column(
        title="Chức vụ, chức danh",
        also="Chức vụ | Chức danh | Vị trí việc làm | Chức danh nghề nghiệp",
        description="Position, as written.",
        nullable=True,
        max_length=200,
    )
    trained_in_it: bool = column(
        title="Được đào tạo CNTT",
        also="Chuyên môn CNTT | Có chuyên môn CNTT | Có trình độ CNTT | Đào tạo CNTT | Tốt nghiệp ngành CNTT",
        description="Trained in information technology.",
    )
    qualification: Choice = column(
        title="Trình độ chuyên môn",
        also="Trình độ | Trình độ CNTT | Trình độ đào tạo",
        description="Highest qualification.",
        nullable=True,
        choices={
            "doctorate": "Tiến sĩ | TS",
            "master": "Thạc sĩ | ThS",
            "bachelor": "Đại học | ĐH | Cử nhân | Kỹ sư",
            "college": "Cao đẳng | CĐ",
            "intermediate": "Trung cấp | TC",
            "other": "Khác | Sơ cấp | Chưa qua đào tạo",
        },
    )
    digital_specialist: bool = column(
        title="Chuyên trách chuyển đổi số",
        also="Nhân lực chuyển đổi số | Chuyên trách CĐS | Chuyên trách CNTT, chuyển đổi số | Phụ trách chuyển đổi số | Chuyên trách CNTT",
        description="Specialist of digital transformation (the ministry's norm is 10 % of officials).",
    )
    full_time: Choice = column(
        title="Chuyên trách/kiêm nhiệm",
        also="Hình thức phụ trách | Kiêm nhiệm/chuyên trách",
        description="Full time or besides other duties.",
        nullable=True,
        choices={"full_time": "Chuyên trách", "part_time": "Kiêm nhiệm | Bán chuyên trách"},
    )
    contract: Choice = column(
        title="Loại biên chế",
        also="Biên chế/hợp đồng | Loại cán bộ | Đối tượng | Loại hợp đồng",
        description="Cadre, civil servant, public employee or contract staff.",
        nullable=True,
        choices={
            "cadre": "Cán bộ",
            "civil_servant": "Công chức",
            "public_employee": "Viên chức",
            "contract": "Hợp đồng | Hợp đồng lao động | HĐLĐ | Người lao động",
        },
    )
    from_date: datetime.date = column(
        title="Ngày nhận công tác",
        also="Từ ngày | Ngày bắt đầu | Ngày bổ nhiệm | Ngày tuyển dụng",
        description="First day in the post.",
        nullable=True,
    )
    to_date: datetime.date = column(
        title="Ngày thôi công tác",
        also="Đến ngày | Ngày kết thúc | Ngày nghỉ",
        description="Last day in the post; empty while it lasts.",
        nullable=True,
    )

    @check(LEFT_BEFORE_START, "to_date")
    def left_not_before_start(cls) -> pl.Expr:
        return pl.col("to_date") >= pl.col("from_date")
