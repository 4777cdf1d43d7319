"""The assets: one per dataset from a factory, the ledger, the dbt models, the published warehouse.

Belongs here: what Dagster shows of them and the order in which they run. Does not belong here: how a file is taken
in (``intake/``), how the warehouse is built (``warehouse.py``), what is checked (``checks.py``), when a run starts
(``sensors.py``). No annotations from the future in this module: Dagster reads the type of ``context``.
"""

import gc
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY

from orchestration import checks, warehouse
from orchestration.dbt_calls import manifest
from orchestration.erasure import resume_erasures
from orchestration.history import relaxed_history
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import is_waiting, sweep, take_in_dataset
from orchestration.locks import BusyError, lock
from orchestration.rotation import finish_rotations
from orchestration.settings import Settings
from orchestration.sharing.publication import publish_all
from orchestration.sharing.publish import SHARED, Published
from schemas import Declaration

SUBMISSION = dg.AssetKey(["bronze", "submission"])
#: Name of the step that exports the ledger.
LEDGER = "ledger"
PUBLISHED = dg.AssetKey(["published", SHARED])
#: Resource that every step needs: see :func:`only_run`.
ONLY_RUN = "only_run"


@dataclass(frozen=True)
class Progress:
    """Something a run has done, for whoever started it. ``what``: a dataset's path, ``warehouse`` or ``published``."""

    what: str
    submissions: tuple[Submission, ...] = ()
    published: Published | None = None
    problem: str = ""
    unfinished: bool = False  # its time was up before its files were


OnProgress = Callable[[Progress], None]


def only_run(settings: Settings) -> dg.ResourceDefinition:
    """Held from the first step of a run to its last, by whoever started it: the sensor, the UI or ``kho run``.

    The warehouse file allows one writer, and nothing may come between a build and its publication.
    """

    @dg.resource(description="The lock of the warehouse: one run at a time.")
    def held(_context: dg.InitResourceContext) -> Iterator[None]:
        with lock(settings, warehouse.LOCK), relaxed_history(settings.dagster_home):
            sweep(settings)
            finish_rotations(settings)
            resume_erasures(settings)
            gc.freeze()  # what was imported stays: the collector need not walk it, 0.2 s CPU a million rows
            yield

    return held


def bronze_key(declaration: Declaration) -> dg.AssetKey:
    """The key of a dataset's asset, which is also that of its dbt source."""
    return dg.AssetKey(["bronze", declaration.table])


def bronze_asset(settings: Settings, declaration: Declaration, report: OnProgress) -> dg.AssetsDefinition:
    """The accepted rows of a dataset. Materialising it takes in the files that wait in its incoming folder."""

    @dg.asset(
        key=bronze_key(declaration),
        group_name=declaration.department,
        kinds={"pandera", "parquet"},
        owners=[f"team:{declaration.owner}"],
        tags={"period": declaration.period, "load": declaration.load},
        description=f"{declaration.title}. {declaration.grain}",
        metadata={
            "dagster/column_schema": _column_schema(declaration),
            "incoming": dg.MetadataValue.path(settings.incoming(declaration.path)),
            "receipts": dg.MetadataValue.path(settings.receipts(declaration.path)),
            "legal_basis": declaration.legal_basis,
        },
        check_specs=checks.check_specs(bronze_key(declaration), declaration),
        required_resource_keys={ONLY_RUN},
    )
    def take_in(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        taken, broken = _take_in(settings, declaration, context)
        unfinished = bool(taken) and is_waiting(settings, declaration)
        report(Progress(declaration.path, submissions=tuple(taken), problem=broken, unfinished=unfinished))
        return dg.MaterializeResult(
            metadata=_bronze_metadata(settings, declaration, taken),
            check_results=[
                checks.conservation(settings, declaration, taken, broken),
                checks.pandera(settings, declaration, taken),
                checks.freshness(settings, declaration),
            ],
        )

    return take_in


def _take_in(
    settings: Settings, declaration: Declaration, context: dg.AssetExecutionContext
) -> tuple[list[Submission], str]:
    """Take in a dataset's files. A failure is told, not raised: it must not keep the other datasets waiting."""
    ledger = Ledger(settings.ledger)
    before = {each.submission_id for each in ledger.of_dataset(declaration.path)}
    try:
        take_in_dataset(settings, declaration, on_file=lambda name: context.log.info(f"taking in {name}"))
        broken = ""
    except BusyError as busy:
        broken = str(busy)
    except Exception as error:
        # Messages of libraries quote cells; the place does not.
        place = traceback.extract_tb(error.__traceback__)[-1]
        broken = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}, in {place.name}"
        context.log.error(f"the intake of {declaration.path} broke off: {broken}")
    # Read back from the ledger: files that were taken in before it broke off count too.
    taken = [each for each in ledger.of_dataset(declaration.path) if each.submission_id not in before]
    for each in taken:
        context.log.info(f"{each.file_name}: {each.verdict}, {each.rows_accepted} of {each.rows_read} rows accepted")
    return taken, broken


def _column_schema(declaration: Declaration) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=each.name,
                type=str(each.dtype() if isinstance(each.dtype, type) else each.dtype),
                description=f"{each.title}: {each.description}" if each.source else each.description,
                tags={"classification": each.classification},
            )
            for each in declaration.warehouse_columns
        ]
    )


