"""direction/documents: how many documents each unit issued in the month, and how."""

import polars as pl

from schemas import Dataset, check, column, headers, rule

MORE_THAN_ISSUED = rule(
    "documents.more_than_issued",
    "error",
    "accurate",
    vi="«{title}» lớn hơn số văn bản phát hành",
    en="'{title}' is more than the documents issued",
    mend_vi="Kiểm tra lại số văn bản",
    mend_en="Check the numbers of documents",
)


class Documents(
    Dataset,
    department="direction",
    title="Văn bản điện tử",
    key=["unit_name"],
    load="full",
    period="month",
    due_day=10,
    owed_from="2026-10",
    owner="Văn phòng UBND tỉnh",
    legal_basis="Nghị định 30/2020/NĐ-CP; Nghị định 278/2025/NĐ-CP",
    retention_years=5,
):
    """One row per unit and month."""

    unit_name: str = column(
        title="Cơ quan, đơn vị",
        also=headers.UNIT,
        description="Unit that issued the documents, as written.",
        classification="open",
        max_length=200,
    )
    issued: int = column(
        title="Số văn bản phát hành",
        also="Tổng số văn bản | Văn bản đi | Số văn bản đi | Tổng số văn bản đi",
        description="Documents issued in the month.",
        classification="open",
        ge=0,
        summed=True,
    )
    electronic: int = column(
        title="Số văn bản điện tử",
        also="Văn bản điện tử | Văn bản gửi điện tử",
        description="Of these, sent electronically.",
        classification="open",
        ge=0,
        summed=True,
    )
    digitally_signed: int = column(
        title="Số văn bản ký số",
        also="Văn bản ký số | Văn bản được ký số",
        description="Of these, digitally signed.",
        classification="open",
        ge=0,
        summed=True,
    )
    exchanged_between_levels: int = column(
        title="Số văn bản trao đổi giữa các cấp",
        also="Văn bản liên thông | Văn bản trao đổi qua trục liên thông | Lượt trao đổi văn bản giữa các cấp",
        description="Exchanges of documents between levels of government; one document may be exchanged often.",
        classification="open",
        nullable=True,
        ge=0,
        summed=True,
    )

    @check(MORE_THAN_ISSUED, "electronic")
    def electronic_ones_were_issued(cls) -> pl.Expr:
        return pl.col("electronic") <= pl.col("issued")

    @check(MORE_THAN_ISSUED, "digitally_signed")
    def signed_ones_were_issued(cls) -> pl.Expr:
        return pl.col("digitally_signed") <= pl.col("issued")
