"""The look of a receipt: one place for its formats, made once a workbook."""

from __future__ import annotations

from typing import Any

import xlsxwriter

from orchestration.spreadsheet import FONT, FONT_SIZE, GREY, HEADING, INK, RULE, SMALL, TONES, WHITE

#: Tone of each verdict's banner.
VERDICT_TONES = {
    "accepted": "good",
    "partly": "warning",
    "waiting": "warning",
    "refused": "error",
    "duplicate": "fact",
    "withdrawn": "fact",
}


class Styles:
    """The formats of one workbook, by what they are for."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self.title = self._new(bold=True, font_size=18, font_color=HEADING, valign="vcenter")
        self.subtitle = self._new(font_color=GREY, font_size=SMALL, valign="vcenter")
        self.section = self._new(bold=True, font_color=WHITE, bg_color=HEADING, valign="vcenter", indent=1)
        self.label = self._new(font_color=GREY, align="left", valign="top", bottom=1, bottom_color=RULE, indent=1)
        self.fact = self._new(text_wrap=True, valign="top", bottom=1, bottom_color=RULE)
        self.step_number = self._new(bold=True, font_color=HEADING, align="right", valign="top", indent=1)
        self.body = self._new(text_wrap=True, valign="top")
        self.english = self._new(font_color=GREY, font_size=SMALL)
        self.vietnamese = self._new(font_color=INK)
        self.head = self._new(bold=True, bg_color="#EEF2F6", border=1, border_color=RULE, text_wrap=True, valign="top")
        self.cell = self._new(text_wrap=True, valign="top", border=1, border_color=RULE)
        self.number = self._new(valign="top", align="center", border=1, border_color=RULE, num_format="#,##0")
        self.link = self._new(
            text_wrap=True, valign="top", border=1, border_color=RULE, font_color="#0B57D0", underline=1
        )
        self.count = self._new(
            bold=True, font_size=18, num_format="#,##0", align="center", left=1, right=1, border_color=RULE
        )
        self.count_label = self._new(
            font_color=GREY, align="center", left=1, right=1, top=1, border_color=RULE, text_wrap=True
        )
        self.count_english = self._new(
            font_color=GREY, font_size=SMALL, align="center", left=1, right=1, bottom=1, border_color=RULE
        )
        self._for_returned_rows()
        self._by_tone()

    def _for_returned_rows(self) -> None:
        self.note = self._new(font_color=GREY, italic=True, valign="vcenter")
        self.text_column = self._new(num_format="@")
        self.returned_head = self._new(
            bold=True, font_color=WHITE, bg_color=HEADING, border=1, border_color=RULE, text_wrap=True, valign="vcenter"
        )
        self.place = self._new(font_color=GREY, valign="top", border=1, border_color=RULE, num_format="@")
        self.text = self._new(valign="top", border=1, border_color=RULE, num_format="@")

    def _by_tone(self) -> None:
        self.banner = {
            tone: self._new(
                bold=True, font_size=14, bg_color=fill, font_color=ink, text_wrap=True, valign="vcenter", indent=1
            )
            for tone, (fill, ink) in TONES.items()
        }
        self.banner_english = {
            tone: self._new(
                font_size=SMALL, bg_color=fill, font_color=GREY, text_wrap=True, align="left", valign="top", indent=1
            )
            for tone, (fill, _) in TONES.items()
        }
        self.tag = {
            tone: self._new(bold=True, bg_color=fill, font_color=ink, valign="top", border=1, border_color=RULE)
            for tone, (fill, ink) in TONES.items()
        }
        self.marked = {
            tone: self._new(bg_color=fill, font_color=ink, valign="top", border=1, border_color=ink, num_format="@")
            for tone, (fill, ink) in TONES.items()
        }
        self.errors = {
            tone: self._new(font_color=ink, text_wrap=True, valign="top", border=1, border_color=RULE)
            for tone, (_, ink) in TONES.items()
        }

    def _new(self, **properties: Any) -> Any:
        return self._book.add_format({"font_name": FONT, "font_size": FONT_SIZE, **properties})
