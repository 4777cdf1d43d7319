"""The files of the demo: what the departments and one ward hand in for the last months, quarters and years.

Belongs here: dropping the files, and what should become of them. Does not belong here: which file holds what, under
which name and layout (``drafts.py``, ``office_drafts.py``).
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.demo import FEWEST_ROWS, MOST_ROWS, sheets
from orchestration.demo.drafts import Draft, learning_drafts, parcel_drafts, resident_drafts
from orchestration.demo.office_drafts import office_drafts
from orchestration.demo.province import build_province
from orchestration.demo.sheets import Form, Written
from orchestration.settings import Settings
from schemas import dataset


@dataclass(frozen=True)
class Planted:
    """A mistake of the demo at its cell. ``row`` as Excel shows it; ``column`` is '' for a rule about the row."""

    dataset: str
    file_name: str
    sheet: str
    row: int
    column: str
    rule: str


@dataclass(frozen=True)
class Expectation:
    """What should become of one file. ``values``: the accepted rows as the warehouse should understand them.

    layout_rows: rows of the file that are not data, by kind; unit: the department, or the code of a commune.
    """

    dataset: str
    file_name: str
    unit: str
    period: str
    rows: int
    accepted: int
    rejected: int
    duplicates: int
    layout_rows: dict[str, int]
    values: list[dict[str, Any]]


@dataclass(frozen=True)
class DemoFiles:
    """The files that were dropped, the mistakes in them, and what should become of them."""

    paths: list[Path]
    planted: list[Planted]
    expectations: list[Expectation]

    def current(self, path: str) -> list[dict[str, Any]]:
        """The accepted rows of the last period of a dataset (every period, the newest row of a key: upsert)."""
        declaration = dataset(path)
        files = [each for each in self.expectations if each.dataset == path]
        if declaration.load == "full":
            return [row for each in files if each.period == files[-1].period for row in each.values]
        newest = {tuple(row[name] for name in declaration.key): row for each in files for row in each.values}
        return list(newest.values())


def write_demo_files(settings: Settings, *, rows: int, seed: int, today: datetime.date) -> DemoFiles:
    """Drop the files of the periods before ``today`` into the departments' incoming folders.

    The same rows, seed and day give the same bytes. A file appears in the folder complete, under its final name.
    """
    if not FEWEST_ROWS <= rows <= MOST_ROWS:
        raise ValueError(f"rows must lie between {FEWEST_ROWS} and {MOST_ROWS}")
    province = build_province(settings.seeds, rows=rows, seed=seed, today=today)
    drafts = [
        *resident_drafts(province, seed, today),
        *parcel_drafts(province, settings.seeds, rows, seed, today),
        *learning_drafts(province, rows, seed, today),
        *office_drafts(province, rows, seed, today),
    ]
    paths: list[Path] = []
    planted: list[Planted] = []
    expectations: list[Expectation] = []
    for draft in drafts:
        path, written = _drop(settings, draft)
        paths.append(path)
        planted += [
            Planted(draft.dataset, draft.file_name, written.sheet, row, *record.planted)
            for row, record in zip(written.rows, draft.records, strict=True)
            if record.planted is not None
        ]
        expectations.append(_expectation(draft, written))
    return DemoFiles(paths, planted, expectations)


def _drop(settings: Settings, draft: Draft) -> tuple[Path, Written]:
    """Write under a name that discovery skips, then rename."""
    folder = settings.incoming(draft.dataset)
    folder.mkdir(parents=True, exist_ok=True)
    declaration = dataset(draft.dataset)
    handle, made = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    os.close(handle)
    temporary = Path(made)
    try:
        if isinstance(draft.layout, Form):
            written = sheets.write_form(temporary, declaration, draft.layout, draft.records)
        else:
            written = sheets.write_csv(
                temporary, declaration, draft.layout, draft.records, delimiter=draft.delimiter, mark=draft.mark
            )
        temporary.chmod(0o644)
        return temporary.rename(folder / draft.file_name), written
    finally:
        temporary.unlink(missing_ok=True)


def _expectation(draft: Draft, written: Written) -> Expectation:
    fates = Counter(record.fate for record in draft.records)
    return Expectation(
        dataset=draft.dataset,
        file_name=draft.file_name,
        unit=draft.unit or dataset(draft.dataset).department,
        period=draft.period,
        rows=len(draft.records),
        accepted=fates["accepted"],
        rejected=fates["rejected"],
        duplicates=fates["duplicate"],
        layout_rows=written.layout_rows,
        values=[record.values for record in draft.records if record.fate == "accepted"],
    )
