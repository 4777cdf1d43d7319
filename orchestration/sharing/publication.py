"""A publication: one version of every audience, made of one warehouse, announced together.

Belongs here: which file of which audience is made how, and the order in which they appear. Does not belong here: what
an audience may see (``audiences.py``), one version (``publish.py``), its Parquet files (``tables.py``), going back to
an earlier one (``rollback.py``).

All audiences have the same version number. The shared version is announced last: while it is not, the publication has
not happened, and the next run makes it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from orchestration.files import private_folder
from orchestration.settings import Settings
from orchestration.sharing import publish as publishing
from orchestration.sharing.audiences import OPEN, Audience, Audiences, declared_audiences
from orchestration.sharing.extract import extract
from orchestration.sharing.rollback import forget_rollback
from orchestration.sharing.tables import write_tables
from orchestration.sharing.versions import SHARED, Facts, Published, next_number

#: Files of so many audiences are made at a time; DuckDB works without the interpreter's lock.
_CORES = 2


def publish_all(settings: Settings, *, facts: Facts) -> Published:
    """Publish the warehouse as it is now for every audience; returns the shared version.

    The caller holds the warehouse lock and has closed its connections.
    """
    audiences = declared_audiences(settings)
    for name in audiences.all:
        publishing.sweep(settings, name)
    publishing.checkpoint(settings.warehouse)
    number = next_number(settings)
    shared, *others = audiences.all.values()
    with _common_extract(settings, audiences) as common, ThreadPoolExecutor(_CORES) as workers:

        def prepare(audience: Audience, same_as: Published | None) -> Published:
            write = _writer(settings, audiences, audience, common)
            version = publishing.prepare(settings, audience=audience.name, number=number, facts=facts, write=write)
            if settings.publish_tables:
                write_tables(version, audience, audiences.relations, same_as=same_as)
            return version

        first = prepare(shared, None)
        prepared = [first, *workers.map(lambda audience: prepare(audience, first), others)]
    for version in reversed(prepared):
        publishing.announce(version)
    forget_rollback(settings)
    for name in audiences.all:
        publishing.sweep(settings, name)
    return prepared[0]


@contextmanager
def _common_extract(settings: Settings, audiences: Audiences) -> Iterator[Path]:
    """A file with what every department may see: made once, it is the beginning of the file of each."""
    file = private_folder(settings.temporary) / "common.duckdb"
    file.unlink(missing_ok=True)
    extract(settings.warehouse, file, audiences.common)
    yield file
    file.unlink()


def _writer(
    settings: Settings, audiences: Audiences, audience: Audience, common: Path
) -> Callable[[Path], None] | None:
    """What makes the audience's file; None for a copy of the warehouse."""
    if audience.name == SHARED:
        return None
    if audience.name == OPEN:
        return partial(
            extract,
            settings.warehouse,
            relations=audience.relations,
            small_cells=audiences.small_cells,
            k=settings.smallest_cell,
        )
    own = {name: columns for name, columns in audience.relations.items() if name not in audiences.common}

    def add_own(target: Path) -> None:
        shutil.copyfile(common, target)
        extract(settings.warehouse, target, own)

    return add_own
