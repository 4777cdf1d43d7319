"""The reconciliation register: what each ``models/reconciliation/rec_<id>.yml`` declares, and what gathers the models.

Belongs here: reading the declarations and the SQL text that follows from them. Does not belong here: how a difference
is found (the pair's model), and what is decided about it (``orchestration/differences.py``). A pair of statements that
have to agree is one model with its yml; nothing else has to be edited for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.yaml_files import read_yaml
from schemas import Declaration, dataset

_PREFIX = "rec_"
_NOTE = (
    "-- Derived from the rec_*.yml beside it by building/reconciliation.py; do not edit. "
    "A test fails when it is stale.\n"
)
#: Name of the model that gathers the differences of all pairs, and of the one that gathers their declarations.
DIFFERENCE, PAIR = "rec_difference", "rec_pair"
_SIDES = ("a", "b")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two statements about the same thing, as declared.

    dataset_a, dataset_b: where they stand; the same twice where two rows, or two columns of one, have to agree.
    compared: the indicator or attribute. key: by what the two sides find each other. tolerance_percent: numbers that
    lie no further apart, in percent of the larger one, agree. prevails: the side whose value counts (a, b or neither).
    answers: the side whose department has to answer.
    """

    id: str
    name_vi: str
    name_en: str
    dataset_a: str
    dataset_b: str
    compared: str
    key: str
    prevails: str
    answers: str
    legal_basis: str
    tolerance_percent: float = 0

    def __post_init__(self) -> None:
        for name, allowed in (("prevails", (*_SIDES, "neither")), ("answers", _SIDES)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"pair {self.id}: {name} is {getattr(self, name)!r}; it must be one of {allowed}")
        if not 0 <= self.tolerance_percent < 100:
            raise ValueError(f"pair {self.id}: tolerance_percent is {self.tolerance_percent}; it must be below 100")

    @property
    def answering(self) -> Declaration:
        """The dataset whose department has to answer. Raises UnknownDatasetError."""
        sides = {"a": dataset(self.dataset_a), "b": dataset(self.dataset_b)}
        return sides[self.answers]


def declared_pairs(folder: Path) -> list[Pair]:
    """The pairs whose declarations lie in ``folder``, by id. Raises ValueError or TypeError for one that is unsound."""
    found = []
    for file in sorted(folder.glob(f"{_PREFIX}*.yml")):
        if file.stem in (DIFFERENCE, PAIR):
            continue
        (model,) = read_yaml(file)["models"]
        if model["name"] != file.stem:
            raise ValueError(f"{file.name}: declares {model['name']}")
        found.append(Pair(id=file.stem.removeprefix(_PREFIX), **model["config"]["meta"]["reconciliation"]))
    return found


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def difference_sql(pairs: list[Pair]) -> str:
    """The differences of all pairs in one table, without those that a pair's tolerance allows."""
    parts = []
    for pair in pairs:
        part = f"""select
    '{pair.id}' as pair_id,
    '{pair.id}/' || difference_key as difference_id,
    commune_key,
    period,
    value_a,
    value_b,
    submission_id_a,
    source_sheet_a,
    source_row_a,
    submission_id_b,
    source_sheet_b,
    source_row_b
from {{{{ ref('{_PREFIX}{pair.id}') }}}}"""
        if pair.tolerance_percent:
            part += f"\nwhere {{{{ beyond_tolerance('value_a', 'value_b', {pair.tolerance_percent:g}) }}}}"
        parts.append(part)
    return _NOTE + "\nunion all\n".join(parts) + "\n"


def pair_sql(pairs: list[Pair]) -> str:
    """All pairs' declarations in one table."""
    parts = []
    for pair in pairs:
        answering = pair.answering
        columns = {
            "pair_id": _text(pair.id),
            "pair_name_vi": _text(pair.name_vi),
            "pair_name_en": _text(pair.name_en),
            "dataset_a": _text(dataset(pair.dataset_a).path),
            "dataset_b": _text(dataset(pair.dataset_b).path),
            "compared": _text(pair.compared),
            "key_meaning": _text(pair.key),
            "tolerance_percent": f"cast({pair.tolerance_percent:g} as decimal(6, 3))",
            "prevails": _text(pair.prevails),
            "answering_department": _text(answering.department),
            "answering_owner": _text(answering.owner),
            "legal_basis": _text(pair.legal_basis),
        }
        parts.append("select\n" + ",\n".join(f"    {value} as {name}" for name, value in columns.items()))
    return _NOTE + "\nunion all\n".join(parts) + "\n"


def derived_files(folder: Path) -> dict[Path, str]:
    """The committed files that follow from the declarations, and their text; none where no pair is declared."""
    pairs = declared_pairs(folder)
    if not pairs:
        return {}
    return {folder / f"{DIFFERENCE}.sql": difference_sql(pairs), folder / f"{PAIR}.sql": pair_sql(pairs)}
