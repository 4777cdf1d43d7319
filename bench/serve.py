"""Many readers at once: ``python -m bench.serve --home HOME [--clients 50] [--seconds 120]``.

The home is one with a published version, such as that of ``kho demo --rows 1000000``. Clients ask ``kho serve`` over
HTTP, each its next question as soon as it has the answer to the last; the floor is the same questions, one after the
other, in one process that has the published file open in DuckDB.

Belongs here: asking, measuring, printing. Does not belong here: the service.
"""

from __future__ import annotations

import http.client
import itertools
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from bench.reporting import Line, parser, report
from orchestration.settings import Settings
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.service.tokens import create_token
from orchestration.sharing.versions import SHARED, current

PORT = 8399
#: What people ask: the questions of the README and a count over the largest fact.
QUESTIONS = (
    "select * from marts.mart_commune_overview",
    "select kpi_id, value, target from marts.mart_kpi where geography_level = 'province' and is_latest",
    "select geography_name, coverage_percent from marts.mart_training_coverage order by coverage_percent limit 5",
    "select dataset, period, verdict, rows_accepted from marts.mart_submission",
    "select commune_key, count(*) as residents from core.fct_resident group by commune_key",
)


def _floor(file: Path, seconds: float) -> list[float]:
    """Seconds of each question, alone, in one process."""
    found, end = [], time.perf_counter() + seconds
    with open_read_only(file) as connection:
        for sql in itertools.cycle(QUESTIONS):
            start = time.perf_counter()
            connection.execute(sql).fetchall()
            found.append(time.perf_counter() - start)
            if time.perf_counter() > end:
                return found
    return found


def _client(token: str, first: int, end: float, found: list[float], statuses: Counter[int]) -> None:
    """Ask until the time is up; a broken connection counts as status 0."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.apache.arrow.stream"}
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    for sql in itertools.islice(itertools.cycle(QUESTIONS), first, None):
        start = time.perf_counter()
        if start > end:
            break
        try:
            connection.request("POST", "/query", sql, headers)
            response = connection.getresponse()
            response.read()
            statuses[response.status] += 1
            found.append(time.perf_counter() - start)
        except (OSError, http.client.HTTPException):
            statuses[0] += 1
            connection.close()
    connection.close()


def _wait(seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=2)
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("kho serve did not come up")


def _said(name: str, seconds: list[float], wall: float) -> Line:
    ordered = sorted(seconds)
    return {
        "step": name,
        "answers": len(ordered),
        "a_second": round(len(ordered) / wall, 1),
        "median_ms": round(statistics.median(ordered) * 1000, 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
        "worst_ms": round(ordered[-1] * 1000, 1),
    }


def _ratio(line: Line, floor: Line, name: str) -> float:
    return round(float(line[f"{name}_ms"]) / float(floor[f"{name}_ms"]), 2)


def _rows(file: Path) -> int:
    """The rows of the fact that the largest question counts."""
    with open_read_only(file) as connection:
        found = connection.execute("select count(*) from core.fct_resident").fetchone()
    assert found is not None
    return int(found[0])


def main() -> None:
    """Run and print."""
    asked = parser(__doc__)
    asked.add_argument("--home", type=Path, required=True)
    asked.add_argument("--clients", type=int, default=50)
    asked.add_argument("--seconds", type=float, default=120)
    arguments = asked.parse_args()
    settings = Settings(home=arguments.home.absolute())
    version = current(settings, audience=SHARED)
    if version is None:
        raise SystemExit(f"{arguments.home} has no published version")
    alone = min(20.0, arguments.seconds)
    floor = _said("floor", _floor(version.path, alone), alone)
    token = create_token(settings, "bench", SHARED)
    environment = {**os.environ, "KHO_HOME": str(settings.home)}
    command = [sys.executable, "-m", "orchestration", "serve", "--port", str(PORT)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as service:
        try:
            _wait()
            seconds: list[float] = []
            statuses: Counter[int] = Counter()
            end = time.perf_counter() + arguments.seconds
            clients = [
                threading.Thread(target=_client, args=(token, number, end, seconds, statuses))
                for number in range(arguments.clients)
            ]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            served = _said(f"kho {arguments.clients} clients", seconds, arguments.seconds)
        finally:
            service.send_signal(signal.SIGTERM)
    rows = _rows(version.path)
    for each in (floor, served):
        each.update(
            case="serve", rows=rows, **{f"{name}_ratio": _ratio(each, floor, name) for name in ("median", "p95")}
        )
    wrong = {status: count for status, count in statuses.items() if status != 200}
    report([floor, served], [{"statuses": dict(statuses)}], arguments.json)
    print(f"answers other than 200: {wrong or 'none'}; size of the file {version.bytes / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
