"""One asset per dataset, from a factory: its accepted rows, and what its last files brought.

Belongs here: what Dagster shows of a dataset's intake. Does not belong here: how a file is taken in (``intake/``), what
is checked (``checks.py``), what comes after (``assets.py``). No annotations from the future in this module: Dagster
reads the type of ``context``.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from orchestration import checks
from orchestration.errors import place_of
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import is_waiting, take_in_dataset
from orchestration.locks import BusyError
from orchestration.runs import ONLY_RUN, OnProgress, Progress, bronze_key
from orchestration.settings import Settings
from schemas import Declaration

#: In the metadata of a dataset's materialisation: the last of its submissions in the ledger.
_TOLD = "ledger_sequence"


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
        with Ledger(settings.ledger).held_open():
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
    """Take in a dataset's files. A failure is told, not raised: it must not keep the other datasets waiting.

    Returns what was taken in since Dagster was last told, by this run or at once (``quick_intake``).
    """
    ledger = Ledger(settings.ledger)
    known = ledger.of_dataset(declaration.path)
    told = _told_until(context, declaration, known)
    before = {each.submission_id for each in known if each.sequence <= told}
    try:
        take_in_dataset(
            settings,
            declaration,
            on_file=lambda name: context.log.info(f"taking in {name}"),
            workers=getattr(context.resources, ONLY_RUN),
        )
        broken = ""
    except BusyError as busy:
        broken = str(busy)
    except Exception as error:
        broken = place_of(error)
        context.log.error(f"the intake of {declaration.path} broke off: {broken}")
    # Read back from the ledger: files that were taken in before it broke off count too.
    taken = [each for each in ledger.of_dataset(declaration.path) if each.submission_id not in before]
    for each in taken:
        context.log.info(f"{each.file_name}: {each.verdict}, {each.rows_accepted} of {each.rows_read} rows accepted")
    return taken, broken


def _told_until(context: dg.AssetExecutionContext, declaration: Declaration, known: Sequence[Submission]) -> int:
    """The ledger's sequence up to which Dagster was told of a dataset's submissions."""
    last = max((each.sequence for each in known), default=0)
    event = context.instance.get_latest_materialization_event(bronze_key(declaration))
    if event is None or event.asset_materialization is None:
        return 0
    told = event.asset_materialization.metadata.get(_TOLD)
    # A ledger that was brought back from a backup begins again below what was told.
    return min(int(str(told.value)), last) if told else last


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
        _TOLD: dg.MetadataValue.int(max((each.sequence for each in submissions), default=0)),
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
