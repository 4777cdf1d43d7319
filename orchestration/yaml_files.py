"""Reading the YAML of the dbt project.

Belongs here: which loader reads it. Does not belong here: what stands in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def read_yaml(file: Path) -> Any:
    """What a file says. A run reads a hundred files three times: PyYAML without libyaml takes seconds for it."""
    return yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
