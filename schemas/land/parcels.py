"""land/parcels: land parcels and their owners at the end of the quarter, from the land registry."""

import datetime
from decimal import Decimal

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice, CitizenId, CommuneCode, LandType, PersonName, TaxCode
from schemas.rules import CERTIFICATE_FORMAT

PARCEL_WITHOUT_IDENTITY = rule(
    "parcels.identity",
    "error",
    "complete",
    vi="Thửa đất không có «{title}» và cũng không đủ xã cũ, số tờ, số thửa",
    en="The parcel has neither '{title}' nor old commune, map sheet and parcel number",
    mend_vi="Điền mã thửa đất, hoặc điền đủ xã cũ, số tờ bản đồ và số thửa",
    mend_en="Fill in the parcel id, or old commune, map sheet and parcel number",
)
OWNER_UNKNOWN = rule(
    "parcels.owner_unknown",
    "warning",
    "complete",
    vi="Dòng không có số định danh, mã số thuế hay tên của chủ sử dụng («{title}»)",
    en="The row has no citizen id, tax code or name of an owner ('{title}')",
    mend_vi="Bổ sung chủ sử dụng nếu có",
    mend_en="Add the owner if known",
)


class Parcels(
    Dataset,
    department="land",
    title="Thửa đất và chủ sử dụng",
    key=[
        "parcel_id",
        "old_commune",
        "map_sheet",
        "parcel_no",
        "owner_citizen_id",
        "owner_tax_code",
        "owner_name",
    ],
    load="full",
    period="quarter",
    due_day=15,
    owed_from="2026Q4",
    owner="Sở Nông nghiệp và Môi trường",
    legal_basis="Luật Đất đai 31/2024/QH15; Nghị định 278/2025/NĐ-CP",
    retention_years=30,
):
    """One row per land parcel and owner, as registered at the end of the quarter."""

    parcel_id: str = column(
        title="Mã thửa đất",
        also="Mã định danh thửa đất | Mã thửa | MTĐ",
        description="Identifier of the parcel; opaque text.",
        classification="open",
        nullable=True,
        max_length=60,
    )
    old_commune: str = column(
        title="Xã cũ",
        also="Tên Xã cũ | Mã Xã cũ | Mã ĐVHC cũ | Phường/xã cũ | Đơn vị hành chính cũ | ĐVHC cũ | Xã trước sáp nhập",
        description="Commune before 1 July 2025 that numbered the map sheet, as written.",
        classification="open",
        nullable=True,
        max_length=100,
    )
    map_sheet: str = column(
        title="Số tờ bản đồ",
        also="Tờ bản đồ | Tờ bản đồ số | Số tờ | Tờ BĐ | Số hiệu tờ bản đồ | Số thứ tự tờ bản đồ | Số hiệu tờ trên bản đồ địa chính | TBĐ | Số tờ bản đồ ghi trên GCN",
        description="Number of the cadastral map sheet within the old commune.",
        classification="open",
        nullable=True,
        max_length=20,
    )
    parcel_no: str = column(
        title="Số thửa",
        also="Thửa đất số | Số thửa đất | Thửa số | Số thứ tự thửa đất | Số thứ tự thửa | Số thứ tự thửa trên bản đồ địa chính | Số hiệu thửa đất | Số thứ tự thửa đất ghi trên GCN",
        description="Number of the parcel on its map sheet.",
        classification="open",
        nullable=True,
        max_length=20,
    )
    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE,
        description="Commune in which the parcel lies.",
        classification="open",
    )
    area_m2: Decimal = column(
        title="Diện tích (m²)",
        also="Diện tích | DT | DT (m2) | Diện tích thửa đất | Diện tích pháp lý | Diện tích sử dụng (m2) | Tổng diện tích",
        description="Area of the parcel in square metres.",
        classification="open",
        gt=0,
        le=50_000_000,
    )
    land_type: LandType = column(
        title="Loại đất",
        also="Mục đích sử dụng | Mục đích sử dụng đất | MĐSD | MĐSDĐ | Mã loại đất | Ký hiệu loại đất | Mã đất",
        description="Land-type code; several types of one parcel are joined by '+'.",
        classification="open",
    )
    use_term: str = column(
        title="Thời hạn sử dụng",
        also="Thời hạn sử dụng đất | Thời hạn",
        description="Term of use, as written: stable and long-term, or until a date.",
        classification="open",
        nullable=True,
        max_length=100,
    )
    certificate_no: str = column(
        title="Số phát hành GCN",
        also="Số phát hành | Số seri | Số seri GCN | Số GCN | Số phát hành GCN QSDĐ | Số giấy chứng nhận | Seri | Số bìa | Thông tin giấy chứng nhận",
        description="Issue number of the land-use certificate.",
        classification="personal",
        nullable=True,
        max_length=40,
        pattern=r"[A-ZĐ]{1,2} ?[0-9]{6,8}",
        pattern_rule=CERTIFICATE_FORMAT,
    )
    certificate_date: datetime.date = column(
        title="Ngày cấp GCN",
        also="Ngày cấp giấy | Ngày ký GCN | Ngày tháng năm vào sổ | Ngày tháng vào sổ",
        description="Date of the land-use certificate.",
        nullable=True,
        past=True,
    )
    owner_citizen_id: CitizenId = column(
        title="Số định danh chủ sử dụng",
        also="CCCD chủ sử dụng | Số CCCD chủ sử dụng | Số giấy tờ 1 | Số định danh cá nhân | " + headers.CITIZEN_ID,
        description="Citizen id of the owner, where the owner is a person.",
        classification="personal",
        nullable=True,
        warehouse="owner_citizen_key",
    )
    owner_tax_code: TaxCode = column(
        title="Mã số thuế",
        also="Số định danh tổ chức | MST | Mã số doanh nghiệp | MSDN",
        description="Tax code of the owner, where the owner is an organisation.",
        nullable=True,
    )
    owner_name: PersonName = column(
        title="Tên chủ sử dụng",
        also="Chủ sử dụng đất | Họ và tên chủ sử dụng | Người sử dụng đất | Tên chủ sử dụng đất | Họ và tên chủ sử dụng/Họ tên người đại diện tổ chức | Chủ sử dụng | Tên người sử dụng đất | Tên chủ 1 | Họ và tên",
        description="Name of the owner.",
        classification="personal",
        nullable=True,
        warehouse="owner_name_key",
        max_length=300,
    )
    owner_role: Choice = column(
        title="Vai trò",
        also="Vai trò pháp nhân trên GCN | Vai trò chủ sử dụng",
        description="Role of the owner: sole owner or co-owner.",
        nullable=True,
        choices={
            "owner": "Chủ sử dụng | Chủ sở hữu | Chủ sử dụng đất | Sử dụng riêng | Chủ hộ",
            "co_owner": "Đồng sử dụng | Đồng sở hữu | Sử dụng chung | Vợ/chồng | Vợ | Chồng | Đồng chủ sử dụng",
            "representative": "Người đại diện | Đại diện",
        },
    )

    @check(PARCEL_WITHOUT_IDENTITY, "parcel_id")
    def parcel_is_identified(cls) -> pl.Expr:
        numbered = pl.all_horizontal(pl.col("old_commune", "map_sheet", "parcel_no").is_not_null())
        return pl.col("parcel_id").is_not_null() | numbered

    @check(OWNER_UNKNOWN, "owner_name")
    def owner_is_known(cls) -> pl.Expr:
        return pl.any_horizontal(pl.col("owner_citizen_id", "owner_tax_code", "owner_name").is_not_null())
