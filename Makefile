# Every target makes .venv itself when it is missing or older than the lock.
PYTHON ?= python3.11
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-strip-extras --no-header --quiet
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: demo test dev lint bench soak bench-full derive lock clean

demo: .venv/installed  ## run the main job on a synthetic Lào Cai
	$(BIN)/kho demo

test: .venv/installed-dev  ## run all tests
	$(BIN)/pytest

dev: .venv/installed  ## Dagster UI and the sensor, on loopback
	$(BIN)/kho dev

lint: .venv/installed-dev  ## format, lint, types, SQL
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests

bench: .venv/installed  ## intake of 200,000 rows against its floor and pandas + pandera
	$(BIN)/python -m bench.intake --rows 200000 --repeats 3

soak: .venv/installed-dev  ## hundreds of kills, full disks and publications, an hour (the full disks need root)
	KHO_TEST_PUBLICATIONS=200 $(BIN)/pytest -n0 tests/test_postgres.py -k many_publications
	KHO_TEST_EXAMPLES=400 $(BIN)/pytest $$(grep -l hypothesis tests/test_*.py)
	$(BIN)/python -m tests.soak --kills 300 --full-disk 60 --seed 1

bench-full: .venv/installed  ## the same at 1, 5 and 10 million rows
	$(BIN)/python -m bench.intake --rows 1000000 --rows 5000000 --rows 10000000 --repeats 3

derive: .venv/installed  ## rewrite the committed files that follow from schemas/
	$(BIN)/kho derive

lock:  ## refresh both locks (needs uv on the PATH)
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock

clean:  ## remove the environment and caches, never data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Production has what it runs with and nothing else; Pandera imports Hypothesis where it finds it, which costs 0.2 s.
.venv/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "kho needs Python 3.11 or 3.12: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	touch $@
