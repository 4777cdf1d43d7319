"""What ``kho demo`` may touch, and what it asks at its end.

Belongs here: the demo's own home and its questions. Does not belong here: the files (``files.py``), the intake and the
build, which are those of every day.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from orchestration.demo.province import PROVINCE
from orchestration.files import replacing
from orchestration.intake.ledger import Ledger
from orchestration.settings import Settings

MARKER = "demo.json"


class ForeignHomeError(Exception):
    """The home holds something that no earlier demo put there, so the demo leaves it alone."""


@dataclass(frozen=True)
class Question:
    """A question in words and as SQL over the published warehouse."""

    title_vi: str
    title_en: str
    sql: str


QUESTIONS = (
    Question(
        title_vi="Xã, phường nào có tỷ lệ người dân hoàn thành khóa học kỹ năng số thấp nhất?",
        title_en="Where have the fewest residents completed a digital-skills course?",
        sql="""\
select geography_name, coverage_numerator, coverage_denominator, coverage_percent
from marts.mart_training_coverage
where geography_level = 'commune'
order by coverage_percent, geography_code
limit 5""",
    ),
    Question(
        title_vi="Những xã, phường đông dân nhất có bao nhiêu hộ, bao nhiêu thửa đất?",
        title_en="How many households and parcels do the most populous communes have?",
        sql="""\
select commune_name, residents, households, parcels, owners, round(area_m2 / 10000, 1) as area_ha
from marts.mart_commune_overview
order by residents desc, commune_code
limit 5""",
    ),
    Question(
        title_vi="Trong số người đang sử dụng đất, bao nhiêu người đã hoàn thành ít nhất một khóa học?",
        title_en="How many of the people who own land have completed at least one course?",
        sql="""\
select
    count(distinct owners.owner_citizen_key) as owners,
    count(distinct completions.citizen_key) as completed_owners
from core.fct_parcel_owner as owners
left join core.fct_training_completion as completions
    on owners.owner_citizen_key = completions.citizen_key and completions.is_completed
where owners.is_latest""",
    ),
)


def demo_settings(settings: Settings) -> Settings:
    """The settings with a sources folder inside the home, for the province that the demo is about."""
    return settings.model_copy(update={"sources": settings.home / "sources", "province": PROVINCE})


def check_home(settings: Settings) -> None:
    """Raise ForeignHomeError unless the home is empty, or holds an earlier demo and nothing that came after it."""
    home = settings.home
    if not home.exists() or not any(home.iterdir()):
        return
    marker = home / MARKER
    if not marker.is_file():
        raise ForeignHomeError(f"{home} is not empty and holds no demo: set KHO_HOME to an empty folder")
    foreign = [each.name for each in home.iterdir() if not _is_made_by_kho(settings, each.name)]
    own = set(json.loads(marker.read_text(encoding="utf-8"))["file_sha256"])
    submissions = Ledger(settings.ledger).all()
    if own or submissions:  # else an earlier demo was cut short while it dropped its files
        foreign += [each.file_name for each in submissions if each.file_sha256 not in own]
        foreign += [file.name for file in _waiting(settings) if _sha256(file) not in own]
    if foreign:
        raise ForeignHomeError(
            f"{home} holds {len(foreign)} things that are not the demo's, such as {foreign[0]}: "
            "set KHO_HOME to an empty folder, or delete this one yourself"
        )


def _is_made_by_kho(settings: Settings, name: str) -> bool:
    """Whether a name in the home is one of those that the settings know, or a companion of it (-wal, .tmp …)."""
    paths = [getattr(settings, each) for each, kind in vars(Settings).items() if isinstance(kind, property)]
    known = [path.name for path in (*paths, settings.sources, settings.home / MARKER) if path.parent == settings.home]
    return name.lstrip(".").startswith(tuple(known))


def _waiting(settings: Settings) -> list[Path]:
    return [file for file in settings.sources.glob("*/*/incoming/[!.]*") if file.is_file()]


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def start_anew(settings: Settings) -> None:
    """Empty a home that ``check_home`` allows, and claim it for the demo."""
    check_home(settings)
    if settings.home.exists():
        for each in settings.home.iterdir():
            if each.name == MARKER:
                continue  # a home cut short here still counts as a demo's
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
    remember_files(settings, [])


def remember_files(settings: Settings, paths: list[Path]) -> None:
    """Write into the home which files are the demo's, before any of them is taken in."""
    facts = {"file_sha256": [_sha256(path) for path in paths]}
    with replacing(settings.home / MARKER) as file:
        file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
