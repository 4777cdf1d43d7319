"""The files about offices: nine datasets with a file each, and the archives' two quarters before.

Belongs here: which file holds what, under which name and layout. Does not belong here: what the offices know
(``offices.py``).
"""

from __future__ import annotations

import datetime
from random import Random

from orchestration.demo import offices
from orchestration.demo.drafts import Draft, quarter_label
from orchestration.demo.mistakes import plant
from orchestration.demo.office_mistakes import office_mistakes
from orchestration.demo.province import Province
from orchestration.demo.records import Record, quarter_before
from orchestration.demo.sheets import Form, Heading
from schemas import dataset


def office_drafts(province: Province, rows: int, seed: int, today: datetime.date) -> list[Draft]:
    """The files that were due last before ``today``."""
    quarter, month, year = quarter_before(today), province.month_end, today.year - 1
    quarters = [quarter_before(quarter_before(quarter)), quarter_before(quarter)]
    made = [
        *(
            Draft(
                "home_affairs/archives",
                f"Số hóa lưu trữ {quarter_label(end)}.csv",
                quarter_label(end),
                offices.archive_records(province, end, seed),
                _headings("home_affairs/archives"),
            )
            for end in quarters
        ),
        _form("home_affairs/staffing", "Danh sách CBCC", quarter, offices.staffing_records(province, seed)),
        _form("home_affairs/archives", "Số hóa lưu trữ", quarter, offices.archive_records(province, quarter, seed)),
        _form("connectivity/communes", "Hạ tầng số cấp xã", quarter, offices.network_records(province, seed)),
        _form("connectivity/villages", "Phủ sóng thôn bản", quarter, offices.village_records(province, seed)),
        _form("direction/tasks", "Tiến độ nhiệm vụ", quarter, offices.task_records(quarter, seed)),
    ]
    tables = {
        "public_service/dossiers": (f"{month:%Y-%m}", offices.dossier_records(province, max(rows // 20, 100), seed)),
        "direction/documents": (f"{month:%Y-%m}", offices.document_records(province, seed)),
        "direction/dti_scores": (f"{year}", offices.score_records(year, seed)),
        "finance/digital_spending": (f"{year}", offices.spending_records(year, seed)),
    }
    for path, (period, records) in tables.items():
        name = f"{dataset(path).title} {period}.csv"
        made.append(Draft(path, name, period, records, _headings(path)))
    for draft in made[len(quarters) :]:
        plant(draft.records, office_mistakes(draft.dataset), None, Random(f"{draft.dataset} mistakes {seed}"))
    return made


def _headings(path: str) -> list[Heading]:
    return [Heading(column.title, column.name, width=20) for column in dataset(path).columns.values()]


def _form(path: str, sheet: str, end: datetime.date, records: list[Record]) -> Draft:
    """A workbook with letterhead, a title that names the quarter, numbered rows and a signature."""
    declaration = dataset(path)
    quarter = f"{('I', 'II', 'III', 'IV')[end.month // 3 - 1]}/{end.year}"
    form = Form(
        sheet=sheet,
        office=("UBND TỈNH LÀO CAI", declaration.owner.upper()),
        title=(declaration.title.upper(), f"Quý {quarter}"),
        headings=(Heading("STT", width=6), *_headings(path)),
        signature=("NGƯỜI LẬP BIỂU", "(Ký, ghi rõ họ tên)"),
    )
    return Draft(path, f"{declaration.title}.xlsx", quarter_label(end), records, form)
