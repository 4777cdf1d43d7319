"""What the commands about differences between departments show: a list, and one difference with all its facts.

Belongs here: layout only; persons come here as pseudonyms.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.console.layout import console, plain_table, print_json, say
from orchestration.intake.difference_decisions import DifferenceDecision
from orchestration.sharing.differences import Difference

#: Values are shown up to this length in the list; pseudonyms have 32 digits, of which nobody reads all.
_SHOWN = 14


def show_list(differences: Sequence[Difference], *, as_json: bool) -> None:
    """Print differences, or say that there is none."""
    if as_json:
        print_json(differences)
        return
    columns = ["difference", "has to answer", "value a", "value b", "open since", "decided"]
    rows = [
        (
            each["difference_id"],
            each["answering_department"],
            _short(each["value_a"]),
            _short(each["value_b"]),
            f"{each['open_since']:%Y-%m-%d}",
            each["decision_kind"] or "",
        )
        for each in differences
    ]
    console.print(plain_table(None, columns, rows, whole=columns[1:]) if rows else "No differences.")
    if rows:
        say(f"{len(rows)} differences; `kho differences show ID` shows both files, the beginning of the id is enough")


def show_difference(difference: Difference, decisions: Sequence[DifferenceDecision], *, as_json: bool) -> None:
    """Everything about one difference. decisions: all of them, also those that the published version lacks."""
    if as_json:
        print_json({**difference, "decisions": [vars(each) for each in decisions]})
        return
    say(difference["difference_id"], "bold")
    say(f"{difference['pair_name_vi']} · {difference['pair_name_en']}")
    for side in ("a", "b"):
        say(f"{side}: {difference[f'dataset_{side}']}: {_value(difference[f'value_{side}'])}{_place(difference, side)}")
    about = [f"compared: {difference['compared']}", f"period: {difference['period']}"]
    if difference["commune_name"]:
        about.append(f"commune: {difference['commune_name']} ({difference['commune_code']})")
    say(" · ".join(about))
    chosen = "neither side" if difference["prevails"] == "neither" else f"side {difference['prevails']}"
    say(f"prevails: {chosen}, {_value(difference['chosen_value'])}")
    say(f"has to answer: {difference['answering_department']} ({difference['answering_owner']})")
    say(f"legal basis: {difference['legal_basis']}")
    say(f"{'open' if difference['is_open'] else 'closed'}, found since {difference['open_since']:%Y-%m-%d %H:%M} UTC")
    for each in decisions:
        say(f"{each.kind} by {each.who} on {each.decided_at:%Y-%m-%d}: {each.why}")


def _value(value: str | None) -> str:
    return "(missing)" if value is None else value


def _short(value: str | None) -> str:
    text = _value(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _place(difference: Difference, side: str) -> str:
    if difference[f"submission_id_{side}"] is None:
        return ""
    sheet, row = difference[f"source_sheet_{side}"], difference[f"source_row_{side}"]
    file, submission = difference[f"file_name_{side}"], difference[f"submission_id_{side}"]
    return f" · {file}, sheet {sheet}, row {row} · submission {submission}"
