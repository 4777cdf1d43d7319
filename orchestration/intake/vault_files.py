"""The vault's files, encrypted at rest: Parquet modular encryption (AES-256-GCM), as pyarrow has it.

Belongs here: every way of writing and reading a file of the vault, staged or final. Does not belong here: what stands
in them (``vault``, ``findings``, ``comparison``), where they lie (``bronze``), exchanging the key (``rotation.py``).

Each file has a key of its own, derived from the key of the vault and the file's name ``<table>/<file>``, so that a file
put in another's place does not open. A file of a home that is older than the key is read as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet import encryption

from orchestration.files import replacing
from orchestration.intake.keys import KeyFileError, derived, keys_in, make_key
from orchestration.settings import Settings

if TYPE_CHECKING:
    import pyarrow.dataset

#: Rows that are in memory at a time while a file is read.
BATCH_ROWS = 50_000
_PLAIN = b"PAR1"


def vault_keys(settings: Settings) -> tuple[str, ...]:
    """The present key of the vault, made at first use, then the one that is being replaced. Raises KeyFileError."""
    if not settings.vault_key.exists():
        if any(not is_plain(each) for each in settings.vault.glob("*/*.parquet")):
            raise KeyFileError(f"{settings.vault_key} is missing: restore it from its backup, or the vault stays shut")
        make_key(settings, settings.vault_key)
    return keys_in(settings.vault_key)


def is_plain(file: Path) -> bool:
    """Whether a file of the vault is not encrypted."""
    with file.open("rb") as source:
        return source.read(len(_PLAIN)) == _PLAIN


def _key_of(key: str, file: Path) -> bytes:
    return derived(key, f"vault file {file.parent.name}/{file.name}")


def writer(settings: Settings, file: Path, schema: pa.Schema, **options: Any) -> pq.ParquetWriter:
    """A writer of a vault file under the present key; ``file`` ends with the ``<table>/<file>`` that it will have."""
    key = _key_of(vault_keys(settings)[0], file)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {"compression": "zstd", "compression_level": 1, **options}
    properties = encryption.create_encryption_properties(footer_key=key)
    return pq.ParquetWriter(file, schema, encryption_properties=properties, **options)


def opened_under(key: str, file: Path) -> pq.ParquetFile | None:
    """The file, opened; None if it is encrypted with another key, or not encrypted."""
    properties = encryption.create_decryption_properties(footer_key=_key_of(key, file))
    try:
        return pq.ParquetFile(file, decryption_properties=properties)
    except FileNotFoundError:
        raise
    except OSError:
        return None


def opened(settings: Settings, file: Path) -> pq.ParquetFile:
    """A vault file for reading: to be closed. Raises KeyFileError where no key of this home opens it."""
    if is_plain(file):
        return pq.ParquetFile(file)
    for key in vault_keys(settings):
        found = opened_under(key, file)
        if found is not None:
            return found
    raise KeyFileError(f"{file} does not open with {settings.vault_key}: restore the one or the other from its backup")


def names(settings: Settings, file: Path) -> list[str]:
    """The columns of a vault file."""
    with opened(settings, file) as source:
        return list(source.schema_arrow.names)


def count(settings: Settings, file: Path) -> int:
    """The rows of a vault file; 0 where there is none."""
    if not file.exists():
        return 0
    with opened(settings, file) as source:
        return int(source.metadata.num_rows)


def batches(
    settings: Settings, file: Path, columns: Sequence[str] | None = None, *, rows: int | None = None
) -> Iterator[pl.DataFrame]:
    """The rows of a vault file, so many at a time (50,000 by default); none where there is no file."""
    if not file.exists():
        return
    with opened(settings, file) as source:
        for batch in source.iter_batches(batch_size=rows or BATCH_ROWS, columns=list(columns) if columns else None):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame


def read(settings: Settings, file: Path) -> pl.DataFrame:
    """A whole vault file."""
    with opened(settings, file) as source:
        frame = pl.from_arrow(source.read())
    assert isinstance(frame, pl.DataFrame)
    return frame


def for_duckdb(settings: Settings, file: Path) -> pyarrow.dataset.Dataset:
    """A vault file that DuckDB can scan, in order and as often as it likes: it reads no file that pyarrow encrypted."""
    from pyarrow import dataset

    if is_plain(file):
        return dataset.dataset(str(file), format="parquet")
    with opened(settings, file):
        pass  # says which key is missing, where one is
    key = next(each for each in vault_keys(settings) if opened_under(each, file) is not None)
    properties = encryption.create_decryption_properties(footer_key=_key_of(key, file))
    options = dataset.ParquetFragmentScanOptions(decryption_properties=properties)
    return dataset.dataset(str(file), format=dataset.ParquetFileFormat(default_fragment_scan_options=options))


def rewrite(settings: Settings, file: Path, keep: pl.Expr | None = None) -> int:
    """Write a vault file anew under the present key, with the rows that ``keep`` is true of; returns how many went.

    A file whose rows all go stays, empty: what is counted of it can still be asked.
    """
    gone = 0
    with opened(settings, file) as source, replacing(file) as temporary:
        made = temporary.with_suffix(".folder") / file.parent.name / file.name
        try:
            with writer(settings, made, source.schema_arrow) as target:
                for number in range(source.num_row_groups):
                    table = source.read_row_group(number)
                    if keep is not None:
                        kept = pl.DataFrame(table).filter(keep)
                        gone += table.num_rows - kept.height
                        table = kept.to_arrow(compat_level=pl.CompatLevel.newest()).cast(source.schema_arrow)
                    target.write_table(table)
            made.replace(temporary)
        finally:
            made.unlink(missing_ok=True)
            for folder in (made.parent, made.parent.parent):
                if folder.is_dir():
                    folder.rmdir()
    return gone
