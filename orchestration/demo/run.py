"""``kho demo``: drop the synthetic province's files into an own home, run the main job, ask three questions."""

from __future__ import annotations

import sys

from orchestration.console.job import show_outcome, show_run
from orchestration.console.layout import console, say
from orchestration.demo.files import write_demo_files
from orchestration.demo.story import QUESTIONS, demo_settings, remember_files, start_anew
from orchestration.run import prepare_home, run
from orchestration.settings import Settings
from orchestration.sharing.query import query, render


def run_demo(base: Settings, *, rows: int, seed: int) -> int:
    """Run the demo in the home; returns the exit code. Raises ForeignHomeError if the home holds anything else."""
    settings = demo_settings(base)
    start_anew(settings)
    prepare_home(settings)
    console.print(f"Making a synthetic province of {rows:,} residents (seed {seed}) …")
    files = write_demo_files(settings, rows=rows, seed=seed, today=settings.clock().date())
    remember_files(settings, files.paths)
    for path in files.paths:
        say(f"  dropped {path.relative_to(settings.home)}")
    settings = settings.model_copy(update={"stable_seconds": 0.0})  # nobody else writes into this folder
    with show_run() as on_progress:
        outcome = run(settings, on_progress=on_progress)
    show_outcome(settings, outcome)
    if outcome.failed:
        return 5
    console.print(f"{len(files.planted)} errors were planted in the files; the receipts show each at its cell.")
    for question in QUESTIONS:
        say(f"\n{question.title_vi}\n{question.title_en}", "bold")
        say(question.sql, "dim")
        console.file.flush()
        render(query(settings, question.sql), "table", sys.stdout)
    say("\nAsk more: kho kpi it_staff_gap --communes · kho delivery")
    say('          kho sql "select * from marts.mart_submission"')
    return 0
