"""direction/tasks: how far the tasks of the province's decisions on digital transformation have come."""

import datetime

import polars as pl

from schemas import Dataset, check, column, rule
from schemas.column_types import Choice

DONE_WITHOUT_EVIDENCE = rule(
    "tasks.done_without_evidence",
    "warning",
    "complete",
    vi="Nhiệm vụ đã hoàn thành nhưng chưa có «{title}»",
    en="The task is done but '{title}' is empty",
    mend_vi="Ghi sản phẩm hoặc văn bản kiểm chứng",
    mend_en="Name the product or document that proves it",
)


class Tasks(
    Dataset,
    department="direction",
    title="Nhiệm vụ chuyển đổi số",
    key=["decision_no", "task_no"],
    load="full",
    period="quarter",
    due_day=15,
    owed_from="2026Q4",
    owner="Văn phòng UBND tỉnh",
    legal_basis="Nghị quyết 57-NQ/TW; Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per task under a decision at the end of the quarter."""

    decision_no: str = column(
        title="Số quyết định",
        also="Văn bản giao | Số ký hiệu văn bản | Căn cứ | Quyết định",
        description="Number of the decision that gave the task.",
        classification="open",
        max_length=100,
    )
    task_no: str = column(
        title="Số nhiệm vụ",
        also="Mã nhiệm vụ",
        description="Number of the task within its decision; opaque text.",
        classification="open",
        max_length=60,
    )
    task_group: Choice = column(
        title="Nhóm nhiệm vụ",
        also="Nhóm | Lĩnh vực nhiệm vụ | Trụ cột",
        description="Group: general, digital government, digital economy or digital society.",
        classification="open",
        choices={
            "general": "Nhiệm vụ chung | Chung | Nhóm chung",
            "government": "Chính quyền số | Chính phủ số",
            "economy": "Kinh tế số",
            "society": "Xã hội số",
        },
    )
    title: str = column(
        title="Nội dung nhiệm vụ",
        also="Nhiệm vụ | Tên nhiệm vụ | Nội dung công việc",
        description="What is to be done, as written.",
        classification="open",
        nullable=True,
        max_length=2000,
    )
    lead_unit: str = column(
        title="Cơ quan chủ trì",
        also="Đơn vị chủ trì | Chủ trì",
        description="Unit that leads the task, as written.",
        classification="open",
        max_length=200,
    )
    support_units: str = column(
        title="Cơ quan phối hợp",
        also="Đơn vị phối hợp | Phối hợp",
        description="Units that support it, as written.",
        classification="open",
        nullable=True,
        max_length=1000,
    )
    due: datetime.date = column(
        title="Hạn hoàn thành",
        also="Thời hạn | Thời hạn hoàn thành | Thời gian hoàn thành",
        description="Date at which the task is due.",
        classification="open",
        nullable=True,
    )
    status: Choice = column(
        title="Tiến độ",
        also="Kết quả thực hiện | Tình trạng thực hiện | Đánh giá | Tình trạng | Trạng thái",
        description="Not started, in progress, done in substance or done.",
        classification="open",
        choices={
            "not_started": "Chưa thực hiện | Chưa triển khai",
            "in_progress": "Đang thực hiện | Đang triển khai",
            "done_in_substance": "Cơ bản hoàn thành | Hoàn thành cơ bản",
            "done": "Hoàn thành | Đã hoàn thành",
        },
    )
    updated: datetime.date = column(
        title="Ngày cập nhật",
        also="Thời điểm cập nhật | Cập nhật ngày | Tính đến ngày",
        description="Date of the status.",
        classification="open",
        nullable=True,
        past=True,
    )
    evidence: str = column(
        title="Tài liệu kiểm chứng",
        also="Minh chứng | Sản phẩm | Kết quả, sản phẩm",
        description="Document or product that proves the status, as written.",
        nullable=True,
        max_length=2000,
    )

    @check(DONE_WITHOUT_EVIDENCE, "evidence")
    def done_has_evidence(cls) -> pl.Expr:
        return (pl.col("status") != "done") | pl.col("evidence").is_not_null()
