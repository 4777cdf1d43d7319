"""What is said of a finding at its cell and at its row.

Belongs here: joining a rule's texts with the finding's proposal. Does not belong here: the texts themselves
(``schemas/``), and where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.intake.receipts.evidence import Finding
from orchestration.intake.wording import SEVERITIES, Explained, explain
from schemas import Declaration


class Remarks:
    """Words the findings of one submission; each rule's texts are filled once a column."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self._explained: dict[tuple[str, str], Explained] = {}

    def at_cell(self, finding: Finding) -> str:
        """The comment at the cell: reason, how to mend it, the proposal, and the rule's code."""
        words = self._explain(finding)
        lines = [f"{SEVERITIES[finding.severity].vi}: {words.vi}.", f"Cách sửa: {words.mend_vi}."]
        if finding.proposal:
            lines.append(f"{proposed(finding.proposal)}?")
        return "\n".join([*lines, f"[{finding.rule}]"])

    def at_row(self, findings: Iterable[Finding]) -> str:
        """The reasons of a row, a line each, errors first."""
        lines = []
        for finding in sorted(findings, key=lambda each: each.severity):
            kind = "" if finding.severity == "error" else f"({SEVERITIES[finding.severity].vi}) "
            question = f". {proposed(finding.proposal)}?" if finding.proposal else "."
            lines.append(f"{kind}{self._explain(finding).vi}{question}")
        return "\n".join(lines)

    def _explain(self, finding: Finding) -> Explained:
        key = (finding.rule, finding.column)
        if key not in self._explained:
            self._explained[key] = explain(self._declaration, *key)
        return self._explained[key]


def proposed(proposal: str) -> str:
    """A proposal as a question: nothing is put into a file by itself."""
    return f"Có phải «{proposal}» không"


def tone(findings: Iterable[Finding]) -> str:
    """The tone in which a cell with these findings is shown."""
    return "error" if any(each.severity == "error" for each in findings) else "warning"
