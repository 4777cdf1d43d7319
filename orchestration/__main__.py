"""``python -m orchestration``: the command kho without its installed script."""

from orchestration.cli import main

main()
