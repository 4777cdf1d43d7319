"""What the catalogue says in other programs' formats is valid there, and says what is declared."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from orchestration.catalogue.contracts import write_contracts
from orchestration.catalogue.portal import portal_catalogue
from schemas import datasets

SHA = "ab" * 32
MANIFEST = {
    "audience": "open",
    "version": "v000007",
    "published_at": "2026-11-02T01:00:00+00:00",
    "licence": "CC-BY-4.0",
    "valid_from": "2026-01-01",
    "valid_to": "2026-10-31",
    "tables": [
        {
            "name": "marts.mart_kpi",
            "description": "One row per KPI, geography and period.",
            "rows": 2,
            "file": "marts.mart_kpi.parquet",
            "bytes": 512,
            "sha256": SHA,
            "columns": [{"name": "kpi_id", "type": "VARCHAR", "classification": "open", "description": "KPI."}],
        }
    ],
}


def test_every_dataset_becomes_a_contract_that_the_standard_accepts(tmp_path: Path) -> None:
    schema = json.loads(OpenDataContractStandard.json_schema())
    validator = jsonschema.validators.validator_for(schema)(schema)
    written = write_contracts(tmp_path)
    assert [each.name for each in written] == [f"{each.table}.odcs.yaml" for each in datasets().values()]
    for file in written:
        said = [error.message for error in validator.iter_errors(yaml.safe_load(file.read_text(encoding="utf-8")))]
        assert said == [], file.name


def test_a_contract_says_what_the_declaration_says(tmp_path: Path) -> None:
    write_contracts(tmp_path)
    found = yaml.safe_load((tmp_path / "land_parcels.odcs.yaml").read_text(encoding="utf-8"))
    declaration = datasets()["land/parcels"]
    (table,) = found["schema"]
    columns = {each["name"]: each for each in table["properties"]}
    assert list(columns) == list(declaration.columns)
    assert columns["area_m2"]["logicalType"] == "number"
    assert columns["owner_citizen_id"]["classification"] == "personal"
    keyed = {each["name"]: each["primaryKeyPosition"] for each in table["properties"] if each.get("primaryKey")}
    assert keyed == {name: position for position, name in enumerate(declaration.key, start=1)}
    assert {each["name"] for each in columns["area_m2"]["quality"]} == {*declaration.rule_ids("area_m2")}
    assert {each["property"]: each["value"] for each in found["slaProperties"]} == {
        "frequency": 3,
        "retention": 30,
        "timeOfAvailability": declaration.due_day,
    }


def test_open_tables_become_a_catalogue_for_portals() -> None:
    found = portal_catalogue(MANIFEST, base_url="https://data.example/v7", publisher="Sở Khoa học và Công nghệ")
    (table,) = found["dcat:dataset"]
    address = "https://data.example/v7/marts.mart_kpi.parquet"
    assert table["dct:temporal"]["dcat:endDate"] == {"@value": "2026-10-31", "@type": "xsd:date"}
    assert table["dcat:distribution"] == [
        {
            "@id": f"{address}#distribution",
            "@type": "dcat:Distribution",
            "dcat:accessURL": {"@id": address},
            "dcat:downloadURL": {"@id": address},
            "dcat:mediaType": {"@id": "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet"},
            "dcat:byteSize": {"@value": "512", "@type": "xsd:nonNegativeInteger"},
            "dct:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
            "spdx:checksum": {
                "@type": "spdx:Checksum",
                "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                "spdx:checksumValue": {"@value": SHA, "@type": "xsd:hexBinary"},
            },
        }
    ]
    prefixes = {name.split(":")[0] for name in _names(found) if not name.startswith("@")}
    assert prefixes == set(found["@context"]) - {"xsd"}


def _names(node: object) -> set[str]:
    """Every term of a document below its context."""
    if isinstance(node, list):
        return {name for each in node for name in _names(each)}
    if isinstance(node, dict):
        own = {name for name in node if name != "@context"}
        return own | {name for key in own for name in _names(node[key])}
    return set()