def _bronze_metadata(
    settings: Settings, declaration: Declaration, taken: Sequence[Submission]
) -> Mapping[str, dg.MetadataValue]:
    submissions = Ledger(settings.ledger).of_dataset(declaration.path)
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(sum(each.rows_accepted for each in submissions if each.is_current)),
        "submissions": dg.MetadataValue.int(len(submissions)),
        "taken_in": dg.MetadataValue.int(len(taken)),
    }
    for name in ("rows_read", "rows_accepted", "rows_rejected", "rows_ignored"):
        metadata[name] = dg.MetadataValue.int(sum(getattr(each, name) for each in taken))
    if taken:
        metadata["files"] = dg.MetadataValue.table([_file_record(each) for each in taken])
    return metadata


def _file_record(submission: Submission) -> dg.TableRecord:
    names = "file_name submission_id unit period verdict rows_read rows_accepted rows_rejected rows_ignored"
    return dg.TableRecord({name: getattr(submission, name) for name in names.split()})


class Build(dg.Config):
    """How the warehouse is to be built."""

    anyway: bool = False  # build and publish even if nothing has changed


def ledger_assets(settings: Settings, datasets: Sequence[Declaration]) -> dg.AssetsDefinition:
    """The ledger as dbt reads it, and what is exported beside it. Where nothing has changed, all stays as it is."""
    grains = {SUBMISSION: "One row per submission: what arrived, when, and what became of it."}
    grains |= {dg.AssetKey(["bronze", each.name]): each.grain for each in warehouse.EXPORTED}

    @dg.multi_asset(
        name=LEDGER,
        specs=[
            dg.AssetSpec(
                key,
                deps=[bronze_key(each) for each in datasets],
                group_name="ledger",
                kinds={"sqlite", "parquet"},
                description=grain,
                skippable=True,
            )
            for key, grain in grains.items()
        ],
        required_resource_keys={ONLY_RUN},
    )
    def ledger(context: dg.AssetExecutionContext, config: Build) -> Iterator[dg.MaterializeResult]:
        if warehouse.is_published(settings) and not config.anyway:
            context.log.info("nothing has changed since the published version: no build")
            return
        rows = warehouse.export(settings)
        for key in grains:
            metadata: dict[str, Any] = {"dagster/row_count": rows[key.path[-1]], **asdict(warehouse.state(settings))}
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)

    return ledger


class _Translator(DagsterDbtTranslator):
    """Groups dbt's assets by the schema in which they stand; its tests need not block what comes after them."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["schema"])

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        """A failed test already fails the step of the build, which stops the publication after it."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec._replace(blocking=False) if spec else None


def dbt_models(settings: Settings, report: OnProgress) -> dg.AssetsDefinition:
    """Seeds and models of the dbt project as assets, its tests as their checks."""

    @dbt_assets(
        manifest=manifest(settings),
        dagster_dbt_translator=_Translator(),
        name="warehouse",
        required_resource_keys={ONLY_RUN},
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        built = warehouse.build(settings)
        failed = warehouse.failed(built)
        yield from _dbt_events(context, built, warehouse.row_counts(settings))
        report(Progress("warehouse", problem="; ".join(_problem(each) for each in failed)))
        if failed:
            raise dg.Failure("\n".join(_problem(each) for each in failed), allow_retries=False)

    return build


def _problem(built: warehouse.Built) -> str:
    return f"{built.unique_id}: {built.message}"


def _dbt_events(
    context: dg.AssetExecutionContext, built: Sequence[warehouse.Built], rows: Mapping[str, int]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What dbt did, as Dagster knows it; only what the run asked for, though dbt always builds everything."""
    assets = {each.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: each for each in context.assets_def.specs}
    tests = {
        (each.metadata or {}).get(DAGSTER_DBT_UNIQUE_ID_METADATA_KEY): each
        for each in context.assets_def.check_specs
        if each.key in context.selected_asset_check_keys
    }
    for each in built:
        if each.unique_id in assets and each.outcome == "ok":
            key = assets[each.unique_id].key
            if key in context.selected_asset_keys:
                metadata: dict[str, Any] = {"seconds": each.seconds}
                if ".".join(key.path) in rows:
                    metadata["dagster/row_count"] = rows[".".join(key.path)]
                yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        elif each.unique_id in tests and each.outcome in ("ok", "warned", "failed"):
            spec = tests[each.unique_id]
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=each.outcome == "ok",
                severity=dg.AssetCheckSeverity.WARN if each.outcome == "warned" else dg.AssetCheckSeverity.ERROR,
                metadata={"rows_that_break_it": each.failures, "seconds": each.seconds},
            )


def published_asset(settings: Settings, models: dg.AssetsDefinition, report: OnProgress) -> dg.AssetsDefinition:
    """The version that readers open. A build that failed never comes here: the old version stands."""

    @dg.asset(
        key=PUBLISHED,
        deps=sorted(models.keys),
        group_name="published",
        kinds={"duckdb"},
        description="The published warehouse: a file of its own per version and audience, read by kho sql.",
        required_resource_keys={ONLY_RUN},
    )
    def published_warehouse() -> dg.MaterializeResult:
        facts = warehouse.built_from(settings)
        if facts is None:
            raise dg.Failure("the last build of the warehouse failed; build it before publishing", allow_retries=False)
        version = publish_all(settings, facts=facts)
        report(Progress("published", published=version))
        tables = [dg.TableRecord({"table": name, "rows": rows}) for name, rows in version.tables.items()]
        return dg.MaterializeResult(
            metadata={
                "version": version.version,
                "file": dg.MetadataValue.path(version.path),
                "tables": dg.MetadataValue.table(tables),
                "bytes": version.bytes,
                "sha256": version.sha256,
                **asdict(version.facts),
            }
        )

    return published_warehouse
