"""Did kho become slower? ``python -m bench.compare RESULT.json… [--store]``.

Reads what a benchmark wrote with ``--json FILE`` and compares the ratios in its ``summary`` with the stored ones
(``ratios.json``): every number whose name ends in ``_ratio``, and kho's memory (``peak_mb``). Ratios to a floor that was
measured in the same minutes say something on another machine; seconds do not. A larger ratio is always the worse one.
Ends with 1 when a ratio of kho is more than a fifth worse than the stored one, with 0 otherwise, with 2 when it was
called wrongly. ``--store`` keeps what was measured, beside what other benchmarks stored.

Belongs here: the rule, the table, the stored file. Does not belong here: measuring (``measuring``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STORED = Path(__file__).parent / "ratios.json"
#: The step that ratios are to.
FLOOR = "floor"
#: What kho's ratios may become worse by. Two runs on a busy machine differ by less than that, a lost optimisation by more.
TOLERANCE = 0.20

#: case, rows, step, and the name of the ratio.
Key = tuple[str, int, str, str]
Ratios = dict[Key, float]


@dataclass(frozen=True)
class Compared:
    """A measured ratio beside the stored one; None: there is none."""

    key: Key
    stored: float | None
    measured: float | None

    @property
    def change(self) -> float | None:
        """By what share it grew."""
        if self.stored is None or self.measured is None or not self.stored:
            return None
        return self.measured / self.stored - 1

    @property
    def is_worse(self) -> bool:
        """A ratio of kho beyond the tolerance; peers and floors may change as they like."""
        return is_kho(self.key[2]) and self.change is not None and self.change > TOLERANCE

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.measured is None:
            return "not measured"
        if self.stored is None:
            return "new"
        return "WORSE" if self.is_worse else "ok"


def is_kho(step: str) -> bool:
    """Whether a step is kho's own: ``kho``, or several of it, as in ``kho second day``."""
    return step == "kho" or step.startswith("kho ")


def ratios(lines: Iterable[Mapping[str, Any]]) -> Ratios:
    """What is compared of the lines of a summary. The floor's own ratios are 1, which says nothing."""
    found: Ratios = {}
    for line in lines:
        if line["step"] == FLOOR:
            continue
        for name, value in line.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and (name.endswith("_ratio") or (name == "peak_mb" and is_kho(line["step"]))):
                found[line["case"], line["rows"], line["step"], name] = float(value)
    return found


def compare(stored: Ratios, measured: Ratios) -> list[Compared]:
    """Every ratio that is in one of them, in the order of cases, sizes and steps."""
    return [Compared(key, stored.get(key), measured.get(key)) for key in sorted({*stored, *measured})]


def read(files: Sequence[Path]) -> Ratios:
    """The ratios of several results. Raises ValueError where a file is no result."""
    found: Ratios = {}
    for file in files:
        try:
            result = json.loads(file.read_text(encoding="utf-8"))
            found |= ratios(result["summary"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{file} is no result of a benchmark: {error!r}") from None
    return found


def load(file: Path) -> Ratios:
    """The stored ratios; none when nothing was stored."""
    if not file.exists():
        return {}
    return ratios(json.loads(file.read_text(encoding="utf-8")))


def store(file: Path, measured: Ratios) -> None:
    """Keep what was measured. A case, size and step that was measured is replaced, the others stay."""
    again = {key[:3] for key in measured}
    kept = {key: value for key, value in load(file).items() if key[:3] not in again} | measured
    lines: dict[tuple[str, int, str], dict[str, Any]] = {}
    for (case, rows, step, name), value in sorted(kept.items()):
        lines.setdefault((case, rows, step), {"case": case, "rows": rows, "step": step})[name] = value
    text = ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines.values())
    file.write_text(f"[\n{text}\n]\n", encoding="utf-8")


def show(compared: Sequence[Compared]) -> None:
    """Print the table; of sizes and cases of which nothing was measured only how much is stored."""
    asked = {each.key[:2] for each in compared if each.measured is not None}
    shown = [each for each in compared if each.key[:2] in asked]
    print(f"{'case':16}{'rows':>12}  {'step':20}{'ratio':14}{'stored':>9}{'measured':>10}{'change':>9}  verdict")
    for each in shown:
        case, rows, step, name = each.key
        stored, measured = ("-" if value is None else f"{value:g}" for value in (each.stored, each.measured))
        change = "-" if each.change is None else f"{each.change:+.0%}"
        print(f"{case:16}{rows:>12,}  {step:20}{name:14}{stored:>9}{measured:>10}{change:>9}  {each.verdict}")
    if len(shown) < len(compared):
        print(f"{len(compared) - len(shown)} stored ratios are of cases and sizes that were not measured now")


def main(words: Sequence[str] | None = None, *, stored: Path = STORED) -> int:
    """Compare, print, perhaps store; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+", metavar="RESULT.json")
    parser.add_argument("--store", action="store_true", help="keep the measured ratios as those to compare with")
    asked = parser.parse_args(words)
    try:
        measured = read(asked.results)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    compared = compare(load(stored), measured)
    show(compared)
    if asked.store:
        store(stored, measured)
        print(f"stored {len(measured)} ratios")
    return int(any(each.is_worse for each in compared))


if __name__ == "__main__":
    sys.exit(main())
