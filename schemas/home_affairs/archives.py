"""home_affairs/archives: how much of each archive fonds is digitised at the end of the quarter."""

import datetime
from decimal import Decimal

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import CommuneCode

MORE_DIGITISED_THAN_THERE = rule(
    "archives.more_digitised_than_there",
    "error",
    "accurate",
    vi="«{title}» lớn hơn tổng số của phông",
    en="'{title}' is more than the fonds holds",
    mend_vi="Kiểm tra lại số đã số hóa và tổng số",
    mend_en="Check the number digitised and the total",
)


class Archives(
    Dataset,
    department="home_affairs",
    title="Số hóa tài liệu lưu trữ",
    key=["fonds_code", "unit_name"],
    load="full",
    period="quarter",
    due_day=15,
    owed_from="2026Q4",
    owner="Sở Nội vụ",
    legal_basis="Luật Lưu trữ 33/2024/QH15; Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per archive fonds and unit at the end of the quarter."""

    fonds_code: str = column(
        title="Mã phông",
        also="Phông số | Tên phông | Phông lưu trữ | Mã phông lưu trữ",
        description="Code or name of the fonds; opaque text.",
        classification="open",
        max_length=200,
    )
    unit_name: str = column(
        title="Cơ quan, đơn vị",
        also=headers.UNIT + " | Đơn vị lưu trữ | Cơ quan lưu trữ",
        description="Unit that keeps the fonds, as written.",
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
    files: int = column(
        title="Số hồ sơ",
        also="Tổng số hồ sơ | Số lượng hồ sơ",
        description="Files in the fonds.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    pages: int = column(
        title="Số trang",
        also="Tổng số trang | Số lượng trang | Số trang A4 | Số trang cần số hóa",
        description="Pages in the fonds.",
        classification="open",
        ge=0,
        summed=True,
    )
    shelf_metres: Decimal = column(
        title="Mét giá",
        also="Số mét giá | Số mét giá tài liệu | Mét giá tài liệu",
        description="Metres of shelf.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    files_digitised: int = column(
        title="Số hồ sơ đã số hóa",
        also="Hồ sơ đã số hóa",
        description="Files digitised so far.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    pages_digitised: int = column(
        title="Số trang đã số hóa",
        also="Đã số hóa | Trang đã số hóa",
        description="Pages digitised so far.",
        classification="open",
        ge=0,
        summed=True,
    )
    files_with_metadata: int = column(
        title="Số hồ sơ đủ siêu dữ liệu",
        also="Hồ sơ có đủ siêu dữ liệu | Hồ sơ có siêu dữ liệu | Hồ sơ đã biên mục",
        description="Files digitised with full metadata.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )
    as_of: datetime.date = column(
        title="Thời điểm",
        also="Tính đến ngày | Ngày chốt số liệu | Thời điểm chốt số liệu",
        description="Date at which the row was true, where the register says so.",
        classification="open",
        nullable=True,
    )

    @check(MORE_DIGITISED_THAN_THERE, "pages_digitised")
    def pages_digitised_are_pages(cls) -> pl.Expr:
        return pl.col("pages_digitised") <= pl.col("pages")

    @check(MORE_DIGITISED_THAN_THERE, "files_digitised")
    def files_digitised_are_files(cls) -> pl.Expr:
        return pl.col("files_digitised") <= pl.col("files")

    @check(MORE_DIGITISED_THAN_THERE, "files_with_metadata")
    def files_with_metadata_are_digitised(cls) -> pl.Expr:
        return pl.col("files_with_metadata") <= pl.col("files_digitised")
