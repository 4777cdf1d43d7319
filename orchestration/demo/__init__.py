"""The demo: a synthetic province whose departments drop files with known errors. What the command has to know of it."""

#: Residents of the province: with fewer, not every planted error has a row of its own; more need a server.
FEWEST_ROWS, DEFAULT_ROWS, MOST_ROWS = 1_000, 20_000, 1_000_000
DEFAULT_SEED = 2026
