"""What every reader yields: a document of sheets, each a stream of batches of text cells with their row numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from schemas.rules import RULES

#: Rows of a sheet that recognition looks at. In 52 real sheets the header stood in the 2nd to 11th row.
HEAD_ROWS = 60
#: Shown in place of a list or an object inside a cell; a cast takes it for an error.
NESTED = "#NHIỀU GIÁ TRỊ!"


class UnreadableError(Exception):
    """The file cannot be read; ``rule_id`` says why to the officer, the text to the engineer. Never a cell's value.

    title: which part of the file it is about. because: the rule by which that part cannot be read.
    """

    def __init__(self, rule_id: str, detail: str, *, title: str = "", because: str = "") -> None:
        super().__init__(f"{detail}. {RULES[rule_id].mend_en}.")
        self.rule_id, self.detail, self.title, self.because = rule_id, detail, title, because

    def notices(self) -> list[dict[str, str]]:
        """What the receipt says."""
        reasons = [{"rule": self.because, "title": "", "limit": ""}] if self.because else []
        return [{"rule": self.rule_id, "title": self.title, "limit": ""}, *reasons]


@dataclass(frozen=True)
class MisshapenRow:
    """A row of a text file whose number of cells differs from the header's."""

    row: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TextBatch:
    """Consecutive rows: their numbers as Excel shows them, their cells c0, c1, … (null where empty)."""

    rows: pl.Series
    cells: pl.DataFrame
    misshapen: tuple[MisshapenRow, ...] = ()

    def filter_rows(self, keep: pl.Series) -> TextBatch:
        """The rows where ``keep`` is true; misshapen rows stay."""
        return TextBatch(self.rows.filter(keep), self.cells.filter(keep), self.misshapen)


#: (width) → batches of all rows of the sheet, with that number of columns. What stands beyond them is not the table's:
#: a workbook leaves it out, a text file takes the row for a shifted one.
Batches = Callable[[int], Iterator[TextBatch]]


@dataclass(frozen=True)
class Sheet:
    """A visible sheet, or what stands for one in a file of another kind.

    head: its first rows as text. batches(width): all its rows, first to last. left: how many columns stand empty
    before the first that holds anything. numeric_cells: its numbers stand as the reader writes them, with a dot for
    decimals, and not as somebody typed them. mended: cells that were in a legacy font, by its table; complete once
    all rows were read.
    """

    name: str
    head: Sequence[Sequence[str]]
    width: int
    batches: Batches
    left: int = 0
    numeric_cells: bool = False
    mended: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Document:
    """An opened file.

    hidden: names of the hidden sheets, which are not read.
    stamp: cells of the hidden sheet that a template of ours carries. doubts: cells whose text is not what they held
    (sheet, cell and why, never the value), where that is known before they are read. left_out: names of what the file
    holds beside tables. doubtful: texts that may be in a legacy font or not, by sheet and position: text → what it may
    mean. unsure: the encoding is not known; its characters are those of Windows-1252, and only a legacy font can
    explain them.
    """

    kind: str
    sheets: Sequence[Sheet]
    stamp: Sequence[str] = field(default_factory=tuple)
    doubts: Sequence[str] = field(default_factory=tuple)
    left_out: Sequence[str] = field(default_factory=tuple)
    doubtful: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    unsure: bool = False
    hidden: Sequence[str] = field(default_factory=tuple)


def column_names(width: int) -> list[str]:
    """Names of the cells of a batch: c0, c1, …"""
    return [f"c{position}" for position in range(width)]
