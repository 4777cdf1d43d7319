"""The peers: what one would pick instead of kho's intake, each one file and one requirements file.

Belongs here: which they are, the largest file that each has to take, what each counts, and their environments. Does not
belong here: what a peer does (``peer_<name>.py``, which runs in ``.venv-<name>`` and imports nothing of kho).

To add one: write ``peer_<name>.py`` and ``requirements-<name>.txt``, and a line in ``PEERS``. The file is started with
the CSV and a scratch folder with ``facts.json`` (``population.facts``); its last line says accepted, rejected and
duplicates as JSON.
"""

from __future__ import annotations

import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
#: Below this line of a requirements file stands what the packages above it need.
NEEDED = "# What these need."


@dataclass(frozen=True)
class Peer:
    """A peer. A larger file than ``largest_rows`` takes it more than about a minute of CPU, or too much memory."""

    name: str
    largest_rows: int
    #: False: it has no rule over the whole file, so rows that repeat or contradict another are accepted.
    whole_file: bool = True

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return HERE / f".venv-{self.name}" / "bin" / "python"

    @property
    def script(self) -> Path:
        """What is run."""
        return HERE / f"peer_{self.name}.py"

    @property
    def requirements(self) -> Path:
        """What its environment holds."""
        return HERE / f"requirements-{self.name}.txt"

    def versions(self) -> list[str]:
        """The packages that it is about, for the report: those above the line of what these need in turn."""
        own = self.requirements.read_text(encoding="utf-8").partition(NEEDED)[0]
        return [line for line in own.splitlines() if not line.startswith("#")]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("pandas", 1_000_000),
        Peer("polars", 1_000_000),
        Peer("dbt", 1_000_000),
        Peer("gx", 1_000_000),
        Peer("dlt", 100_000, whole_file=False),
        Peer("frictionless", 100_000),
    )
}


def make_environment(peer: Peer) -> None:
    """The peer's environment, made anew when its requirements change. Needs the network then, and only then."""
    folder = peer.python.parent.parent
    stamp = folder / "requirements.txt"
    wanted = peer.requirements.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    venv.create(folder, with_pip=True, clear=True)
    subprocess.run([str(peer.python), "-m", "pip", "install", "-q", "-r", str(peer.requirements)], check=True)
    stamp.write_text(wanted, encoding="utf-8")
