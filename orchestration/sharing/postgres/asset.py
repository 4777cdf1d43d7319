"""The Dagster asset that brings each published version to PostgreSQL; there only where KHO_POSTGRES says where to."""

from __future__ import annotations

import dagster as dg

from orchestration.assets import PUBLISHED
from orchestration.runs import ONLY_RUN
from orchestration.settings import Settings


def postgres_asset(settings: Settings) -> dg.AssetsDefinition:
    """What readers of PostgreSQL are shown. If it fails they are shown what they were, and the version stands."""

    @dg.asset(
        key=dg.AssetKey(["published", "postgresql"]),
        deps=[PUBLISHED],
        group_name="published",
        kinds={"postgresql"},
        description="Every audience's current version in a schema of PostgreSQL.",
        required_resource_keys={ONLY_RUN},
    )
    def published_postgresql() -> dg.MaterializeResult:
        from orchestration.sharing.postgres.publication import publish_to

        assert settings.postgres is not None
        done = publish_to(settings, settings.postgres.get_secret_value())
        return dg.MaterializeResult(metadata={"loaded": done.loaded, "shown": done.shown, "swept": done.swept})

    return published_postgresql
