# Every target makes .venv itself when it is missing or older than the lock.
PYTHON ?= python3.11
BIN := .venv/bin
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: demo test dev lint bench bench-full derive lock clean

demo: .venv/installed  ## run the main job on a synthetic Lào Cai
	$(BIN)/kho demo

test: .venv/installed  ## run all tests
	$(BIN)/pytest

dev: .venv/installed  ## Dagster UI and the sensor, on loopback
	$(BIN)/kho dev

lint: .venv/installed  ## format, lint, types, SQL
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests

bench: .venv/installed  ## intake of 200,000 rows against its floor and pandas + pandera
	$(BIN)/python -m bench.intake --rows 200000 --repeats 3

bench-full: .venv/installed  ## the same at 1, 5 and 10 million rows
	$(BIN)/python -m bench.intake --rows 1000000 --rows 5000000 --rows 10000000 --repeats 3

derive: .venv/installed  ## rewrite the committed files that follow from schemas/
	$(BIN)/kho derive

lock: .venv/installed  ## refresh requirements.lock (needs uv on the PATH)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-header -q -o requirements.lock

clean:  ## remove the environment and caches, never data
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "kho needs Python 3.11 or 3.12: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
