"""Whatever is dropped into a folder: what the officer reads about it, and that the file beside it goes in.

Each case is one kind of bad input, the words that the officer finds in the receipt or in the note beside the receipts,
and nothing else. A case without words is one that she need not hear of. Names with ``_`` are those of the rules in
``schemas/file_rules.py``; the sentences stand here in full, because they are what is claimed.
"""

from __future__ import annotations

import errno
import fcntl
import io
import itertools
import json
import os
import re
import signal
import struct
import subprocess
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestration import run as running
from orchestration.intake import judging
from orchestration.intake.ledger import Ledger
from orchestration.intake.readers import text as text_reader
from orchestration.intake.receipts import report
from orchestration.intake.receipts.names import NOTE
from orchestration.intake.take_in import take_in_dataset
from orchestration.intake.time_limit import TimeLimitError, time_limit
from orchestration.run import prepare_home
from orchestration.runs import Progress
from orchestration.settings import Settings
from tests.conftest import Drop
from tests.office import PARCELS, RESIDENTS, drop, parcel, resident, rows_csv, rows_xlsx
from tests.test_workbooks import MAIN, write_raw

UNREADABLE = "Không đọc được tệp (tệp hỏng, bị cắt dở hoặc không phải bảng tính)"
LIMITS = "Đọc tệp vượt quá giới hạn thời gian hoặc bộ nhớ"
EMPTY = "Tệp rỗng, không có dữ liệu"
ACCEPTED = ""  # a receipt without a notice about the whole file
FOLDER = "là thư mục; kho không mở thư mục con. Hãy chuyển các tệp bên trong ra ngay trong incoming."
LINK = "là lối tắt (liên kết), không phải tệp. Hãy chép chính tệp đó vào incoming."
DEVICE = "không phải là tệp. Hãy xóa và chép tệp số liệu vào incoming."
PARTIAL = "là tệp chép hoặc tải dở. Hãy chép lại cho xong; nếu tệp đã đủ thì đổi tên, bỏ phần đuôi này."
KEPT = "đã nhận xong, biên nhận nằm cạnh tệp này, nhưng thư mục không cho kho dọn tệp. Không cần gửi lại; có thể xóa."

GOOD = rows_csv(RESIDENTS, [resident(number) for number in range(5)])
NEIGHBOUR = "2026-09.csv"
Make = Callable[[Path], None]


@dataclass(frozen=True)
class Seen:
    """What the officer sees: for each receipt's file the deciding sentence, the lines of the note, what stays."""

    receipts: dict[str, str] = field(default_factory=dict)
    note: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


