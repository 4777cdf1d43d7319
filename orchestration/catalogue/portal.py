"""The open tables as a DCAT-AP catalogue (JSON-LD), which portals such as CKAN harvest.

Belongs here: the terms of DCAT-AP 3 for what is published to everybody. Does not belong here: which tables and columns
these are (``sharing/audiences.py``), the files (``sharing/tables.py``), data contracts (``contracts.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orchestration.files import replacing
from orchestration.settings import Settings
from orchestration.sharing.audiences import OPEN
from orchestration.sharing.tables import MANIFEST, folder_of_tables
from orchestration.sharing.versions import UnknownVersionError, current

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LICENCES = {"CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/"}
_PARQUET = "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet"


def write_portal_catalogue(settings: Settings, target: Path, *, base_url: str, publisher: str) -> int:
    """Write the catalogue of the published open version; returns the number of its tables.

    base_url: where the folder of the version will be served. Raises UnknownVersionError where nothing is published.
    """
    version = current(settings, audience=OPEN)
    manifest_file = folder_of_tables(version) / MANIFEST if version else None
    if manifest_file is None or not manifest_file.exists():
        raise UnknownVersionError("no open version with tables is published: run kho run first")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    base_url = base_url.rstrip("/")
    document = portal_catalogue(manifest, base_url=base_url, publisher=publisher)
    with replacing(target, mode=0o644) as file:
        file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(manifest["tables"])


def portal_catalogue(manifest: dict[str, Any], *, base_url: str, publisher: str) -> dict[str, Any]:
    """The document that a manifest of open tables becomes."""
    agent = {"@type": "foaf:Agent", "foaf:name": publisher}
    return {
        "@context": _CONTEXT,
        "@id": base_url,
        "@type": "dcat:Catalog",
        "dct:title": {"@value": "Dữ liệu mở của kho dữ liệu dùng chung", "@language": "vi"},
        "dct:description": {"@value": f"Open data, version {manifest['version']}", "@language": "en"},
        "dct:publisher": agent,
        "dct:language": {"@id": "http://publications.europa.eu/resource/authority/language/VIE"},
        "dct:issued": _moment(manifest["published_at"]),
        "dcat:dataset": [_dataset(manifest, table, base_url, agent) for table in manifest["tables"]],
    }


def _dataset(manifest: dict[str, Any], table: dict[str, Any], base_url: str, agent: dict[str, Any]) -> dict[str, Any]:
    found = {
        "@id": f"{base_url}/{table['name']}",
        "@type": "dcat:Dataset",
        "dct:identifier": table["name"],
        "dct:title": {"@value": table["name"], "@language": "en"},
        "dct:description": {"@value": table["description"], "@language": "en"},
        "dct:publisher": agent,
        "dct:modified": _moment(manifest["published_at"]),
        "dcat:version": manifest["version"],
        "dcat:keyword": [each["name"] for each in table["columns"]],
        "dcat:distribution": [_distribution(manifest, table, base_url)],
    }
    if manifest["valid_from"]:
        found["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": manifest["valid_from"], "@type": "xsd:date"},
            "dcat:endDate": {"@value": manifest["valid_to"], "@type": "xsd:date"},
        }
    return found


def _distribution(manifest: dict[str, Any], table: dict[str, Any], base_url: str) -> dict[str, Any]:
    address = f"{base_url}/{table['file']}"
    checksum = {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
        "spdx:checksumValue": {"@value": table["sha256"], "@type": "xsd:hexBinary"},
    }
    return {
        "@id": f"{address}#distribution",
        "@type": "dcat:Distribution",
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {"@id": _PARQUET},
        "dcat:byteSize": {"@value": str(table["bytes"]), "@type": "xsd:nonNegativeInteger"},
        "dct:license": {"@id": _LICENCES[manifest["licence"]]},
        "spdx:checksum": checksum,
    }


def _moment(text: str) -> dict[str, str]:
    return {"@value": text, "@type": "xsd:dateTime"}
