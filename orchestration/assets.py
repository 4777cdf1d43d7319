"""The assets that follow the datasets: the ledger, the dbt models, the published warehouse.

Belongs here: what Dagster shows of them and the order in which they run. Does not belong here: the datasets
(``bronze_assets.py``), how the warehouse is built (``warehouse.py``), when a run starts (``sensors.py``). Annotations
from the future must not be used in this module: Dagster reads the type of ``context``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY

from orchestration.building import warehouse
from orchestration.building.dbt_calls import manifest
from orchestration.runs import ONLY_RUN, OnProgress, Progress, bronze_key
from orchestration.settings import Settings
from orchestration.sharing.publication import publish_all
from orchestration.sharing.versions import SHARED
from schemas import Declaration

SUBMISSION = dg.AssetKey(["bronze", "submission"])
#: Name of the step that exports the ledger.
LEDGER = "ledger"
PUBLISHED = dg.AssetKey(["published", SHARED])


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
    """What dbt did, as Dagster knows it; only what the run asked for, though dbt builds all that follows.

    A model that a good build left alone, because nothing of it changed, is told as well: what comes after it waits
    for that.
    """
    is_good = not warehouse.failed(built)
    outcomes = {each.unique_id: each for each in built}
    for spec in _in_order(context.assets_def.specs):
        done = outcomes.get(spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY])
        is_told = done.outcome == "ok" if done else is_good
        if spec.key not in context.selected_asset_keys or not is_told:
            continue
        metadata: dict[str, Any] = {"seconds": done.seconds} if done else {"unchanged": True}
        if ".".join(spec.key.path) in rows:
            metadata["dagster/row_count"] = rows[".".join(spec.key.path)]
        yield dg.MaterializeResult(asset_key=spec.key, metadata=metadata)
    for check in context.assets_def.check_specs:
        tested = outcomes.get((check.metadata or {}).get(DAGSTER_DBT_UNIQUE_ID_METADATA_KEY, ""))
        if tested and check.key in context.selected_asset_check_keys and tested.outcome != "skipped":
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=tested.outcome == "ok",
                severity=dg.AssetCheckSeverity.WARN if tested.outcome == "warned" else dg.AssetCheckSeverity.ERROR,
                metadata={"rows_that_break_it": tested.failures, "seconds": tested.seconds},
            )


def _in_order(specs: Iterable[dg.AssetSpec]) -> Iterator[dg.AssetSpec]:
    """Each after those that it is made of, as Dagster wants to be told."""
    by_key = {each.key: each for each in specs}
    above = {key: {dep.asset_key for dep in each.deps if dep.asset_key in by_key} for key, each in by_key.items()}
    return (by_key[key] for key in TopologicalSorter(above).static_order())


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
