"""connectivity/communes: network and equipment of each commune at the end of the quarter."""

from decimal import Decimal

from schemas import Dataset, column, headers
from schemas.column_types import CommuneCode


class Communes(
    Dataset,
    department="connectivity",
    title="Hạ tầng số cấp xã",
    key=["commune"],
    load="full",
    period="quarter",
    due_day=15,
    owed_from="2026Q4",
    owner="Sở Khoa học và Công nghệ",
    legal_basis="Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per commune at the end of the quarter."""

    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE + " | Đơn vị | Tên đơn vị",
        description="The commune.",
        classification="open",
    )
    special_network: bool = column(
        title="Mạng truyền số liệu chuyên dùng",
        also="Mạng TSLCD | Kết nối mạng TSLCD | Đã kết nối mạng truyền số liệu chuyên dùng | Có mạng TSLCD",
        description="Connected to the special data network of the state.",
        classification="open",
    )
    bandwidth_mbps: Decimal = column(
        title="Băng thông (Mbps)",
        also="Băng thông | Tốc độ đường truyền (Mbps) | Tốc độ (Mbps)",
        description="Bandwidth of the connection in megabits per second.",
        classification="open",
        nullable=True,
        ge=0,
    )
    scanners: int = column(
        title="Số máy quét",
        also="Máy quét | Máy scan | Số máy scan",
        description="Scanners in use.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    computers: int = column(
        title="Số máy tính",
        also="Máy tính | Số lượng máy tính | Máy vi tính",
        description="Computers in use.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    ready: bool = column(
        title="Đủ điều kiện số hóa",
        also="Sẵn sàng số hóa | Đủ mạng và thiết bị | Đáp ứng yêu cầu số hóa | Đủ điều kiện",
        description="Has the network and the equipment that digitisation needs.",
        classification="open",
    )
