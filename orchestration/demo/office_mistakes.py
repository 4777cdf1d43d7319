"""The mistakes that the demo plants in the tables that offices keep about themselves, each in a row of its own.

Belongs here: what goes wrong and which rule says so. Does not belong here: how a row is spoiled (``mistakes.py``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from orchestration.demo.mistakes import Mistake, change, has, write
from orchestration.demo.records import Record
from schemas import rules
from schemas.direction.documents import MORE_THAN_ISSUED
from schemas.direction.dti_scores import MORE_THAN_MAXIMUM
from schemas.direction.tasks import DONE_WITHOUT_EVIDENCE
from schemas.finance.digital_spending import MORE_THAN_PLANNED
from schemas.home_affairs.archives import MORE_DIGITISED_THAN_THERE
from schemas.home_affairs.staffing import LEFT_BEFORE_START
from schemas.public_service.dossiers import BEFORE_RECEIVED, STATUS_AGAINST_DATES


def office_mistakes(path: str) -> list[Mistake]:
    """What goes wrong in the tables that offices keep about themselves, by dataset."""
    received = "received_at"

    def days_after(column: str, days: int) -> Callable[[Record], datetime.date]:
        return lambda record: record.values[column] + datetime.timedelta(days=days)

    def more_than(column: str) -> Callable[[Record], object]:
        return lambda record: record.values[column] + 1

    return {
        "home_affairs/staffing": [
            change("to_date", LEFT_BEFORE_START, to_date=days_after("from_date", -30)),
            write("trained_in_it", rules.BOOLEAN_FORMAT, "Đang học"),
            write("commune", rules.COMMUNE_UNKNOWN, "Xã Tả Giàng Phình", fits=has("commune")),
        ],
        "home_affairs/archives": [
            change("pages_digitised", MORE_DIGITISED_THAN_THERE, pages_digitised=more_than("pages")),
            write("pages", rules.REQUIRED, None),
        ],
        "public_service/dossiers": [
            change("finished_at", BEFORE_RECEIVED, finished_at=days_after(received, -1), fits=has("finished_at")),
            change("status", STATUS_AGAINST_DATES, status="in_progress", fits=has("finished_at")),
            write("channel", rules.CHOICE_UNKNOWN, "Fax"),
        ],
        "connectivity/communes": [write("scanners", rules.OUT_OF_RANGE, -1)],
        "connectivity/villages": [write("mobile_coverage", rules.CHOICE_UNKNOWN, "6G")],
        "direction/tasks": [
            change("evidence", DONE_WITHOUT_EVIDENCE, evidence=None, status="done"),
        ],
        "direction/dti_scores": [change("score", MORE_THAN_MAXIMUM, score=more_than("max_score"))],
        "direction/documents": [change("digitally_signed", MORE_THAN_ISSUED, digitally_signed=more_than("issued"))],
        "finance/digital_spending": [
            change("disbursed_vnd", MORE_THAN_PLANNED, disbursed_vnd=more_than("planned_vnd"))
        ],
    }[path]
