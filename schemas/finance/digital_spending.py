"""finance/digital_spending: what units planned and spent on digital transformation, by year and source of funds."""

from decimal import Decimal

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice

MORE_THAN_PLANNED = rule(
    "digital_spending.more_than_planned",
    "warning",
    "accurate",
    vi="«{title}» lớn hơn vốn kế hoạch",
    en="'{title}' is more than was planned",
    mend_vi="Kiểm tra lại đơn vị tính (đồng) và số vốn",
    mend_en="Check the unit (dong) and the amounts",
)


class DigitalSpending(
    Dataset,
    department="finance",
    title="Kinh phí chuyển đổi số",
    key=["unit_name", "year", "fund_source"],
    load="full",
    period="year",
    due_day=60,
    owed_from="2026",
    owner="Sở Tài chính",
    legal_basis="Luật Ngân sách nhà nước 89/2025/QH15; Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per unit, year and source of funds."""

    unit_name: str = column(
        title="Cơ quan, đơn vị",
        also=headers.UNIT,
        description="Unit that spends, as written.",
        classification="open",
        max_length=200,
    )
    year: int = column(
        title="Năm",
        also="Năm ngân sách | Năm kế hoạch",
        description="Budget year.",
        classification="open",
        ge=2015,
        le=2100,
    )
    fund_source: Choice = column(
        title="Nguồn vốn",
        also="Nguồn kinh phí | Nguồn",
        description="Source of funds.",
        classification="open",
        choices={
            "local_budget": "Ngân sách địa phương | NSĐP | Ngân sách tỉnh | Ngân sách xã",
            "central_budget": "Ngân sách trung ương | NSTW",
            "development_aid": "ODA | Vốn ODA | Vốn vay",
            "enterprise": "Doanh nghiệp | Xã hội hóa | Vốn doanh nghiệp",
            "other": "Khác | Nguồn khác",
        },
    )
    planned_vnd: Decimal = column(
        title="Vốn kế hoạch (đồng)",
        also="Kế hoạch vốn | Dự toán | Kinh phí được giao | Dự toán được giao (đồng)",
        description="Planned amount in dong.",
        classification="open",
        ge=0,
        summed=True,
    )
    disbursed_vnd: Decimal = column(
        title="Đã giải ngân (đồng)",
        also="Giải ngân | Đã giải ngân | Kinh phí đã thực hiện | Đã thực hiện (đồng)",
        description="Amount spent in dong.",
        classification="open",
        ge=0,
        summed=True,
    )

    @check(MORE_THAN_PLANNED, "disbursed_vnd")
    def spent_within_the_plan(cls) -> pl.Expr:
        return pl.col("disbursed_vnd") <= pl.col("planned_vnd")
