"""connectivity/villages: mobile coverage of each village at the end of the quarter."""

from schemas import Dataset, column, headers
from schemas.column_types import Choice, CommuneCode


class Villages(
    Dataset,
    department="connectivity",
    title="Phủ sóng di động thôn, bản",
    key=["village_code"],
    load="full",
    period="quarter",
    due_day=15,
    owed_from="2026Q4",
    owner="Sở Khoa học và Công nghệ",
    legal_basis="Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per village at the end of the quarter."""

    village_code: str = column(
        title="Mã thôn/bản",
        also="Mã thôn | Mã bản | Mã thôn, bản | Mã tổ dân phố",
        description="Code of the village; opaque text.",
        classification="open",
        max_length=60,
    )
    village: str = column(
        title="Thôn/tổ dân phố",
        also="Thôn | Bản | Thôn/bản | Thôn, bản | Tổ dân phố | TDP | Tên thôn | Tên thôn, bản | Thôn (bản, TDP) | Khu dân cư",
        description="Name of the village, as written.",
        classification="open",
        nullable=True,
        max_length=100,
    )
    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE,
        description="Commune in which the village lies.",
        classification="open",
    )
    very_difficult: bool = column(
        title="Thôn đặc biệt khó khăn",
        also="Đặc biệt khó khăn | ĐBKK | Thôn ĐBKK",
        description="On the list of very difficult villages.",
        classification="open",
    )
    households: int = column(
        title="Số hộ",
        also="Tổng số hộ | Số hộ dân",
        description="Households in the village.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    mobile_coverage: Choice = column(
        title="Phủ sóng di động",
        also="Sóng di động | Phủ sóng 3G/4G/5G | Công nghệ cao nhất",
        description="Best mobile network that covers the village: none, 2g, 3g, 4g or 5g.",
        classification="open",
        choices={
            "none": "Không có sóng | Không | Chưa có | Không có | Chưa phủ sóng | Lõm sóng | Chưa có sóng | Không phủ sóng",
            "2g": "2G | Sóng 2G",
            "3g": "3G | Sóng 3G",
            "4g": "4G | Sóng 4G | 4G LTE",
            "5g": "5G | Sóng 5G",
        },
    )
    operators: str = column(
        title="Nhà mạng",
        also="Doanh nghiệp viễn thông | Doanh nghiệp cung cấp",
        description="Operators that cover the village, as written.",
        classification="open",
        nullable=True,
        max_length=200,
    )
