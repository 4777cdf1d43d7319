"""direction/dti_scores: the scores of the digital transformation index (DTI), by indicator, year and edition."""

from decimal import Decimal

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice

MORE_THAN_MAXIMUM = rule(
    "dti_scores.more_than_maximum",
    "error",
    "accurate",
    vi="«{title}» lớn hơn điểm tối đa của chỉ số",
    en="'{title}' is more than the indicator's maximum",
    mend_vi="Kiểm tra lại điểm và điểm tối đa",
    mend_en="Check the score and the maximum",
)


class DtiScores(
    Dataset,
    department="direction",
    title="Chỉ số chuyển đổi số (DTI)",
    key=["unit_name", "year", "edition", "indicator_code"],
    load="full",
    period="year",
    due_day=60,
    owed_from="2026",
    owner="Sở Khoa học và Công nghệ",
    legal_basis="Quyết định 922/QĐ-BTTTT; Quyết định 405/QĐ-BKHCN",
    retention_years=10,
):
    """One row per unit, indicator, year and edition of the index."""

    unit_name: str = column(
        title="Cơ quan, đơn vị",
        also=headers.UNIT,
        description="Unit that is scored, as written; empty for the province.",
        classification="open",
        nullable=True,
        max_length=200,
    )
    year: int = column(
        title="Năm",
        also="Năm đánh giá",
        description="Year that is scored.",
        classification="open",
        ge=2015,
        le=2100,
    )
    edition: Choice = column(
        title="Phiên bản bộ chỉ số",
        also="Bộ chỉ số | Phiên bản | Quyết định ban hành bộ chỉ số",
        description="Edition of the index: 2022 (9 main and 98 component indicators) or 2025 (8 and 47); never mixed.",
        classification="open",
        choices={
            "2022": "2022 | 922/QĐ-BTTTT | Quyết định 922/QĐ-BTTTT | QĐ 922",
            "2025": "2025 | 405/QĐ-BKHCN | Quyết định 405/QĐ-BKHCN | QĐ 405",
        },
    )
    indicator_code: str = column(
        title="Mã chỉ số",
        also="STT chỉ số | Ký hiệu | Ký hiệu chỉ số",
        description="Code of the indicator within its edition: 1 a main indicator, 1.1 a component.",
        classification="open",
        max_length=20,
    )
    indicator: str = column(
        title="Tên chỉ số",
        also="Chỉ số | Chỉ số/Chỉ số thành phần | Tiêu chí",
        description="Name of the indicator.",
        classification="open",
        nullable=True,
        max_length=500,
    )
    max_score: Decimal = column(
        title="Điểm tối đa",
        also="Thang điểm",
        description="Most that can be scored.",
        classification="open",
        gt=0,
        le=1000,
    )
    score: Decimal = column(
        title="Điểm đạt được",
        also="Điểm thẩm định | Điểm đánh giá | Điểm",
        description="What was scored, as assessed.",
        classification="open",
        ge=0,
        le=1000,
    )

    @check(MORE_THAN_MAXIMUM, "score")
    def score_is_within_the_maximum(cls) -> pl.Expr:
        return pl.col("score") <= pl.col("max_score")
