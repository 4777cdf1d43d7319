"""What the data engineer confirms about the headers of a department's files.

Belongs here: what may be confirmed, and the sentence that says what was done. Does not belong here: keeping it
(``orchestration/intake/mappings.py``).
"""

from __future__ import annotations

from orchestration.decisions import DecisionError, reason, who
from orchestration.intake.folding import plain
from orchestration.intake.mappings import IGNORE, HeaderMappings, form_of
from orchestration.intake.vocabulary import LONGEST_HEADER
from orchestration.settings import Settings
from schemas import Declaration


def confirm(settings: Settings, declaration: Declaration, header: str, column: str, why: str) -> str:
    """Confirm that a header of a dataset's files means a column; says what follows. Raises DecisionError."""
    if not form_of(header) or len(header) > LONGEST_HEADER:
        raise DecisionError(f"give the header as it is written in the file, of at most {LONGEST_HEADER} characters")
    name = _column(declaration, column)
    _record(settings, declaration, header, name, why)
    means = "is left out without a warning" if name == IGNORE else f"means {name} ({declaration.columns[name].title})"
    return f"{declaration.path}: {header!r} {means} from the next file on"


def forget(settings: Settings, declaration: Declaration, header: str, why: str) -> str:
    """Let a confirmed header mean nothing again; says what follows. Raises DecisionError."""
    known = HeaderMappings(settings.ledger).confirmed(declaration.path)
    if known.of(header) is None:
        raise DecisionError(f"{declaration.path}: {header!r} is not confirmed")
    _record(settings, declaration, header, None, why)
    return f"{declaration.path}: {header!r} is an unknown header again from the next file on"


def _column(declaration: Declaration, column: str) -> str:
    """The name of a column that was given by its name or its title."""
    if column == IGNORE or column in declaration.columns:
        return column
    named = [name for name, each in declaration.columns.items() if plain(each.title) == plain(column)]
    if not named:
        known = ", ".join([*declaration.columns, IGNORE])
        raise DecisionError(f"{declaration.path} has no column {column!r}; there are: {known}")
    return named[0]


def _record(settings: Settings, declaration: Declaration, header: str, column: str | None, why: str) -> None:
    HeaderMappings(settings.ledger).record(
        declaration.path, header, column, why=reason(why), who=who(), at=settings.clock()
    )
