"""Bringing what is stored from one key to the next: the vault's files, and the pseudonyms of bronze.

Belongs here: exchanging a key while nothing else runs, and finishing an exchange that was killed. Does not belong here:
key files (``intake/keys.py``), how a vault file is encrypted (``intake/vault_files.py``), how a pseudonym is made
(``intake/pseudonyms.py``).

An exchange begins when the key file names both keys and ends when it names the new one only. Between the two every
file is replaced as a whole and says, or shows by opening, under which key it is; so what was killed is begun again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow.parquet as pq

from orchestration.building.warehouse import remove as remove_warehouse
from orchestration.decisions import who
from orchestration.files import replacing
from orchestration.intake import vault_files
from orchestration.intake.bronze import is_under, keyed_schema, vault_file
from orchestration.intake.keys import new_key, write_keys
from orchestration.intake.ledger import Ledger
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.intake.pseudonyms import Pseudonymiser, pseudonym_keys
from orchestration.intake.vault import keyed_columns
from orchestration.locks import WAREHOUSE, lock
from orchestration.settings import Settings
from schemas import Declaration, datasets

KeyName = Literal["pseudonym", "vault"]
_PSEUDONYM = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def rotate(settings: Settings, name: KeyName, why: str) -> dict[str, int]:
    """Exchange a key and bring everything under the new one. Returns counts; raises BusyError while a run is going.

    After new pseudonyms the warehouse has to be built: the ledger says so to the next run.
    """
    with lock(settings, WAREHOUSE):
        finish_rotations(settings)
        file, (old,) = {
            "pseudonym": (settings.pseudonym_key, pseudonym_keys(settings)),
            "vault": (settings.vault_key, vault_files.vault_keys(settings)),
        }[name]
        write_keys(file, new_key(), old)
        return finish_rotations(settings, why)


def finish_rotations(settings: Settings, why: str = "finished after an interruption") -> dict[str, int]:
    """Finish every exchange that was begun; the caller holds the lock of the warehouse. Returns counts."""
    counts: dict[str, int] = {}
    records = PrivacyRecords(settings.ledger)
    if settings.vault_key.exists() and len(keys := vault_files.vault_keys(settings)) > 1:
        counts = {"vault_files": encrypt_all(settings)}
        records.record("rotate_vault", at=settings.clock(), who=who(), purpose=why, details=counts)
        write_keys(settings.vault_key, keys[0])
    if settings.pseudonym_key.exists() and len(keys := pseudonym_keys(settings)) > 1:
        counts = _new_pseudonyms(settings, *keys)
        records.record("rotate_pseudonym", at=settings.clock(), who=who(), purpose=why, details=counts)
        write_keys(settings.pseudonym_key, keys[0])
    return counts


def encrypt_all(settings: Settings) -> int:
    """Bring every vault file under the present key, also those that an older kho left plain; returns how many."""
    key, changed = vault_files.vault_keys(settings)[0], 0
    for file in sorted(settings.vault.glob("*/*.parquet")):
        present = vault_files.opened_under(key, file)
        if present is None:
            vault_files.rewrite(settings, file)
            changed += 1
        else:
            present.close()
    return changed


def _new_pseudonyms(settings: Settings, new: str, old: str) -> dict[str, int]:
    """Bronze and the decisions about differences under the new key; what was built as of past days goes."""
    counts = {"bronze_files": 0, "without_vault": 0, "decisions": 0}
    with ExitStack() as locks:
        for declaration in datasets().values():
            locks.enter_context(lock(settings, declaration.table))
        counts["decisions"] = _rename_decisions(settings, Pseudonymiser(new), Pseudonymiser(old))
        for declaration in datasets().values():
            for file in _bronze_files(settings, declaration):
                if is_under(file, new):
                    continue
                vault = vault_file(settings, declaration, file.stem)
                counts["bronze_files"] += 1
                counts["without_vault"] += not vault.exists()
                _rewrite(settings, declaration, file, vault, new)
    shutil.rmtree(settings.homes_as_of, ignore_errors=True)
    remove_warehouse(settings)  # free space of its file may hold pseudonyms under the old key
    return counts


def _bronze_files(settings: Settings, declaration: Declaration) -> Iterable[Path]:
    return sorted((settings.bronze / declaration.table).glob(f"{16 * '?'}.parquet"))


def _rewrite(settings: Settings, declaration: Declaration, file: Path, vault: Path, new: str) -> None:
    """Replace the keyed columns of a bronze file; its other columns, and the order of its rows, stay.

    Rows whose restricted values are no longer kept get pseudonyms of their pseudonyms: they still agree among
    themselves, and no longer with others.
    """
    keyed = Pseudonymiser(new)
    forms = [each.name for each in declaration.warehouse_columns if each.form in ("pseudonym", "agreement")]
    with ExitStack() as opened:
        source = opened.enter_context(pq.ParquetFile(file))
        restricted = opened.enter_context(vault_files.opened(settings, vault)) if vault.exists() else None
        temporary = opened.enter_context(replacing(file))
        schema = keyed_schema(source.schema_arrow, new)
        writer = opened.enter_context(pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=1))
        for number in range(source.num_row_groups):
            rows = pl.DataFrame(source.read_row_group(number))
            if restricted is None:
                made = [keyed.of_pseudonyms(rows[name]) for name in forms if name in rows.columns]
            else:
                values = pl.DataFrame(restricted.read_row_group(number))
                place = ["source_sheet", "source_row"]
                if not rows.select(place).equals(values.select(place)):
                    raise RuntimeError(f"{file} and {vault} do not hold the same rows: run kho rebuild")
                made = keyed_columns(declaration, values, keyed)
            fresh = rows.with_columns([each for each in made if each.name in rows.columns])
            writer.write_table(fresh.to_arrow(compat_level=pl.CompatLevel.newest()).cast(schema))


def _rename_decisions(settings: Settings, new: Pseudonymiser, old: Pseudonymiser) -> int:
    """A difference about a person is named by the pseudonym; what was decided about it follows the new name."""
    with Ledger(settings.ledger).connect() as connection:
        ids = [each for (each,) in connection.execute("select distinct difference_id from difference_decision")]
        wanted = {each for name in ids for each in _PSEUDONYM.findall(name)}
        names = _renamed(settings, wanted, new, old) if wanted else {}
        changed = {name: _PSEUDONYM.sub(lambda found: names.get(found[0], found[0]), name) for name in ids}
        changed = {before: after for before, after in changed.items() if before != after}
        connection.execute("begin immediate")
        for before, after in changed.items():
            connection.execute(
                "update difference_decision set difference_id = ? where difference_id = ?", (after, before)
            )
        connection.execute("commit")
    return len(changed)


def _renamed(settings: Settings, wanted: set[str], new: Pseudonymiser, old: Pseudonymiser) -> Mapping[str, str]:
    """The new pseudonym of each old one that the vault still knows."""
    found: dict[str, str] = {}
    for declaration in datasets().values():
        for file in (settings.vault / declaration.table).glob(f"{16 * '?'}.parquet"):
            for batch in vault_files.batches(settings, file):
                for before, after in zip(
                    keyed_columns(declaration, batch, old), keyed_columns(declaration, batch, new), strict=True
                ):
                    hit = before.is_in(pl.Series(list(wanted)).implode()).fill_null(False)
                    found.update(zip(before.filter(hit), after.filter(hit), strict=True))
    return found
