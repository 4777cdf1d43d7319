"""The names of all datasets, for those who need nothing else of them.

Belongs here: reading them off the folders of ``schemas/``. Does not belong here: what is declared (``schemas``), whose
import takes Pandera and polars, half a second.
"""

from __future__ import annotations

from orchestration.settings import PROJECT


def dataset_paths() -> list[str]:
    """The paths (``department/name``) of all declared datasets, sorted; each is that of its module."""
    return sorted(f"{file.parent.name}/{file.stem}" for file in (PROJECT / "schemas").glob("[a-z]*/[a-z]*.py"))
