"""How Dagster runs here: its settings, its history, the processes of its runs.

Belongs here: what ``dagster.yaml`` says and names. Does not belong here: what a run does (``assets.py``), what starts
one (``sensors.py``).
"""

from pathlib import Path

#: Settings of the Dagster instance; they are copied into each home before Dagster starts.
DAGSTER_SETTINGS = Path(__file__).with_name("dagster.yaml")