def seen(settings: Settings) -> Seen:
    """Read the folders as an officer would, without the good neighbour's receipt."""
    folder = settings.receipts(RESIDENTS.path)
    receipts = {}
    for path in folder.glob("*.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        errors = [each["message"] for each in facts["notices"] if each["severity"] == "error"]
        receipts[facts["file_name"]] = errors[0] if errors else ""
    assert receipts.pop(NEIGHBOUR) == ACCEPTED
    note = folder / NOTE
    lines = note.read_text(encoding="utf-8-sig").splitlines()[2:] if note.exists() else []
    return Seen(receipts, lines, sorted(path.name for path in settings.incoming(RESIDENTS.path).iterdir()))


def take_in_with_neighbour(settings: Settings) -> Seen:
    """Take in what lies there and, after it, a good file."""
    drop(settings, RESIDENTS, NEIGHBOUR, GOOD, at=1000)
    take_in_dataset(settings, RESIDENTS)
    return seen(settings)


# --- content ----------------------------------------------------------------------------------------------
ONE_CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'


def sheet_of(rows: str, doctype: str = "") -> bytes:
    """A workbook whose only sheet holds this XML."""
    return workbook(
        {
            "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{doctype}<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>'
        }
    )


def styles_of(text: str, doctype: str) -> bytes:
    """A workbook whose styles hold this text; they are parsed by another parser than the sheets."""
    return workbook({"xl/styles.xml": f'<?xml version="1.0"?>{doctype}<styleSheet {MAIN}><x>{text}</x></styleSheet>'})


def workbook(parts: dict[str, str]) -> bytes:
    """A workbook of one cell in which these parts are others."""
    made = io.BytesIO()
    write_raw(made, ONE_CELL.format("1"), more=parts)
    return made.getvalue()


_LEVELS = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
LAUGHS = f'<!DOCTYPE x [<!ENTITY a0 "ha">{_LEVELS}]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"A" * 100_000}">]>'


def cut_workbook() -> bytes:
    whole = sheet_of(ONE_CELL.format("chữ"))
    return whole[: len(whole) // 2]


def zip_bomb() -> bytes:
    """Ten megabytes of spaces in ten kilobytes."""
    return sheet_of(" " * (10 << 20))


def far_cell() -> bytes:
    return sheet_of('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')


def much_text() -> bytes:
    """One text of a megabyte in three cells: the reader's disk has room for two."""
    text = "".join(f"{number:x}" for number in range(200_000))
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in (1, 2, 3))
    strings = f"<sst {MAIN}><si><t>{text}</t></si></sst>"
    sheet = f"<worksheet {MAIN}><sheetData>{cells}</sheetData></worksheet>"
    return workbook({"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": strings})


CONTENTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", EMPTY),
    "a copy that was cut off": (cut_workbook, UNREADABLE),
    "a copy whose end is still zeros": (lambda: GOOD.encode() + bytes(5000), UNREADABLE),
    "a zip bomb": (zip_bomb, LIMITS),
    "a far cell": (far_cell, LIMITS),
    "an abort of the reader by depth": (lambda: sheet_of("<x>" * 2_000_000), LIMITS),
    "a column beyond all": (lambda: sheet_of('<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>'), LIMITS),
    "more text than may be written": (much_text, LIMITS),
    "billion laughs in a sheet": (lambda: sheet_of(ONE_CELL.format("&a9;"), LAUGHS), UNREADABLE),
    "billion laughs in the styles": (lambda: styles_of("&a9;", LAUGHS), UNREADABLE),
    "quadratic blow-up in a sheet": (lambda: sheet_of(ONE_CELL.format("&a;" * 50_000), QUADRATIC), UNREADABLE),
    "quadratic blow-up in the styles": (lambda: styles_of("&a;" * 50_000, QUADRATIC), UNREADABLE),
    "an external entity in a sheet": (lambda: sheet_of(ONE_CELL.format("&a;"), EXTERNAL), UNREADABLE),
    "an external entity in the styles": (lambda: styles_of("&a;", EXTERNAL), UNREADABLE),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_content_that_is_broken_or_made_to_harm_gets_a_receipt_with_its_reason(settings: Settings, kind: str) -> None:
    make, sentence = CONTENTS[kind]
    small = settings.model_copy(update={"reader_memory_mb": 1024, "reader_output_mb": 2})
    drop(small, RESIDENTS, "2026-10.xlsx", make())
    assert take_in_with_neighbour(small) == Seen({"2026-10.xlsx": sentence})
    assert list(small.temporary.iterdir()) == []


# --- what lies in the folder ------------------------------------------------------------------------------
def _folder(folder: Path) -> None:
    (folder / "Tháng 10").mkdir()
    (folder / "Tháng 10" / "2026-10.csv").write_text(GOOD, encoding="utf-8")


def _link(folder: Path) -> None:
    folder.with_name("elsewhere.csv").write_text(GOOD, encoding="utf-8")
    (folder / "2026-10.csv").symlink_to(folder.with_name("elsewhere.csv"))


def _old(path: Path) -> None:
    path.write_text("nửa", encoding="utf-8")
    os.utime(path, (1_000_000_000, 1_000_000_000))


LYING: dict[str, tuple[Make, Seen]] = {
    "a folder": (_folder, Seen(note=[f"- «Tháng 10» {FOLDER}"], stays=["Tháng 10"])),
    "a link to a file": (_link, Seen(note=[f"- «2026-10.csv» {LINK}"], stays=["2026-10.csv"])),
    "a link to nothing": (
        lambda folder: (folder / "2026-10.csv").symlink_to("gone"),
        Seen(note=[f"- «2026-10.csv» {LINK}"], stays=["2026-10.csv"]),
    ),
    "a pipe": (
        lambda folder: os.mkfifo(folder / "2026-10.csv"),
        Seen(note=[f"- «2026-10.csv» {DEVICE}"], stays=["2026-10.csv"]),
    ),
    "two names of one file": (
        lambda folder: (folder / "2026-08.csv").hardlink_to(_written(folder / "2026-07.csv")),
        Seen({"2026-07.csv": ACCEPTED, "2026-08.csv": ACCEPTED}),
    ),
    "the owner file of a workbook that is open": (
        lambda folder: _old(folder / "~$2026-10.xlsx"),
        Seen(stays=["~$2026-10.xlsx"]),
    ),
    "what programs put there": (
        lambda folder: [_old(folder / name) for name in ("Thumbs.db", "desktop.ini", ".DS_Store")],
        Seen(stays=[".DS_Store", "Thumbs.db", "desktop.ini"]),
    ),
    "a copy that goes on": (
        lambda folder: (folder / "2026-10.csv.part").write_text("nửa", encoding="utf-8"),
        Seen(stays=["2026-10.csv.part"]),
    ),
    "a copy that nobody finishes": (
        lambda folder: _old(folder / "2026-10.csv.part"),
        Seen(note=[f"- «2026-10.csv.part» {PARTIAL}"], stays=["2026-10.csv.part"]),
    ),
    "a file beyond all size": (
        lambda folder: os.truncate(_written(folder / "2026-10.csv"), 3 << 20),
        Seen(
            note=[
                "- «2026-10.csv» lớn hơn 2 MB nên kho không nhận. Hãy chia thành nhiều tệp, hoặc báo cán bộ dữ liệu."
            ],
            stays=["2026-10.csv"],
        ),
    ),
    "a name that would say more in the note": (
        lambda folder: (folder / "a»\r\n- «b\u202e").mkdir(),
        Seen(note=[f"- «a»  - «b » {FOLDER}"], stays=["a»\r\n- «b\u202e"]),
    ),
}


def _written(path: Path) -> Path:
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", LYING)
def test_what_is_no_file_of_hers_is_told_in_a_note_and_left_where_it_is(settings: Settings, kind: str) -> None:
    make, expected = LYING[kind]
    folder = settings.incoming(RESIDENTS.path)
    folder.mkdir(parents=True)
    make(folder)
    assert take_in_with_neighbour(settings.model_copy(update={"largest_file_mb": 2})) == expected


def test_the_note_goes_when_there_is_nothing_more_to_say(settings: Settings) -> None:
    folder = settings.incoming(RESIDENTS.path)
    folder.mkdir(parents=True)
    _folder(folder)
    assert take_in_with_neighbour(settings).note != []
    (folder / "Tháng 10" / "2026-10.csv").rename(folder / "2026-10.csv")
    (folder / "Tháng 10").rmdir()
    take_in_dataset(settings, RESIDENTS)
    assert seen(settings) == Seen({"2026-10.csv": ACCEPTED})


# --- names ------------------------------------------------------------------------------------------------
NAMES = {
    "a line end": ("2026-10 dòng\nmới.csv", "2026-10 dòng_mới.bien-nhan"),
    "quotes": ("2026-10 'a' \"b\".csv", "2026-10 _a_ _b.bien-nhan"),
    "a star and a semicolon": ("2026-10 *;rm.csv", "2026-10 _rm.bien-nhan"),
    "letters and marks apart": (unicodedata.normalize("NFD", "2026-10 Hoà.csv"), "2026-10 Hoà.bien-nhan"),
    "no UTF-8": (os.fsdecode(b"2026-10 b\xe9n.csv"), "2026-10 b_n.bien-nhan"),
    "255 bytes": ("2026-10 " + "ắ" * 81 + ".csv", "2026-10 " + "ắ" * 42 + ".bien-nhan"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_whatever_its_name_a_file_gets_a_receipt_that_is_called_after_it(settings: Settings, kind: str) -> None:
    name, stem = NAMES[kind]
    drop(settings, RESIDENTS, name, GOOD)
    assert take_in_with_neighbour(settings) == Seen({name.encode("utf-8", "replace").decode(): ACCEPTED})
    stems = {path.name.rpartition(".")[0].rpartition(".")[0] for path in settings.receipts(RESIDENTS.path).iterdir()}
    assert stems == {stem, "2026-09.bien-nhan"}


# --- time -------------------------------------------------------------------------------------------------
def test_a_file_that_takes_for_ever_is_refused_after_its_time_and_the_next_one_goes_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step that hangs is a regular expression, the worst case: one call that never comes back by itself."""
    real = judging.recognise

    def recognise(*arguments: Any, **named: Any) -> Any:
        if "2026-10.csv" in arguments:
            re.match(r"(a+)+$", "a" * 60 + "b")
        return real(*arguments, **named)

    monkeypatch.setattr(judging, "recognise", recognise)
    patience = itertools.chain([1], itertools.repeat(2000))  # the good file gets the time that a busy machine may take
    monkeypatch.setattr(judging, "time_limit", lambda seconds: time_limit(seconds * next(patience)))
    drop(settings, RESIDENTS, "2026-10.csv", GOOD)
    assert take_in_with_neighbour(settings.model_copy(update={"file_seconds": 0.3})) == Seen({"2026-10.csv": LIMITS})
    assert list(settings.temporary.iterdir()) == []


def test_a_workbook_that_takes_too_long_is_refused_with_that_reason(settings: Settings, tmp_path: Path) -> None:
    drop(settings, RESIDENTS, "2026-10.xlsx", rows_xlsx(tmp_path, RESIDENTS, [resident(1)]))
    assert take_in_with_neighbour(settings.model_copy(update={"reader_seconds": 0.05})) == Seen(
        {"2026-10.xlsx": LIMITS}
    )


def test_a_time_limit_ends_what_swallowed_it_as_an_error_of_its_own() -> None:
    with pytest.raises(TimeLimitError), time_limit(0.01):
        try:
            while True:
                pass
        except BaseException as error:
            raise ValueError("a library's words") from error


def test_a_time_limit_that_is_kept_leaves_no_alarm_and_an_outer_alarm_stays() -> None:
    with time_limit(50):
        with time_limit(10):
            pass
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left <= 50
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_time_limit_in_a_thread_is_told_at_the_end() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            with time_limit(0.0):
                time.monotonic()
        except TimeLimitError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_a_datasets_turn_ends_and_its_other_files_come_in_the_next_one(settings: Settings, drop: Drop) -> None:
    for month in ("07", "08", "09"):
        drop(RESIDENTS, f"2026-{month}.csv", GOOD)
    short = settings.model_copy(update={"dataset_seconds": 1e-9})
    taken = [[each.period for each in take_in_dataset(short, RESIDENTS)] for _ in range(4)]
    assert taken == [["2026-07"], ["2026-08"], ["2026-09"], []]


def test_a_run_gives_a_dataset_that_did_not_finish_another_turn_after_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[list[str]] = []

    def execute(_settings: Settings, chosen: Any, note: Any, *, anyway: bool) -> list[Any]:
        turns.append([each.path for each in chosen])
        note(Progress("population/residents", unfinished=len(turns) < 3))
        return []

    monkeypatch.setattr(running, "_execute", execute)
    running.run(settings, ["land/parcels", "population/residents"])
    assert turns == [["land/parcels", "population/residents"], ["population/residents"], ["population/residents"]]


def test_lines_without_end_take_no_more_memory_than_other_rows(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block is cut after so many rows, whatever stands in them; none is lost and none counted twice."""
    monkeypatch.setattr(text_reader, "MOST_BLOCK_ROWS", 100)
    heights = []
    real = text_reader._parse

    def parse(*arguments: Any, **named: Any) -> Any:
        parsed = real(*arguments, **named)
        heights.append(parsed.height)
        return parsed

    monkeypatch.setattr(text_reader, "_parse", parse)
    quoted = GOOD.splitlines()[1].replace(";", '";"').join('""') + "\n"
    body = GOOD + "\n" * 2000 + quoted.replace("0100", "0200") + "sai\n" * 1000
    drop(settings, RESIDENTS, "2026-10.csv", body)
    (submission,) = take_in_dataset(settings, RESIDENTS)
    assert max(heights) <= 400
    assert (submission.rows_accepted + submission.rows_rejected, submission.details["ignored"]) == (1006, {"header": 1})


# --- folders ----------------------------------------------------------------------------------------------
_GET_FLAGS, _SET_FLAGS, _IMMUTABLE = 0x80086601, 0x40086602, 0x10


def _immutable(folder: Path, on: bool) -> None:
    """What ``chattr +i`` does: nothing may be made or removed in the folder, not even by root."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        flags = struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0)))[0]
        flags = flags | _IMMUTABLE if on else flags & ~_IMMUTABLE
        fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("l", flags))
    finally:
        os.close(descriptor)


@pytest.fixture
def read_only(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Makes a folder read-only until the test has ended; also for root, where the file system can."""

    def make(folder: Path) -> None:
        if os.geteuid():
            folder.chmod(0o555)
            request.addfinalizer(lambda: folder.chmod(0o755))
            return
        try:
            _immutable(folder, True)
        except OSError:
            pytest.skip("this file system has no read-only folders for root")
        request.addfinalizer(lambda: _immutable(folder, False))

    return make


def test_a_file_in_a_read_only_folder_is_taken_in_once_and_the_note_says_so(
    settings: Settings, read_only: Callable[[Path], None]
) -> None:
    drop(settings, RESIDENTS, NEIGHBOUR, GOOD)
    drop(settings, RESIDENTS, "2026-10.csv", GOOD)
    read_only(settings.incoming(RESIDENTS.path))
    for _ in range(2):
        take_in_dataset(settings, RESIDENTS)
        assert seen(settings) == Seen(
            {"2026-10.csv": ACCEPTED},
            [f"- «{NEIGHBOUR}» {KEPT}", f"- «2026-10.csv» {KEPT}"],
            [NEIGHBOUR, "2026-10.csv"],
        )
    assert len(Ledger(settings.ledger).all()) == 2


def test_receipts_for_a_read_only_folder_come_when_it_lets_them(
    settings: Settings, read_only: Callable[[Path], None], request: pytest.FixtureRequest
) -> None:
    settings.receipts(RESIDENTS.path).mkdir(parents=True)
    _folder_in(settings)
    drop(settings, RESIDENTS, NEIGHBOUR, GOOD)
    read_only(settings.receipts(RESIDENTS.path))
    assert [each.verdict for each in take_in_dataset(settings, RESIDENTS)] == ["accepted"]
    assert list(settings.receipts(RESIDENTS.path).iterdir()) == []
    if os.geteuid():
        settings.receipts(RESIDENTS.path).chmod(0o755)
    else:
        _immutable(settings.receipts(RESIDENTS.path), False)
    assert take_in_dataset(settings, RESIDENTS) == []
    assert seen(settings) == Seen(note=[f"- «Tháng 10» {FOLDER}"], stays=["Tháng 10"])


def _folder_in(settings: Settings) -> None:
    settings.incoming(RESIDENTS.path).mkdir(parents=True, exist_ok=True)
    _folder(settings.incoming(RESIDENTS.path))


@pytest.mark.parametrize("name", ["incoming", "receipts", "template.xlsx"])
def test_something_in_the_way_of_one_datasets_folder_delays_no_other_dataset(settings: Settings, name: str) -> None:
    way = settings.sources / RESIDENTS.path / name
    way.parent.mkdir(parents=True)
    if name == "template.xlsx":
        way.mkdir()
    else:
        way.write_text("x", encoding="utf-8")
    prepare_home(settings)
    drop(settings, PARCELS, "2026Q4.csv", rows_csv(PARCELS, [parcel(1)]))
    assert [each.verdict for each in take_in_dataset(settings, PARCELS)] == ["accepted"]
    assert take_in_dataset(settings, RESIDENTS) == []


def test_a_link_in_place_of_our_hidden_folder_moves_no_file_of_another_folder(
    settings: Settings, tmp_path: Path
) -> None:
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "key").write_text("secret", encoding="utf-8")
    folder = settings.incoming(RESIDENTS.path)
    folder.mkdir(parents=True)
    (folder / ".kho-taken").symlink_to(treasure)
    seen_by_her = take_in_with_neighbour(settings)
    assert seen_by_her.note == [f"- «{NEIGHBOUR}» {KEPT}"]
    assert [path.name for path in treasure.iterdir()] == ["key"]


# --- a full disk --------------------------------------------------------------------------------------------
@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_file_too_large_for_the_disk_waits_for_space_and_the_others_go_in(
    settings: Settings, small_disk: Path
) -> None:
    """She sees her file where she put it, and no receipt: nothing is wrong with it."""
    settings = settings.model_copy(update={"home": small_disk / "home"})
    large = GOOD + "\n" * (3 << 20)
    drop(settings, RESIDENTS, "2026-10.csv", large)
    drop(settings, RESIDENTS, NEIGHBOUR, GOOD, at=1000)
    with pytest.raises(OSError) as full:
        take_in_dataset(settings, RESIDENTS)
    assert full.value.errno == errno.ENOSPC
    assert seen(settings) == Seen(stays=["2026-10.csv"])
    subprocess.run(["mount", "-o", "remount,size=30m", small_disk], check=True)
    take_in_dataset(settings, RESIDENTS)
    assert seen(settings) == Seen({"2026-10.csv": ACCEPTED})


def test_the_json_of_a_file_in_which_everything_is_wrong_lists_the_first_findings_and_counts_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST_ERRORS", 7)
    wrong = [resident(number, sex="?") for number in range(10)]
    drop(settings, RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, wrong))
    take_in_dataset(settings, RESIDENTS)
    (path,) = settings.receipts(RESIDENTS.path).glob("*.json")
    receipt = json.loads(path.read_text(encoding="utf-8"))
    found = [each for each in receipt["errors"] if each["row"]]
    assert ([each["row"] for each in found], receipt["errors_left_out"]) == ([2, 3, 4, 5, 6, 7, 8], 3)
    assert [each["count"] for each in receipt["reasons"]] == [10]


# --- very many files ----------------------------------------------------------------------------------------
def test_the_work_for_one_file_does_not_grow_with_the_number_of_files_beside_it(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand files in one folder: no listing of a folder and no walk through the ledger for each of them."""
    listings: list[Path] = []
    real = Path.iterdir

    def iterdir(path: Path) -> Any:
        listings.append(path)
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    counted = []
    for number in (2, 12):
        for position in range(number):
            drop(RESIDENTS, f"2026-10 {number} {position}.csv", "")
        listings.clear()
        assert len(take_in_dataset(settings, RESIDENTS)) == number
        counted.append(len([path for path in listings if path.name in ("incoming", "receipts")]))
    assert counted[0] == counted[1]


def test_the_ledger_answers_for_one_submission_without_reading_all(settings: Settings, drop: Drop) -> None:
    drop(RESIDENTS, "2026-10.csv", GOOD)
    (submission,) = take_in_dataset(settings, RESIDENTS)
    with Ledger(settings.ledger).connect() as connection:
        for where in ("submission_id = ?", "dataset = ? and unit = '' and period = '' and superseded_by = 'x'"):
            plan = connection.execute(f"explain query plan select * from effective_submission where {where}", ("x",))
            scans = [row["detail"] for row in plan if row["detail"].startswith("SCAN")]
            assert [each for each in scans if "subquery" not in each] == []  # those are of two rows at most
    assert Ledger(settings.ledger).get(submission.submission_id) == submission


def test_a_file_that_was_set_aside_comes_back_beside_what_came_since_even_under_the_longest_name(
    settings: Settings,
) -> None:
    from orchestration.intake.archive import ASIDE, put_back

    folder = settings.incoming(RESIDENTS.path)
    (folder / ASIDE).mkdir(parents=True)
    name = "ắ" * 83 + ".csv"
    (folder / ASIDE / name).write_text("old", encoding="utf-8")
    (folder / name).write_text("new", encoding="utf-8")
    put_back(folder)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        name: "new",
        "ắ" * 82 + " (2).csv": "old",
    }
