"""training/completions: who took and completed which digital-skills course, from the learning platforms."""

import datetime
from decimal import Decimal

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice, CitizenId, CommuneCode, PartialDate, PersonName, Sex

COMPLETED_BEFORE_ENROLLED = rule(
    "completions.completed_before_enrolled",
    "error",
    "accurate",
    vi="«{title}» trước ngày bắt đầu học",
    en="'{title}' lies before the enrolment",
    mend_vi="Kiểm tra lại ngày bắt đầu và ngày hoàn thành",
    mend_en="Check both dates",
)


class Completions(
    Dataset,
    department="training",
    title="Kết quả học kỹ năng số",
    key=["citizen_id", "course_name"],
    load="upsert",
    period="month",
    due_day=10,
    owed_from="2026-10",
    owner="Sở Khoa học và Công nghệ",
    legal_basis="Quyết định 757/QĐ-BKHCN; Nghị định 278/2025/NĐ-CP",
    retention_years=5,
):
    """One row per person and course."""

    citizen_id: CitizenId = column(
        title="Số định danh cá nhân",
        also=headers.CITIZEN_ID,
        description="Citizen id of the learner.",
        classification="personal",
        warehouse="citizen_key",
        sex_column="sex",
        birth_column="date_of_birth",
    )
    full_name: PersonName = column(
        title="Họ và tên",
        also=headers.FULL_NAME + " | Họ và tên học viên | Học viên",
        description="Full name of the learner.",
        classification="personal",
        max_length=200,
    )
    date_of_birth: PartialDate = column(
        title="Ngày sinh",
        also=headers.DATE_OF_BIRTH,
        description="Date of birth, to the day, the month or the year.",
        classification="personal",
        nullable=True,
        warehouse="birth_year",
        past=True,
    )
    sex: Sex = column(
        title="Giới tính",
        also=headers.SEX,
        description="Sex of the learner: male or female.",
        nullable=True,
        choices=headers.SEX_WORDS,
    )
    person_group: Choice = column(
        title="Nhóm đối tượng",
        also="Đối tượng | Đối tượng học viên | CBCCVC/Người dân",
        description="Target group of Decision 757/QĐ-BKHCN, or member of a community digital team (tổ công nghệ số cộng đồng).",
        nullable=True,
        choices={
            "student": "Học sinh | Sinh viên | Học sinh, sinh viên | HS | SV | HSSV",
            "citizen": "Người dân | Công dân | Nhân dân | Dân",
            "official": "Cán bộ, công chức, viên chức | Cán bộ | Công chức | Viên chức | CBCCVC | CB | CC | VC | CCVC | CBCC | Cán bộ, công chức, viên chức và người lao động | Người lao động trong cơ quan",
            "digital_team": "Tổ công nghệ số cộng đồng | Thành viên tổ công nghệ số cộng đồng | Tổ CNSCĐ | Thành viên tổ CNSCĐ",
            "enterprise_worker": "Người lao động doanh nghiệp | Người lao động trong doanh nghiệp | Doanh nghiệp | NLĐ | Người lao động",
        },
    )
    work_unit: str = column(
        title="Đơn vị công tác",
        also="Cơ quan, đơn vị | Nơi công tác | Cơ quan công tác | Cơ quan",
        description="Work unit of the learner, as written.",
        nullable=True,
        max_length=200,
    )
    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE,
        description="Commune of the learner.",
        classification="open",
        nullable=True,
    )
    course_code: str = column(
        title="Mã khóa học",
        also="Mã lớp",
        description="Code of the course; opaque text.",
        classification="open",
        nullable=True,
        max_length=60,
    )
    course_name: str = column(
        title="Tên khóa học",
        also="Khóa học | Tên lớp | Lớp bồi dưỡng | Nội dung bồi dưỡng | Chương trình đào tạo | Tên khóa đào tạo | Chuyên đề | Nội dung tập huấn",
        description="Name of the course.",
        classification="open",
        max_length=300,
    )
    platform: Choice = column(
        title="Nền tảng",
        also="Nền tảng học | Hệ thống (OneTouch/MOOCs/BDHVS) | Hình thức học (nền tảng)",
        description="Learning platform.",
        classification="open",
        nullable=True,
        choices={
            "onetouch": "OneTouch | One Touch | Nền tảng OneTouch",
            "digital_literacy": "Bình dân học vụ số | BDHVS | Binh dan hoc vu so",
            "mooc": "MOOC | MOOCs | Nền tảng MOOC | Nền tảng MOOCs",
            "classroom": "Trực tiếp | Lớp trực tiếp",
        },
    )
    enrolled: datetime.date = column(
        title="Ngày bắt đầu",
        also="Thời gian bắt đầu | Từ ngày | Ngày đăng ký",
        description="Date of enrolment.",
        nullable=True,
        past=True,
    )
    completed: datetime.date = column(
        title="Ngày hoàn thành",
        also="Thời gian hoàn thành | Ngày kết thúc | Đến ngày",
        description="Date of completion.",
        nullable=True,
        past=True,
    )
    result: Choice = column(
        title="Kết quả",
        also="Xếp loại | Kết quả học tập | Hoàn thành | Đạt/Không đạt | Tình trạng | Trạng thái",
        description="Completed, not completed or in progress; empty counts as completed where a date of completion stands.",
        nullable=True,
        choices={
            "completed": "Hoàn thành | Đã hoàn thành | Đạt | Giỏi | Khá | Trung bình | Xuất sắc | Đạt yêu cầu | Có",
            "not_completed": "Không hoàn thành | Chưa hoàn thành | Không đạt | Chưa đạt | Không",
            "in_progress": "Đang học | Đang thực hiện",
        },
    )
    score: Decimal = column(
        title="Điểm",
        also="Điểm thi | Điểm số | Tỷ lệ hoàn thành (%)",
        description="Score, on the platform's scale of 0 to 100.",
        nullable=True,
        ge=0,
        le=100,
    )

    @check(COMPLETED_BEFORE_ENROLLED, "completed")
    def completed_not_before_enrolled(cls) -> pl.Expr:
        return pl.col("completed") >= pl.col("enrolled")
