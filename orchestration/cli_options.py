"""Arguments and options that several commands take, with their help texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DatasetName = Annotated[str, typer.Argument(help="Dataset, such as land/parcels.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
File = Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False, readable=True)]
SubmissionId = Annotated[str, typer.Argument(help="Id of the submission, or its first digits.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it is kept in the ledger, with who gave it and when.")]
