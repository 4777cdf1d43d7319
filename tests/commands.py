"""``kho`` as a person calls it, in this process: a new interpreter and its imports cost a second a call.

Belongs here: arguments, environment, what is printed, the exit code. Does not belong here: what a command may import
and how it is killed, for which a test starts a process.
"""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from orchestration import cli
from orchestration.settings import settings as settings_of_this_process


def kho(*arguments: object, **environment: object) -> subprocess.CompletedProcess[str]:
    """Call the command's entry point with these variables set; returns what a process would have."""
    texts = [str(each) for each in arguments]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in environment.items():
            patch.setenv(name, str(value))
        patch.setattr(sys, "argv", ["kho", *texts])
        settings_of_this_process.cache_clear()
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            settings_of_this_process.cache_clear()
    return subprocess.CompletedProcess(texts, code, out.getvalue(), err.getvalue())
