"""The catalogue as a static site that works from a folder, without a server or a network.

Belongs here: which pages there are, and filling the templates beside this module. Does not belong here: what they say
(``content.py``). The same declarations and the same published version give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2

from orchestration.building.derive import sql_type
from orchestration.building.kpis import Kpi
from orchestration.catalogue.content import Content
from orchestration.catalogue.graph import lineage_svg
from orchestration.intake.wording import Words
from orchestration.lineage.project import Relation
from orchestration.settings import Settings
from schemas import Declaration

_TEMPLATES = Path(__file__).parent / "templates"
#: Where the pages look for the documentation that dbt generates.
DBT_DOCS = Path("dbt") / "index.html"
_HOW = {
    "copied": Words("giữ nguyên", "copied"),
    "computed": Words("tính từ cùng dòng", "computed"),
    "aggregated": Words("tổng hợp nhiều dòng", "aggregated"),
}


def build_catalogue(settings: Settings, folder: Path) -> list[Path]:
    """Write every page and the search index into ``folder``; returns the files."""
    content = Content(settings)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        content=content, sql_type=sql_type, how=_HOW, has_dbt_docs=(folder / DBT_DOCS).exists(), dbt_docs=str(DBT_DOCS)
    )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, template, values in _pages(content):
        text = environment.get_template(template).render(page=name, **values)
        written.append(_write(folder / name, text))
    index = json.dumps(list(_entries(content)), ensure_ascii=False, separators=(",", ":"))
    written.append(_write(folder / "search-index.js", f"window.catalogueIndex = {index};\n"))
    written += [_write(folder / name, (_TEMPLATES / name).read_text(encoding="utf-8")) for name in _STATIC]
    return written


_STATIC = ("catalogue.css", "catalogue.js")


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _pages(content: Content) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "index.html", "index.html.j2", {}
    for declaration in content.datasets:
        yield dataset_page(declaration), "dataset.html.j2", {"dataset": declaration}
    for table in content.tables:
        yield table_page(table), "table.html.j2", {"table": table, "picture": _picture(content, table)}
    for kpi in content.kpis:
        yield kpi_page(kpi), "kpi.html.j2", {"kpi": kpi, "datasets": content.datasets_of(f"core.kpi_{kpi.id}")}


def dataset_page(declaration: Declaration) -> str:
    """The file of a dataset's page."""
    return f"dataset-{declaration.table}.html"


def table_page(table: Relation) -> str:
    """The file of a table's page."""
    return f"table-{table.schema}-{table.name}.html"


def kpi_page(kpi: Kpi) -> str:
    """The file of a KPI's page."""
    return f"kpi-{kpi.id}.html"


def _picture(content: Content, table: Relation) -> str:
    bronze = {f"bronze.{each.table}": each.path for each in content.datasets}
    sources = [bronze.get(each, each) for each in content.sources(table)]
    datasets = [each.path for each in content.datasets_of(table.full_name)]
    lines = [(each, table.full_name) for each in sources]
    for source in content.sources(table):
        if source not in bronze:
            lines += [(each.path, source) for each in content.datasets_of(source)]
    return lineage_svg(datasets, sources, table.full_name, lines)


def _entries(content: Content) -> Iterator[list[str]]:
    """What can be found: page, kind, name, and the words by which it is found."""
    for dataset in content.datasets:
        words = [dataset.path, dataset.title, dataset.owner, dataset.legal_basis]
        words += [text for each in dataset.columns.values() for text in (each.name, each.title)]
        yield [dataset_page(dataset), "dataset", dataset.title, dataset.path, " ".join(words)]
    for kpi in content.kpis:
        words = [kpi.id, kpi.name_vi, kpi.name_en, kpi.owner, kpi.numerator, kpi.denominator, kpi.legal_basis]
        yield [kpi_page(kpi), "kpi", kpi.name_vi, kpi.name_en, " ".join(words)]
    for table in content.tables:
        words = [table.full_name, table.description, *table.columns]
        yield [table_page(table), "table", table.full_name, table.description, " ".join(words)]
