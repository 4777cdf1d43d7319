"""The command as a person meets it: exit codes, output, and what it must not import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from openpyxl import load_workbook

from orchestration.settings import PROJECT
from tests import commands

GOOD = "Số CCCD;Họ và tên;Ngày sinh;Giới tính;Xã\n010080000001;Lý A Sử;05/03/1980;Nam;Bản Xèo\n"
BAD = GOOD + "010190000002;Vàng Thị Mỷ;31/02/1990;Nữ;Bản Xèo\n"


@pytest.fixture
def kho(tmp_path, monkeypatch):
    """Call ``kho`` with an empty home."""
    monkeypatch.setenv("KHO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KHO_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("KHO_NOW", "2026-11-02T08:00:00+00:00")  # October is not late yet
    return commands.kho


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_check_says_what_is_wrong_at_which_cell_and_stores_nothing(kho, tmp_path):
    file = write(tmp_path / "2026-10.csv", BAD)
    done = kho("check", file, "--dataset", "population/residents", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["verdict"], report["rows"]["accepted"], report["rows"]["returned"]) == ("partly", 1, 1)
    assert [(each["cell"], each["rule"]) for each in report["errors"]] == [("C3", "date.format")]
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "sources").exists()


@pytest.mark.parametrize(
    ("name", "content", "dataset", "code"),
    [
        ("2026-10.csv", GOOD, "population/residents", 0),
        ("2026-10.csv", BAD, "population_residents", 1),
        ("no period.csv", GOOD, "population/residents", 1),
        ("2026-10.csv", "", "population/residents", 3),
        ("2026-10.xlsx", "PK\x03\x04 cut short", "population/residents", 3),
        ("2026-10.csv", GOOD, "population/houses", 3),
    ],
)
def test_check_ends_with_the_code_that_the_help_promises(kho, tmp_path, name, content, dataset, code):
    assert kho("check", write(tmp_path / name, content), "--dataset", dataset).returncode == code


def test_a_province_that_is_too_small_or_too_large_is_a_usage_error(kho):
    for rows, said in (("999", "1000"), ("1000001", "1000000")):
        ended = kho("demo", "--rows", rows)
        assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr


def test_usage_errors_end_with_2_and_say_how_it_is_meant(kho, tmp_path):
    for arguments in (["check", tmp_path / "absent.csv", "-d", "land/parcels"], ["sql"], ["frobnicate"]):
        done = kho(*arguments)
        assert (done.returncode, bool(done.stderr)) == (2, True), arguments


def test_peek_shows_cells_as_they_stand(kho, tmp_path):
    file = write(tmp_path / "x.csv", 'Mã;Tên\n007;"A; B"\n\n1.234,5; x \n')
    assert json.loads(kho("peek", file, "--json").stdout) == {
        "csv": [["Mã", "Tên"], ["007", "A; B"], ["", ""], ["1.234,5", " x "]]
    }
    unreadable = kho("peek", write(tmp_path / "y.csv", ""), "--json")
    assert (unreadable.returncode, "zero bytes" in unreadable.stderr) == (3, True)


def test_schema_prints_the_declaration_for_programs(kho):
    facts = json.loads(kho("schema", "training/completions", "--json").stdout)
    assert (facts["name"], facts["key"], facts["load"], facts["period"]) == (
        "training/completions",
        ["citizen_id", "course_name"],
        "upsert",
        "month",
    )
    score = next(each for each in facts["columns"] if each["name"] == "score")
    assert (score["title"], score["type"], score["required"], score["checks"]) == (
        "Điểm",
        "decimal",
        False,
        ["number.range"],
    )
    assert set(score) >= {"also", "classification", "description"}


def test_a_template_is_accepted_straight_back_once_it_is_filled(kho, tmp_path):
    file = tmp_path / "biểu.xlsx"
    assert kho("template", "population/residents", "-o", file, "--period", "2026-10").returncode == 0
    book = load_workbook(file)
    sheet = book.worksheets[0]
    header = next(row for row in sheet.iter_rows() if any(cell.value == "Số định danh cá nhân" for cell in row))
    values = {
        "Số định danh cá nhân": "010080000001",
        "Họ và tên": "Lý A Sử",
        "Ngày sinh": "1980",
        "Giới tính": "Nam",
        "Xã/phường": "Xã Bản Xèo",
    }
    for cell in header:
        if cell.value in values:
            sheet.cell(cell.row + 1, cell.column, values[cell.value])
    book.save(file)
    report = json.loads(kho("check", file, "-d", "population/residents", "--json").stdout)
    assert (report["verdict"], report["period"], report["period_source"], report["notices"]) == (
        "accepted",
        "2026-10",
        "template",
        [],
    )


def test_sql_says_what_to_do_before_anything_is_published(kho):
    done = kho("sql", "select 1")
    assert (done.returncode, "kho run" in done.stderr) == (2, True)


def test_status_shows_what_waits(kho, tmp_path):
    incoming = tmp_path / "sources/land/parcels/incoming"
    incoming.mkdir(parents=True)
    write(incoming / "2026Q3.csv", "x")
    (incoming / "link.csv").symlink_to(incoming / "2026Q3.csv")
    facts = json.loads(kho("status", "--json").stdout)
    parcels = next(each for each in facts["datasets"] if each["dataset"] == "land/parcels")
    assert (parcels["waiting_files"], parcels["skipped_files"], facts["published"]) == (
        ["2026Q3.csv"],
        ["link.csv"],
        None,
    )


@pytest.mark.parametrize("command", ["check", "peek", "status", "sql", "schema", "template"])
def test_quick_commands_import_neither_dagster_nor_dbt_and_no_more_than_they_need(command, tmp_path):
    file = write(tmp_path / "2026-10.csv", GOOD)
    arguments = {
        "check": ["check", str(file), "-d", "population/residents"],
        "peek": ["peek", str(file)],
        "sql": ["sql", "select 1"],
        "schema": ["schema", "land/parcels"],
        "template": ["template", "land/parcels", "-o", str(tmp_path / "t.xlsx")],
    }.get(command, [command])
    program = (
        "import sys\nfrom orchestration.cli import main\nsys.argv = ['kho', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'dagster', 'dagster_dbt', 'dbt', 'duckdb', 'pandas', 'pandera', 'polars'}\n"
        "print('HEAVY', sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    environment = {"KHO_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = {"sql": ["duckdb"], "status": []}.get(command, ["pandera", "polars"])
    assert done.stdout.splitlines()[-1] == f"HEAVY {expected}"
