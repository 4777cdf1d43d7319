"""Datasets as data contracts: one YAML of the Open Data Contract Standard (3.2) for each, for tools that read it.

Belongs here: which field of the standard says what a declaration says. Does not belong here: the catalogue's pages
(``site.py``), tables for portals (``portal.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    Description,
    EnumValue,
    OpenDataContractStandard,
    Role,
    SchemaObject,
    SchemaProperty,
    ServiceLevelAgreementProperty,
    Synonym,
    Team,
)

from orchestration.files import replacing
from orchestration.intake.wording import explain
from schemas import Column, Declaration, datasets
from schemas.rules import RULES

API_VERSION = "v3.2.0"
#: The dimensions of the motto as the standard knows them; it has none for what is shared.
_DIMENSIONS = {
    "accurate": "accuracy",
    "complete": "completeness",
    "clean": "conformity",
    "live": "timeliness",
    "unified": "consistency",
}
#: How often a period ends.
_FREQUENCY = {"month": (1, "m"), "quarter": (3, "m"), "year": (1, "y")}


def write_contracts(folder: Path) -> list[Path]:
    """Write ``<department>_<name>.odcs.yaml`` of every dataset; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for declaration in datasets().values():
        target = folder / f"{declaration.table}.odcs.yaml"
        with replacing(target, mode=0o644) as file:
            file.write_text(contract(declaration).to_yaml(), encoding="utf-8")
        written.append(target)
    return written


def contract(declaration: Declaration) -> OpenDataContractStandard:
    """The contract between a department and the warehouse about one dataset."""
    return OpenDataContractStandard(
        kind="DataContract",
        apiVersion=API_VERSION,
        id=declaration.table,
        name=declaration.title,
        version=declaration.version,
        status="active",
        domain=declaration.department,
        dataProduct=declaration.path,
        description=Description(
            purpose=declaration.grain,
            limitations="Restricted columns reach no table: persons appear as pseudonyms that join across departments.",
            customProperties=[CustomProperty(property="legalBasis", value=declaration.legal_basis)],
        ),
        team=Team(name=declaration.owner),
        roles=[Role(role=f"department:{declaration.department}", access="read"), Role(role="shared", access="read")],
        slaProperties=_promises(declaration),
        schema=[
            SchemaObject(
                name=declaration.table,
                logicalType="object",
                physicalType="workbook or text file",
                businessName=declaration.title,
                dataGranularityDescription=declaration.grain,
                properties=[_property(declaration, each) for each in declaration.columns.values()],
            )
        ],
    )


def _promises(declaration: Declaration) -> list[ServiceLevelAgreementProperty]:
    value, unit = _FREQUENCY[declaration.period]
    return [
        ServiceLevelAgreementProperty(property="frequency", value=value, unit=unit),
        ServiceLevelAgreementProperty(property="retention", value=declaration.retention_years, unit="y"),
        ServiceLevelAgreementProperty(
            property="timeOfAvailability",
            value=declaration.due_day,
            unit="d",
            description="Days after the end of the period until which its file is due",
        ),
    ]


def _property(declaration: Declaration, column: Column) -> SchemaProperty:
    in_key = column.name in declaration.key
    return SchemaProperty(
        name=column.name,
        physicalName=column.title,
        businessName=column.title,
        description=column.description,
        synonyms=[Synonym(synonym=each, locale="vi") for each in column.also] or None,
        logicalType=_logical_type(column.type.physical),
        physicalType="text",
        required=column.required,
        primaryKey=in_key,
        primaryKeyPosition=declaration.key.index(column.name) + 1 if in_key else None,
        classification=column.classification,
        enum=[EnumValue(value=value, label=words[0] if words else value) for value, words in column.choices.items()]
        or None,
        quality=[_quality(declaration, column, rule) for rule in declaration.rule_ids(column.name)] or None,
    )


def _logical_type(dtype: Any) -> str:
    if dtype == pl.Boolean:
        return "boolean"
    if dtype == pl.Date:
        return "date"
    if dtype.is_integer():
        return "integer"
    return "number" if dtype.is_numeric() else "string"


def _quality(declaration: Declaration, column: Column, rule_id: str) -> DataQuality:
    """A rule in words, as the receipts say it: kho evaluates it, so no other program needs to."""
    rule = RULES[rule_id]
    return DataQuality(
        type="text",
        name=rule_id,
        description=explain(declaration, rule_id, column.name).en,
        dimension=_DIMENSIONS.get(rule.dimension),
        severity=rule.severity,
    )
