"""The receipt's workbook as a copy of the officer's own, with its bad cells marked.

Belongs here: what is to be marked, and the child process that does it (``marking_child``): the original may be
hostile, and openpyxl is a reader like any other. Does not belong here: the workbook of returned rows that takes its
place where there is no copy (``workbook``).

The job of the child, as JSON: ``source``, ``kind`` (xlsx; calamine: other workbooks; rows: text), ``target``,
``created``, ``front`` and ``front_dropped`` (workbooks with our sheets, the first of which goes in front; the second
where the original has what is not carried over; ``dropped`` names it, by the mark that it is put in place of),
``stamp``, ``tones``, ``words``, ``texts`` (of comments), ``sheets``: name, header rows, marks (row, position, tone,
index of the text), reasons (row, tone, text).
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.intake.original import UnreadableError, archived_original, text_sheets
from orchestration.intake.receipts.evidence import Evidence, Finding
from orchestration.intake.receipts.page import TEXT_SHEET
from orchestration.intake.receipts.remarks import Remarks, tone
from orchestration.intake.receipts.summary import Summary, cell_name
from orchestration.intake.vietnamese.legacy_fonts import TABLES
from orchestration.intake.wording import ERRORS, SEVERITIES, Words
from orchestration.settings import Settings
from orchestration.spreadsheet import (
    FONT,
    FONT_SIZE,
    RULE,
    STAMP_SHEET,
    TONES,
    comment_text,
    plain_text,
    stamp_cells,
)

log = logging.getLogger("kho.intake")

_CHILD = Path(__file__).with_name("marking_child")
#: Comments of a workbook at most: Excel takes seconds to open one with many. The other marks say why in their row.
MOST_COMMENTS = 5_000
#: Bytes of XML that are not worth opening: openpyxl takes a second for one megabyte and a half.
MOST_SHEET_BYTES = 150 << 20
#: Tones in which cells are marked.
_MARKS = ("error", "warning")
#: Title of the sheet that is made from a text file.
TEXT_TITLE = "Số liệu"
#: Kinds of files that calamine reads and openpyxl does not.
_OTHER_WORKBOOKS = ("xls", "xlsb", "ods")
_LONGEST_TITLE = 31
_NO_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
#: In the front sheet, where the child names what is not carried over.
DROPPED = Words("{không chép sang}", "{not carried over}")
_DROPPED = {
    "picture": Words("hình ảnh", "pictures"),
    "chart": Words("biểu đồ", "charts"),
    "shape": Words("hình vẽ, hộp chữ, nút bấm", "shapes and controls"),
    "macro": Words("macro", "macros"),
    "format": Words("định dạng có điều kiện kiểu mới", "newer conditional formats"),
    "sparkline": Words("biểu đồ trong ô", "sparklines"),
    "protection": Words("khóa bảo vệ trang", "the protection of sheets"),
    "look": Words("định dạng, công thức (chỉ chép giá trị)", "formats and formulas (values only)"),
}


@dataclass
class Plan:
    """What is to be marked in one sheet."""

    name: str
    title: str
    header: Sequence[int]
    marks: list[tuple[int, int, str, int]] = field(default_factory=list)
    reasons: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass
class Marking:
    """What is to be marked in the copy of an original."""

    original: Path
    kind: str
    plans: dict[str, Plan]
    texts: list[str]

    @property
    def sheets(self) -> list[str]:
        """Titles of the sheets in which something is marked."""
        return [plan.title for plan in self.plans.values() if plan.marks]

    @property
    def marked_cells(self) -> int:
        """How many cells are marked."""
        return sum(len({mark[:2] for mark in plan.marks}) for plan in self.plans.values())

    def link(self, sheet: str, row: int, position: int) -> str:
        """Link to a bad cell, or to the whole row."""
        place = cell_name(row, position) or f"{row}:{row}"
        return f"internal:'{self.plans[sheet].title.replace(chr(39), 2 * chr(39))}'!{place}"


def plan_marking(settings: Settings, summary: Summary, evidence: Evidence) -> Marking | None:
    """What to mark; None where there is nothing, or where the file is too large to be copied."""
    details = summary.submission.details
    headers: dict[str, Sequence[int]] = details.get("header_rows", {})
    if not headers or summary.submission.rows_read > settings.marked_whole:
        return None
    if not evidence.total_findings():
        return None
    original = archived_original(settings, summary.submission)
    if original is None or _sheet_bytes(original) > MOST_SHEET_BYTES:
        return None
    kind = _copied_as(details)
    taken: set[str] = set()
    titles = {name: _title(name, taken) if kind == "rows" else name for name in headers}
    plans = {name: Plan(name, titles[name], header) for name, header in headers.items()}
    marking = Marking(original, kind, plans, [])
    _collect(summary, evidence, marking)
    return marking


def _copied_as(details: Mapping[str, Any]) -> str:
    """How an original is copied. Values alone would lose the fonts that say what a text in a legacy font shows."""
    kind = details.get("file_kind", "")
    if kind == "xlsx":
        return "xlsx"
    in_legacy_fonts = details.get("mended", {}).keys() & TABLES.keys()
    return "calamine" if kind in _OTHER_WORKBOOKS and not in_legacy_fonts else "rows"


def _title(name: str, taken: set[str]) -> str:
    """A title that Excel takes for a sheet of this name, and none of those ``taken``, to which it is added."""
    whole = TEXT_TITLE if name == TEXT_SHEET else _NO_TITLE.sub("_", name).strip("'")[:_LONGEST_TITLE] or TEXT_TITLE
    title, number = whole, 2
    while title.casefold() in taken:
        ending = f" ({number})"
        title, number = whole[: _LONGEST_TITLE - len(ending)] + ending, number + 1
    taken.add(title.casefold())
    return title


def _sheet_bytes(path: Path) -> int:
    """Size of the unpacked sheets of a workbook, as it says itself; 0 for other files."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(part.file_size for part in archive.infolist() if "worksheets/" in part.filename)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return 0


