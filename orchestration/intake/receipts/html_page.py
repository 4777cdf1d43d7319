"""The receipt as one HTML page to be printed: verdict, counts, steps, reasons, facts of the file.

Belongs here: filling the page. Does not belong here: its layout (``receipt.html.j2``), the sentences (``sentences``).
The page asks nothing of the network and runs nothing; whatever stands in a file reaches it as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.intake.receipts.course import course_sections
from orchestration.intake.receipts.page import example_place
from orchestration.intake.receipts.sentences import count_labels, verdict
from orchestration.intake.receipts.styles import VERDICT_TONES
from orchestration.intake.receipts.summary import Summary, vietnam_time
from orchestration.intake.wording import Words, count_vi
from orchestration.spreadsheet import FONT, GREY, HEADING, INK, RULE, TONES

_TEMPLATE = Path(__file__).with_name("receipt.html.j2")


def write_page(summary: Summary, steps: Sequence[Words], workbook: str, path: Path) -> None:
    """Write the page to ``path``; ``steps`` are those of the receipt's workbook, whose name is ``workbook``."""
    text = _template().render(
        summary=summary,
        facts=_facts(summary),
        verdict=verdict(summary),
        tone=TONES[VERDICT_TONES[summary.submission.verdict]],
        tones=TONES,
        look={"font": FONT, "ink": INK, "grey": GREY, "rule": RULE, "heading": HEADING},
        counts=[(words, count_vi(number)) for words, number in count_labels(summary)],
        steps=steps,
        course=course_sections(summary.declaration, summary.submission, summary.course),
        workbook=workbook,
        place=example_place,
        number=count_vi,
    )
    path.write_text(_printable(text), encoding="utf-8", newline="\n")


@cache
def _template() -> Any:
    """Compiled once in a process: that takes longer than to fill a page."""
    import jinja2  # a tenth of a second, which only a receipt needs

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _facts(summary: Summary) -> list[tuple[Words, str]]:
    facts: list[tuple[Words, Any]] = [
        (Words("Tên tệp", "File"), summary.submission.file_name),
        (Words("Bộ dữ liệu", "Dataset"), f"{summary.declaration.title} · {summary.declaration.path}"),
        (Words("Đơn vị", "Unit"), summary.unit.vi),
        (Words("Kỳ báo cáo", "Period"), summary.period.vi),
        (Words("Nhận lúc", "Received"), vietnam_time(summary.submission.received_at).vi),
    ]
    if summary.replaced is not None:
        facts.append((Words("Thay thế", "Replaces"), f"lần gửi lúc {vietnam_time(summary.replaced.received_at).vi}"))
    return [*facts, (Words("Mã biên nhận", "Receipt no."), summary.submission.submission_id)]


def _printable(text: str) -> str:
    """Without lone surrogates (of a file's name) and control characters, which no page can hold."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return "\n".join(line if line.isprintable() else _printable_line(line) for line in clean.split("\n"))


def _printable_line(line: str) -> str:
    return "".join(each for each in line if each.isprintable() or each.isspace())
