"""population/residents: the residents of a commune at the end of the month, from the police's residence register."""

import datetime

import polars as pl

from schemas import Dataset, check, column, headers, rule
from schemas.column_types import Choice, CitizenId, CommuneCode, PartialDate, PersonName, Sex

DEATH_BEFORE_BIRTH = rule(
    "residents.death_before_birth",
    "error",
    "accurate",
    vi="«{title}» trước năm sinh",
    en="'{title}' lies before the birth year",
    mend_vi="Kiểm tra lại ngày sinh và ngày chết",
    mend_en="Check the date of birth and the date of death",
)
DECEASED_WITHOUT_DATE = rule(
    "residents.deceased_without_date",
    "warning",
    "complete",
    vi="Người đã chết nhưng chưa có «{title}»",
    en="The person is deceased but '{title}' is empty",
    mend_vi="Bổ sung ngày chết",
    mend_en="Add the date of death",
)


class Residents(
    Dataset,
    department="population",
    title="Dân cư",
    key=["citizen_id"],
    load="full",
    period="month",
    due_day=5,
    owed_from="2026-10",
    owner="Công an tỉnh",
    legal_basis="Luật Cư trú 68/2020/QH14; Nghị định 278/2025/NĐ-CP",
    retention_years=10,
):
    """One row per resident at the end of the month."""

    citizen_id: CitizenId = column(
        title="Số định danh cá nhân",
        also=headers.CITIZEN_ID,
        description="Citizen id of the resident.",
        classification="personal",
        warehouse="citizen_key",
        sex_column="sex",
        birth_column="date_of_birth",
    )
    full_name: PersonName = column(
        title="Họ và tên",
        also=headers.FULL_NAME,
        description="Full name of the resident.",
        classification="personal",
        max_length=200,
    )
    date_of_birth: PartialDate = column(
        title="Ngày sinh",
        also=headers.DATE_OF_BIRTH,
        description="Date of birth, to the day, the month or the year.",
        classification="personal",
        warehouse="birth_year",
        past=True,
    )
    sex: Sex = column(
        title="Giới tính",
        also=headers.SEX,
        description="Sex of the resident: male or female.",
        choices=headers.SEX_WORDS,
    )
    ethnicity: str = column(
        title="Dân tộc",
        also="DT | Thành phần dân tộc",
        description="Ethnic group; sensitive personal data (Decree 356/2025 art. 4).",
        classification="sensitive",
        nullable=True,
        max_length=50,
    )
    commune: CommuneCode = column(
        title="Xã/phường",
        also=headers.COMMUNE,
        description="Commune of residence.",
        classification="open",
    )
    village: str = column(
        title="Thôn/tổ dân phố",
        also="Thôn | Bản | Thôn/bản | Thôn, bản | Tổ dân phố | TDP | Thôn (bản, TDP) | Khu dân cư | Ấp | Khu phố | Xóm | Buôn",
        description="Village or residential group, as written.",
        nullable=True,
        max_length=100,
    )
    household_no: str = column(
        title="Mã hộ",
        also="Số hồ sơ cư trú | Số sổ hộ khẩu | Số hộ | Mã hộ gia đình",
        description="Household number, unique within the commune.",
        nullable=True,
        max_length=50,
    )
    relation_to_head: Choice = column(
        title="Quan hệ với chủ hộ",
        also="QH với chủ hộ | Mối quan hệ với chủ hộ | Quan hệ chủ hộ",
        description="Relation to the head of the household.",
        nullable=True,
        choices={
            "head": "Chủ hộ",
            "spouse": "Vợ | Chồng | Vợ/chồng",
            "child": "Con | Con đẻ | Con trai | Con gái | Con nuôi | Con dâu | Con rể",
            "parent": "Bố | Mẹ | Cha | Bố đẻ | Mẹ đẻ | Cha đẻ | Bố vợ | Mẹ vợ | Bố chồng | Mẹ chồng",
            "sibling": "Anh | Chị | Em | Anh trai | Chị gái | Em trai | Em gái | Anh ruột | Chị ruột | Em ruột",
            "grandchild": "Cháu | Cháu nội | Cháu ngoại | Cháu ruột",
            "grandparent": "Ông | Bà | Ông nội | Bà nội | Ông ngoại | Bà ngoại",
            "other": "Khác | Người ở nhờ | Người ở thuê | Người giúp việc | Cùng ở nhờ",
        },
    )
    residence_type: Choice = column(
        title="Tình trạng cư trú",
        also="Loại cư trú | Thường trú/Tạm trú | Diện cư trú",
        description="Permanent, temporary, temporarily absent or deceased; empty counts as permanent.",
        nullable=True,
        choices={
            "permanent": "Thường trú | TT",
            "temporary": "Tạm trú",
            "temporarily_absent": "Tạm vắng",
            "deceased": "Đã chết | Chết | Đã mất | Mất | Từ trần",
        },
    )
    death_date: PartialDate = column(
        title="Ngày chết",
        also="Ngày mất | Ngày, tháng, năm chết | Ngày, tháng, năm chết hoặc mất tích",
        description="Date of death.",
        classification="personal",
        nullable=True,
        warehouse="death_year",
        past=True,
    )
    as_of: datetime.date = column(
        title="Thời điểm",
        also="Tính đến ngày | Ngày chốt số liệu | Thời điểm chốt số liệu",
        description="Date at which the row was true, where the register says so.",
        classification="open",
        nullable=True,
    )

    @check(DEATH_BEFORE_BIRTH, "death_date")
    def death_not_before_birth(cls) -> pl.Expr:
        return pl.col("death_date").str.slice(0, 4) >= pl.col("date_of_birth").str.slice(0, 4)

    @check(DECEASED_WITHOUT_DATE, "death_date")
    def deceased_has_a_date(cls) -> pl.Expr:
        return (pl.col("residence_type") != "deceased") | pl.col("death_date").is_not_null()