def _collect(summary: Summary, evidence: Evidence, marking: Marking) -> None:
    remarks = Remarks(summary.declaration)
    known: dict[str, int] = {}
    rows: dict[tuple[str, int], list[Finding]] = {}
    for batch in evidence.finding_batches():
        for each in batch.filter(batch["sheet"].is_in(list(marking.plans))).iter_rows(named=True):
            finding = Finding(each["column"], each["position"], each["rule"], each["severity"], each["proposal"])
            rows.setdefault((each["sheet"], each["row"]), []).append(finding)
    for (sheet, row), findings in rows.items():
        plan = marking.plans[sheet]
        ordered = sorted(findings, key=lambda each: each.severity)
        plan.reasons.append((row, tone(findings), plain_text(remarks.at_row(ordered))))
        for finding in ordered:
            text = comment_text(remarks.at_cell(finding))
            plan.marks.append((row, finding.position, tone([finding]), known.setdefault(text, len(known))))
    marking.texts = list(known)


def write_marked_copy(
    settings: Settings, summary: Summary, marking: Marking, fronts: tuple[Path, Path], folder: Path, path: Path
) -> bool:
    """Write the marked copy to ``path``; False where the original cannot be copied.

    fronts: two workbooks with our own sheets, the second where something is not carried over. folder: a
    private one for what is needed meanwhile.
    """
    job = _job(summary, marking, fronts, folder)
    try:
        if marking.kind == "rows":
            job["rows"] = _write_rows(settings, marking, folder)
        file = folder / "job.json"
        file.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
        _run_child(settings, file)
    except (UnreadableError, MarkingError) as error:
        log.warning("%s: no marked copy: %s", summary.submission.submission_id, error)
        return False
    shutil.copyfile(job["target"], path)
    return True


class MarkingError(Exception):
    """The original cannot be copied; the text says why to the engineer, and never a cell's value."""


def _job(summary: Summary, marking: Marking, fronts: tuple[Path, Path], folder: Path) -> dict[str, Any]:
    facts = summary.submission
    kind = facts.details.get("file_kind", "")
    named = folder / f"original.{kind}"  # calamine goes by the name
    named.symlink_to(marking.original.absolute())
    stamp = stamp_cells(
        summary.declaration,
        period=facts.period,
        unit=facts.unit,
        version="",  # an officer's own form is no stale template
        receipt=facts.submission_id,
        kind=kind,
    )
    return {
        "source": str(named),
        "kind": marking.kind,
        "target": str(folder / "marked.xlsx"),
        "created": facts.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "front": str(fronts[0]),
        "front_dropped": str(fronts[1]),
        "dropped": {
            DROPPED.vi: {key: words.vi for key, words in _DROPPED.items()},
            DROPPED.en: {key: words.en for key, words in _DROPPED.items()},
        },
        "stamp": stamp,
        "stamp_sheet": STAMP_SHEET,
        "tones": {name: [_argb(colour) for colour in TONES[name]] for name in _MARKS},
        "words": {
            "errors": ERRORS,
            "severities": [words.vi for words in SEVERITIES.values()],
            "font": FONT,
            "font_size": FONT_SIZE,
            "rule_colour": _argb(RULE),
        },
        "most_comments": MOST_COMMENTS,
        "texts": marking.texts,
        "sheets": [
            {"title": plan.title, "header": plan.header, "marks": plan.marks, "reasons": plan.reasons}
            for plan in marking.plans.values()
            if plan.marks
        ],
    }


def _argb(colour: str) -> str:
    return f"FF{colour.removeprefix('#')}"


def _write_rows(settings: Settings, marking: Marking, folder: Path) -> list[tuple[str, str]]:
    """The original's rows as text, a file of JSON lines a sheet; returns the sheets' titles and files."""
    written = []
    taken = {plan.title.casefold() for plan in marking.plans.values()}
    with text_sheets(settings, marking.original) as sheets:
        for number, sheet in enumerate(sheets):
            file = folder / f"rows{number}.jsonl"
            with file.open("w", encoding="utf-8") as target:
                for row in sheet.rows:
                    if any(row[1]):
                        target.write(json.dumps(row, ensure_ascii=False) + "\n")
            plan = marking.plans.get(sheet.name)
            written.append((plan.title if plan else _title(sheet.name, taken), str(file)))
    return written


def _run_child(settings: Settings, job: Path) -> None:
    seconds = int(settings.reader_seconds)
    command = [sys.executable, "-I", str(_CHILD), str(job), str(settings.reader_memory_mb), str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise MarkingError(f"not marked within {seconds} s") from None
    if done.returncode == 0:
        return
    try:
        said = json.loads(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
    except ValueError:
        said = {}
    if isinstance(said, dict) and said.get("errno"):  # the disk's fault, not the file's
        raise OSError(said["errno"], os.strerror(said["errno"]), str(job.parent))
    reason = said.get("reason") if isinstance(said, dict) else None
    raise MarkingError(reason or f"the child ended with status {done.returncode}")
