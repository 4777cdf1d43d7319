"""The demo's data is what it claims to be, judged by plain Python that shares no code with its generator or the intake."""

import csv
import datetime
import hashlib
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from orchestration.demo import story
from orchestration.demo.drafts import COMPLETIONS, PARCELS, RESIDENTS
from orchestration.demo.files import DemoFiles, write_demo_files
from orchestration.demo.learning import build_learning
from orchestration.demo.parcels import build_parcels, tax_code
from orchestration.demo.province import Province, build_province
from orchestration.intake.ledger import Ledger, Submission
from orchestration.settings import Settings
from schemas import dataset
from schemas.rules import RULES

TODAY = datetime.date(2026, 11, 22)
ROWS, SEED = 1200, 7
SEEDS = Settings().seeds


def write(folder: Path, **changed) -> DemoFiles:
    settings = story.demo_settings(Settings(home=folder))
    return write_demo_files(settings, **{"rows": ROWS, "seed": SEED, "today": TODAY, **changed})


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> DemoFiles:
    return write(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def province() -> Province:
    return build_province(SEEDS, rows=ROWS, seed=SEED, today=TODAY)


# --- the province ------------------------------------------------------------------------------------------
def test_the_register_of_the_last_month_holds_exactly_the_rows_asked_for_in_all_99_communes(province):
    registered = [person for person in province.persons if not person.left]
    assert len(registered) == ROWS
    assert len({person.commune.code for person in registered}) == 99


def test_citizen_ids_are_unique_and_say_sex_century_and_year_of_birth(province):
    ids = [person.citizen_id for person in province.persons]
    assert len(set(ids)) == len(ids)
    for person in province.persons:
        assert re.fullmatch(r"[0-9]{12}", person.citizen_id)
        digit = {("male", 19): "0", ("female", 19): "1", ("male", 20): "2", ("female", 20): "3"}
        expected = digit[person.sex, person.birth.year // 100] + str(person.birth.year)[2:]
        assert person.citizen_id[3:6] == expected
    prefixes = Counter(citizen_id[:3] for citizen_id in ids)
    assert prefixes["010"] + prefixes["015"] > 0.8 * len(ids)


def test_every_household_has_one_head_and_parents_are_older_than_children(province):
    for household in province.households:
        by_relation = {}
        for person in household:
            by_relation.setdefault(person.relation, []).append(person.birth)
        assert len(by_relation["head"]) == 1
        assert len({(person.commune.code, person.village, person.household_no) for person in household}) == 1
        adults = by_relation["head"] + by_relation.get("spouse", [])
        assert all(child.year - min(adults).year >= 17 for child in by_relation.get("child", []))
        assert all(parent.year < by_relation["head"][0].year for parent in by_relation.get("parent", []))
    numbers = [household[0].household_no for household in province.households]
    assert len(set(numbers)) == len(numbers)


def test_parcels_belong_to_residents_or_to_organisations_with_valid_tax_codes(province):
    parcels = build_parcels(province, SEEDS, rows=900, seed=SEED, quarter_end=datetime.date(2026, 9, 30))
    names = {person.citizen_id: (person.full_name, person.commune.code) for person in province.persons}
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    organisations = 0
    for parcel in parcels:
        assert parcel.area_m2 > 0
        for owner in parcel.owners:
            if owner.citizen_id:
                assert names[owner.citizen_id] == (owner.name, parcel.commune.code)
            else:
                organisations += 1
                total = sum(weight * int(digit) for weight, digit in zip(weights, owner.tax_code[:9], strict=True))
                assert re.fullmatch("[0-9]{10}", owner.tax_code) and int(owner.tax_code[9]) == 10 - total % 11
    assert organisations and sum(len(parcel.owners) for parcel in parcels) == 900
    places = [(parcel.old_commune, parcel.commune.code, parcel.map_sheet, parcel.parcel_no) for parcel in parcels]
    assert len(set(places)) == len(places)


def test_a_tax_code_whose_check_digit_would_have_two_digits_is_never_given_out():
    # A published one, 0100109106: 1·29 + 1·17 + 9·7 + 1·5 = 114, 114 mod 11 = 4, 10 − 4 = 6.
    assert tax_code(10010910) == "0100109106"
    assert tax_code(0) is None


def test_learners_are_residents_and_finish_within_the_reported_month(province):
    learning = build_learning(province, rows=500, seed=SEED)
    people = {person.citizen_id for person in province.persons}
    for reported, month in ((learning.earlier, 9), (learning.latest, 10), (learning.of_ward, 10)):
        assert reported
        assert len({(each.person.citizen_id, each.course.name) for each in reported}) == len(reported)
        for each in reported:
            assert each.person.citizen_id in people
            assert (each.completed is not None) == (each.result == "completed")
            if each.completed:
                assert each.enrolled <= each.completed and each.completed.month == month


# --- the files ---------------------------------------------------------------------------------------------
def digests(files: DemoFiles) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.paths}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(files, tmp_path):
    again, other = write(tmp_path / "again"), write(tmp_path / "other", seed=SEED + 1)
    assert digests(again) == digests(files)
    assert again.planted == files.planted and again.expectations == files.expectations
    assert not set(digests(other).values()) & set(digests(files).values())


def test_periods_follow_the_day_of_the_demo(tmp_path):
    january = write(tmp_path, today=datetime.date(2027, 1, 3))
    periods = [(each.dataset, each.period) for each in january.expectations]
    assert periods == [
        (RESIDENTS, "2026-11"),
        (RESIDENTS, "2026-12"),
        (PARCELS, "2026Q3"),
        (PARCELS, "2026Q4"),
        (COMPLETIONS, "2026-11"),
        (COMPLETIONS, "2026-12"),
        (COMPLETIONS, "2026-12"),
        ("home_affairs/archives", "2026Q2"),
        ("home_affairs/archives", "2026Q3"),
        ("home_affairs/staffing", "2026Q4"),
        ("home_affairs/archives", "2026Q4"),
        ("connectivity/communes", "2026Q4"),
        ("connectivity/villages", "2026Q4"),
        ("direction/tasks", "2026Q4"),
        ("public_service/dossiers", "2026-12"),
        ("direction/documents", "2026-12"),
        ("direction/dti_scores", "2026"),
        ("finance/digital_spending", "2026"),
    ]


def test_only_sizes_that_hold_all_mistakes_are_made(tmp_path):
    for rows in (999, 1_000_001):
        with pytest.raises(ValueError, match="rows must lie between"):
            write(tmp_path, rows=rows)


def table(path: Path) -> tuple[list[str], dict[int, list]]:
    """Headers and data rows by row number, found by the layout that this test knows: STT counts the data rows."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            rows = list(csv.reader(file, delimiter=delimiter))
        return rows[0], dict(enumerate(rows[1:], start=2))
    sheet = openpyxl.load_workbook(path).active
    rows = dict(enumerate(sheet.iter_rows(values_only=True), start=1))
    start = next(number for number, row in rows.items() if row[0] == "STT")
    below = rows[start + 1]
    headers = [rows[start][at] if below[0] or not below[at] else below[at] for at in range(len(below))]
    return headers, {number: list(row) for number, row in rows.items() if isinstance(row[0], int)}


def by_name(path: str, headers: list[str], cells: list) -> dict:
    """Cells under the declared names; empty text is None."""
    names = {header: name for name, column in dataset(path).columns.items() for header in column.headers}
    return {
        names[header]: cell or None if cell == "" else cell
        for header, cell in zip(headers, cells, strict=True)
        if header in names
    }


def test_the_layouts_are_those_of_real_offices(files):
    land = openpyxl.load_workbook(next(path for path in files.paths if path.name.startswith("Biểu"))).active
    texts = [[cell for cell in row if cell is not None] for row in land.iter_rows(values_only=True)]
    assert texts[0] == ["UBND TỈNH LÀO CAI", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"]
    assert ["Quý III/2026"] in texts and ["Tổng cộng"] in [row[:1] for row in texts]
    assert [f"({number})" for number in range(1, 17)] in texts
    assert any(merged.max_col > merged.min_col for merged in land.merged_cells.ranges)
    areas = [cell.value for cell in land["G"] if cell.row > 12]
    assert any(isinstance(area, float) for area in areas)
    assert any(isinstance(area, str) and re.fullmatch(r"[0-9.]+,[0-9]", area) for area in areas)
    assert any(isinstance(cell.value, datetime.datetime) for cell in land["K"])
    register = next(path for path in files.paths if path.name.startswith("Dân cư")).read_bytes()
    assert register.startswith(b"\xef\xbb\xbf") and register.count(b";") > 11 * ROWS * 0.9
    learners = openpyxl.load_workbook(next(path for path in files.paths if path.name.startswith("Kết quả"))).active
    assert sum(isinstance(cell.value, int) for cell in learners["C"]) > 100, "ids are numbers and lost their zero"


# --- the mistakes ------------------------------------------------------------------------------------------
def day(cell) -> datetime.date | None:
    """A date cell; None where it is empty. Raises ValueError where it is no date."""
    if cell is None or isinstance(cell, datetime.datetime):
        return cell.date() if cell else None
    parts = [int(part) for part in cell.split("/")]
    return datetime.date(*reversed([1] * (3 - len(parts)) + parts))


def number(cell) -> Decimal:
    """A number as CSV and workbook write it."""
    return Decimal(str(cell).replace(",", ".")) if isinstance(cell, str) else Decimal(str(cell))


class Oracle:
    """What is wrong with a row, by rules written down a second time for this test: (column, rule) pairs."""

    def __init__(self) -> None:
        with (SEEDS / "commune.csv").open(encoding="utf-8", newline="") as file:
            own = [row for row in csv.DictReader(file) if row["province_code"] == "15"]
        self.communes = {row["commune_name"] for row in own} | {row["commune_code"] for row in own}
        with (SEEDS / "land_type.csv").open(encoding="utf-8", newline="") as file:
            self.land = {row["land_type_code"]: row["is_leaf"] == "true" for row in csv.DictReader(file)}
        with (SEEDS / "citizen_id_province.csv").open(encoding="utf-8", newline="") as file:
            self.prefixes = {row["prefix"] for row in csv.DictReader(file)}

    def findings(self, path: str, row: dict) -> set[tuple[str, str]]:
        found = {
            (name, "required")
            for name, column in dataset(path).columns.items()
            if column.required and row[name] is None
        }
        commune = row.get("commune") and " ".join(row["commune"].split()).lower().replace("hoà", "hòa")
        if commune and commune not in {each.lower() for each in self.communes}:
            found.add(("commune", "commune.unknown"))
        for name, column in dataset(path).columns.items():
            words = [word.lower() for each in column.choices.values() for word in each]
            if words and row.get(name) is not None and str(row[name]).lower() not in words:
                found.add((name, "choice.unknown" if column.required else "choice.unknown_optional"))
        dates = {
            name: self._date(found, name, row[name], future=name == "due_at")
            for name in (
                *("date_of_birth", "death_date", "enrolled", "completed", "certificate_date", "as_of"),
                *("received_at", "due_at", "finished_at", "from_date", "to_date"),
            )
            if name in row
        }
        if path == PARCELS:
            self._parcel(found, row)
        elif path in (RESIDENTS, COMPLETIONS):
            self._citizen(found, row, dates["date_of_birth"])
        else:
            found |= self._office(path, row, dates)
        if path == RESIDENTS:
            self._death(found, row, dates)
        if path == COMPLETIONS:
            self._course(found, row, dates)
        return found

    def _office(self, path, row, dates):
        def more(column, than):
            return row[column] is not None and row[than] is not None and number(row[column]) > number(row[than])

        if path == "home_affairs/staffing":
            yes_no = {("trained_in_it", "boolean.format")} if row["trained_in_it"] not in ("Có", "Không") else set()
            left = dates["to_date"] and dates["to_date"] < dates["from_date"]
            return yes_no | ({("to_date", "staffing.left_before_start")} if left else set())
        if path == "public_service/dossiers":
            received, finished = dates["received_at"], dates["finished_at"]
            assert f"-{received:%y%m%d}-" in row["dossier_code"] and dates["due_at"] >= received
            early = {("finished_at", "dossiers.before_received")} if finished and finished < received else set()
            other = (row["status"] == "Đã giải quyết") != (finished is not None)
            return early | ({("status", "dossiers.status_against_dates")} if other else set())
        if path == "direction/tasks":
            bare = row["status"] == "Hoàn thành" and row["evidence"] is None
            return {("evidence", "tasks.done_without_evidence")} if bare else set()
        if path == "connectivity/communes":
            return {("scanners", "number.range")} if number(row["scanners"]) < 0 else set()
        limits = {
            "home_affairs/archives": ("pages_digitised", "pages", "archives.more_digitised_than_there"),
            "direction/documents": ("digitally_signed", "issued", "documents.more_than_issued"),
            "direction/dti_scores": ("score", "max_score", "dti_scores.more_than_maximum"),
            "finance/digital_spending": ("disbursed_vnd", "planned_vnd", "digital_spending.more_than_planned"),
        }
        if path not in limits:
            return set()
        column, than, rule = limits[path]
        return {(column, rule)} if more(column, than) else set()

    def _date(self, found, name, cell, *, future=False):
        try:
            read = day(cell)
        except ValueError:
            found.add((name, "date.format"))
            return None
        if read and read > TODAY and not future:
            found.add((name, "date.future"))
        return read

    def _citizen(self, found, row, born):
        cell, sex = row["citizen_id"], row["sex"] and row["sex"].lower()
        if cell is None:
            return
        if "E+" in str(cell):
            found.add(("citizen_id", "cell.lost_digits"))
            return
        digits = str(cell)
        if not digits.isdigit() or len(digits) not in (9, 10, 11, 12):
            found.add(("citizen_id", "citizen_id.format"))
            return
        if len(digits) == 9:
            found.add(("citizen_id", "citizen_id.nine_digits"))
            return
        full = digits.zfill(12)
        wrong = set()
        if sex in ("nam", "nữ") and (int(full[3]) % 2 == 1) != (sex == "nữ"):
            wrong.add("citizen_id.sex")
        if born and 1900 + 100 * (int(full[3]) // 2) + int(full[4:6]) != born.year:
            wrong.add("citizen_id.birth_year")
        if full[:3] not in self.prefixes:
            wrong.add("citizen_id.province")
        if len(digits) < 12 and wrong:
            wrong = {"citizen_id.lost_zero"}
        found |= {("citizen_id", rule) for rule in wrong}

    def _death(self, found, row, dates):
        died, born = dates["death_date"], dates["date_of_birth"]
        if died and born and died.year < born.year:
            found.add(("death_date", "residents.death_before_birth"))
        if row["residence_type"] == "Đã chết" and died is None:
            found.add(("death_date", "residents.deceased_without_date"))

    def _course(self, found, row, dates):
        if dates["completed"] and dates["enrolled"] and dates["completed"] < dates["enrolled"]:
            found.add(("completed", "completions.completed_before_enrolled"))
        self._number(found, "score", row["score"], 0, 100)

    def _number(self, found, name, cell, low, high):
        if cell is None:
            return
        text = str(cell)
        if text.startswith("="):
            found.add((name, "cell.excel_error"))
        elif isinstance(cell, str) and re.fullmatch(r"[0-9]{1,3}\.[0-9]{3}", text):
            found.add((name, "decimal.ambiguous"))
        elif not re.fullmatch(r"-?[0-9.]+(,[0-9]+)?", text):
            found.add((name, "decimal.format"))
        else:
            value = Decimal(text.replace(".", "").replace(",", ".")) if isinstance(cell, str) else Decimal(text)
            if not low <= value <= high:
                found.add((name, "number.range"))

    def _parcel(self, found, row):
        self._number(found, "area_m2", row["area_m2"], Decimal("0.1"), 50_000_000)
        codes = row["land_type"].split("+") if row["land_type"] else []
        if any(code not in self.land for code in codes):
            found.add(("land_type", "land_type.unknown"))
        elif not all(self.land[code] for code in codes):
            found.add(("land_type", "land_type.group"))
        if row["certificate_no"] and not re.fullmatch(r"[A-Z]{1,2} [0-9]{6,8}", row["certificate_no"]):
            found.add(("certificate_no", "certificate.format"))
        if not row["parcel_id"] and not (row["old_commune"] and row["map_sheet"] and row["parcel_no"]):
            found.add(("parcel_id", "parcels.identity"))
        citizen, tax = row["owner_citizen_id"], row["owner_tax_code"]
        if citizen and len(citizen) != 12:
            rule = {9: "citizen_id.nine_digits", 11: "citizen_id.lost_zero"}[len(citizen)]
            found.add(("owner_citizen_id", rule))
        if tax and len(tax) != 10:
            found.add(("owner_tax_code", "tax_code.personal" if len(tax) == 12 else "tax_code.format"))
        elif tax and tax_code(int(tax[:9])) != tax:
            found.add(("owner_tax_code", "tax_code.check_digit"))
        if not (citizen or tax or row["owner_name"]):
            found.add(("owner_name", "parcels.owner_unknown"))


def test_exactly_the_planted_mistakes_stand_in_the_files(files):
    oracle = Oracle()
    for path, expected in zip(files.paths, files.expectations, strict=True):
        headers, rows = table(path)
        assert len(rows) == expected.rows == expected.accepted + expected.rejected + expected.duplicates
        assert len(expected.values) == expected.accepted
        found, seen = set(), {}
        for number, cells in rows.items():
            if len(cells) != len(headers):
                found.add((number, "", "row.structure"))
                continue
            row = by_name(expected.dataset, headers, cells)
            found |= {(number, *finding) for finding in oracle.findings(expected.dataset, row)}
            key = tuple(row[name] for name in dataset(expected.dataset).key)
            if any(key):
                seen.setdefault(key, {}).setdefault(tuple(row.values()), []).append(number)
        conflicts = [versions for versions in seen.values() if len(versions) > 1]
        found |= {
            (number, "", "row.key_conflict")
            for versions in conflicts
            for numbers in versions.values()
            for number in numbers
        }
        planted = [(each.row, each.column, each.rule) for each in files.planted if each.file_name == path.name]
        assert found == set(planted) and len(found) == len(planted)
        assert len({row for row, _, _ in planted}) == len(planted), "one mistake a row"
        errors = [rule for _, _, rule in planted if RULES[rule].severity == "error"]
        assert expected.rejected == len(errors)
        assert expected.duplicates == sum(
            len(numbers) - 1 for versions in seen.values() for numbers in versions.values()
        )


def test_the_mistakes_cover_the_rules_that_officers_break(files):
    assert {each.rule for each in files.planted} >= {
        "required", "commune.unknown", "date.format", "date.future", "citizen_id.sex", "citizen_id.birth_year",
        "citizen_id.lost_zero", "citizen_id.nine_digits", "citizen_id.province", "choice.unknown",
        "choice.unknown_optional", "number.range", "land_type.unknown", "tax_code.check_digit",
        "completions.completed_before_enrolled", "row.key_conflict", "row.structure",
    }  # fmt: skip


# --- the demo's own home -----------------------------------------------------------------------------------
def demo_home(folder: Path) -> Settings:
    return story.demo_settings(Settings(home=folder))


def test_a_home_that_holds_anything_else_is_refused_and_left_as_it_was(tmp_path):
    settings = demo_home(tmp_path)
    (tmp_path / "ledger.sqlite").write_bytes(b"a province's work")
    with pytest.raises(story.ForeignHomeError, match="holds no demo"):
        story.start_anew(settings)
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.sqlite"]


def taken_in(settings: Settings, path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    Ledger(settings.ledger).record(
        Submission(
            submission_id=digest[:16],
            department="land",
            dataset=PARCELS,
            file_name=path.name,
            file_sha256=digest,
            file_bytes=path.stat().st_size,
            file_identity="1:2:3:4",
            received_at=datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC),
            verdict="accepted",
        )
    )


def test_an_earlier_demo_is_replaced_unless_another_file_came_to_it(tmp_path):
    settings = demo_home(tmp_path / "home")
    story.start_anew(settings)
    dropped = write(tmp_path / "home")
    story.remember_files(settings, dropped.paths)
    taken_in(settings, dropped.paths[0])
    story.start_anew(settings)
    assert [each.name for each in settings.home.iterdir()] == ["demo.json"]
    assert json.loads((settings.home / "demo.json").read_text()) == {"file_sha256": []}

    dropped = write(tmp_path / "home")
    story.check_home(settings)  # as after a crash before the files were remembered
    story.remember_files(settings, dropped.paths)
    corrected = tmp_path / "corrected.xlsx"
    corrected.write_bytes(b"an officer's own file")
    taken_in(settings, corrected)
    with pytest.raises(story.ForeignHomeError, match=r"corrected\.xlsx"):
        story.start_anew(settings)
    assert settings.ledger.exists()


def test_a_stray_thing_in_the_home_of_a_demo_is_not_deleted(tmp_path):
    settings = demo_home(tmp_path)
    story.start_anew(settings)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(story.ForeignHomeError, match=r"notes\.txt"):
        story.start_anew(settings)
