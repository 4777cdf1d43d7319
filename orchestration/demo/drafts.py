"""The files about persons, land and courses: which holds what, under which name and layout.

Belongs here: a file before it is written, for the departments of population, land and training. Does not belong here:
the files about offices (``office_drafts.py``), people, land and courses themselves (``province.py``, ``parcels.py``,
``learning.py``), writing (``files.py``).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from orchestration.demo import mistakes, records
from orchestration.demo.learning import REPORTING_WARD, build_learning
from orchestration.demo.mistakes import Repeats, plant
from orchestration.demo.parcels import build_parcels
from orchestration.demo.province import Province, month_before
from orchestration.demo.records import Record
from orchestration.demo.sheets import Form, Heading

RESIDENTS, PARCELS, COMPLETIONS = "population/residents", "land/parcels", "training/completions"


@dataclass(frozen=True)
class Draft:
    """A file before it is written."""

    dataset: str
    file_name: str
    period: str
    records: list[Record]
    layout: Form | Sequence[Heading]
    unit: str = ""
    delimiter: str = ";"
    mark: bool = True


RESIDENT_HEADINGS = (
    Heading("Số CCCD", "citizen_id"),
    Heading("Họ, chữ đệm và tên", "full_name"),
    Heading("Ngày, tháng, năm sinh", "date_of_birth"),
    Heading("Giới tính", "sex"),
    Heading("Dân tộc", "ethnicity"),
    Heading("Xã/phường", "commune"),
    Heading("Thôn, bản", "village"),
    Heading("Số hồ sơ cư trú", "household_no"),
    Heading("Quan hệ với chủ hộ", "relation_to_head"),
    Heading("Tình trạng cư trú", "residence_type"),
    Heading("Ngày mất", "death_date"),
    Heading("Thời điểm", "as_of"),
)
PARCEL_HEADINGS = (
    Heading("STT", width=6),
    Heading("Mã định danh thửa đất", "parcel_id", width=18),
    Heading("Tên Xã cũ", "old_commune", "Thửa đất", 20),
    Heading("Số tờ bản đồ", "map_sheet", "Thửa đất", 8),
    Heading("Số thửa", "parcel_no", "Thửa đất", 8),
    Heading("Xã/phường", "commune", "Thửa đất", 20),
    Heading("Diện tích (m²)", "area_m2", "Thửa đất"),
    Heading("Loại đất", "land_type", "Thửa đất", 10),
    Heading("Thời hạn sử dụng", "use_term", width=20),
    Heading("Số phát hành", "certificate_no", "Giấy chứng nhận"),
    Heading("Ngày cấp GCN", "certificate_date", "Giấy chứng nhận"),
    Heading("Họ và tên", "owner_name", "Chủ sử dụng", 28),
    Heading("Số định danh cá nhân", "owner_citizen_id", "Chủ sử dụng", 16),
    Heading("Mã số thuế", "owner_tax_code", "Chủ sử dụng"),
    Heading("Vai trò", "owner_role", "Chủ sử dụng"),
    Heading("Ghi chú"),
)
COMPLETION_HEADINGS = (
    Heading("STT", width=6),
    Heading("Họ và tên học viên", "full_name", width=28),
    Heading("Số CCCD", "citizen_id", width=16),
    Heading("Ngày sinh", "date_of_birth"),
    Heading("Giới tính", "sex", width=10),
    Heading("Đối tượng", "person_group", width=26),
    Heading("Đơn vị công tác", "work_unit", width=34),
    Heading("Xã/phường", "commune", width=20),
    Heading("Mã lớp", "course_code", width=10),
    Heading("Khóa học", "course_name", width=40),
    Heading("Nền tảng", "platform", width=18),
    Heading("Từ ngày", "enrolled"),
    Heading("Ngày hoàn thành", "completed"),
    Heading("Kết quả", "result"),
    Heading("Điểm", "score", width=8),
    Heading("Ghi chú"),
)


def resident_drafts(province: Province, seed: int, today: datetime.date) -> list[Draft]:
    """The register of the last two months as semicolon CSV: commune codes in one, names in the other."""
    latest_end = province.month_end
    earlier_end = month_before(latest_end)[1]
    made = []
    for end, latest in ((earlier_end, False), (latest_end, True)):
        people = records.resident_records(
            province.persons, month_end=end, latest=latest, commune_as="name" if latest else "code", seed=seed
        )
        if latest:
            repeats = Repeats(3, "village", lambda record: record.values["village"] + " (mới)")
            people = plant(people, mistakes.resident_mistakes(today), repeats, Random(f"resident mistakes {seed}"))
        name = f"Dân cư toàn tỉnh {end:%Y-%m}.csv"
        made.append(Draft(RESIDENTS, name, f"{end:%Y-%m}", people, RESIDENT_HEADINGS))
    return made


def parcel_drafts(province: Province, seeds: Path, rows: int, seed: int, today: datetime.date) -> list[Draft]:
    """The land registry: a CSV export of the quarter before, the printed form of the last quarter as a workbook."""
    end = records.quarter_before(today)
    earlier = records.quarter_before(end)
    parcels = build_parcels(province, seeds, rows=rows * 3 // 10, seed=seed, quarter_end=end)
    before = records.parcel_records(parcels, before_quarter=True, typed=False, seed=seed)
    now = records.parcel_records(parcels, before_quarter=False, typed=True, seed=seed)
    repeats = Repeats(2, "area_m2", lambda record: record.values["area_m2"] + 10)
    now = plant(now, mistakes.parcel_mistakes(today), repeats, Random(f"parcel mistakes {seed}"))
    quarter = f"{'I' * (end.month // 3) if end.month < 12 else 'IV'}/{end.year}"
    form = Form(
        sheet="Biểu 01",
        office=("UBND TỈNH LÀO CAI", "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG", "Số: 128/BC-SNNMT"),
        title=("BIỂU TỔNG HỢP THỬA ĐẤT VÀ CHỦ SỬ DỤNG ĐẤT", f"Quý {quarter}"),
        headings=PARCEL_HEADINGS,
        numbered=True,
        total_of="area_m2",
        notes=("Ghi chú: số liệu trích từ hồ sơ địa chính đang vận hành.",),
        signature=("NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)"),
        sections=(("00000", "Khu vực Lào Cai trước hợp nhất"), ("04000", "Khu vực Yên Bái trước hợp nhất")),
    )
    plain = [each for each in PARCEL_HEADINGS if each.name]
    return [
        Draft(PARCELS, f"Thửa đất {quarter_label(earlier)}.csv", quarter_label(earlier), before, plain),
        Draft(PARCELS, "Biểu tổng hợp thửa đất.xlsx", quarter_label(end), now, form),
    ]


def quarter_label(end: datetime.date) -> str:
    """Such as 2026Q3."""
    return f"{end.year}Q{end.month // 3}"


def learning_drafts(province: Province, rows: int, seed: int, today: datetime.date) -> list[Draft]:
    """A platform's export, the department's workbook with ids as numbers, and the report of one ward."""
    learning = build_learning(province, rows=rows * 4 // 10, seed=seed)
    end = province.month_end
    earlier = month_before(end)[1]
    export = records.learning_records(learning.earlier, ids_as_numbers=False)
    export = plant(export, mistakes.export_mistakes(), None, Random(f"export mistakes {seed}"))
    latest = records.learning_records(learning.latest, ids_as_numbers=True)
    repeats = Repeats(
        2, "score", lambda record: record.values["score"] / 2, lambda record: record.values["score"] is not None
    )
    latest = plant(latest, mistakes.learning_mistakes(today), repeats, Random(f"learning mistakes {seed}"))
    of_ward = records.learning_records(learning.of_ward, ids_as_numbers=False)
    ward = next(commune for commune in province.communes if commune.code == REPORTING_WARD)
    form = Form("Kết quả", (), (), COMPLETION_HEADINGS)
    ward_form = Form(
        sheet="Danh sách",
        office=("UBND " + ward.name.upper(), "TỔ CÔNG NGHỆ SỐ CỘNG ĐỒNG"),
        title=("DANH SÁCH NGƯỜI HỌC KỸ NĂNG SỐ", f"Tháng {end.month} năm {end.year}"),
        headings=COMPLETION_HEADINGS,
        notes=("Nguồn: danh sách điểm danh các buổi hướng dẫn.",),
        signature=("TM. UBND PHƯỜNG", "CHỦ TỊCH"),
    )
    plain = [each for each in COMPLETION_HEADINGS if each.name]
    period = f"{end:%Y-%m}"
    return [
        Draft(
            COMPLETIONS,
            f"Học trên OneTouch {earlier:%Y-%m}.csv",
            f"{earlier:%Y-%m}",
            export,
            plain,
            delimiter=",",
            mark=False,
        ),
        Draft(COMPLETIONS, f"Kết quả học kỹ năng số {period}.xlsx", period, latest, form),
        Draft(COMPLETIONS, f"{ward.name} - tổ công nghệ số.xlsx", period, of_ward, ward_form, unit=ward.code),
    ]
