# Every target makes .venv itself when it is missing or older than the lock.
PYTHON ?= python3.11
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-strip-extras --no-header --quiet
RESULTS := bench/.data/results
# What bench-full measures: which benchmark at which sizes stands below it, a variable a file.
FULL := intake-100k.json intake-1m.json intake-bad.json intake-5m.json intake-10m.json workbook-200k.json \
	many_files.json ledger.json latency.json questions.json publication.json serve.json \
	builds.json
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# A run and its tests start hundreds of processes: each would compile kho anew, a third of a second.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test dev lint bench bench-full bench-anew bench-compare soak derive lock clean

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

bench: .venv/installed  ## a small intake against its floor and all peers (the first time makes their environments), a small workbook
	$(BIN)/python -m bench.intake --rows 100000 --repeats 5 --peer-repeats 1 --json $(RESULTS)/intake.json
	$(BIN)/python -m bench.workbook --rows 20000 --repeats 5 --json $(RESULTS)/workbook.json

soak: .venv/installed-dev  ## hundreds of kills, full disks and publications, an hour (the full disks need root)
	KHO_TEST_PUBLICATIONS=200 $(BIN)/pytest -n0 tests/test_postgres.py -k many_publications
	KHO_TEST_EXAMPLES=400 $(BIN)/pytest $$(grep -l hypothesis tests/test_*.py)
	$(BIN)/python -m tests.soak --kills 300 --full-disk 60 --seed 1

bench-full: $(addprefix $(RESULTS)/,$(FULL))  ## every figure of bench/README.md: an hour, and 20 GB of disk; goes on where it was stopped

bench-anew:  ## forget what bench-full has measured
	rm -f $(addprefix $(RESULTS)/,$(FULL))

$(RESULTS)/%.json: | .venv/installed
	$(BIN)/python -m bench.$($*) --json $@

intake-100k := intake --rows 100000 --repeats 5
intake-1m := intake --rows 1000000 --repeats 5 --peer-repeats 1
intake-bad := intake --rows 1000000 --bad 30 --repeats 5 --without-peers
intake-5m := intake --rows 5000000 --repeats 5 --without-peers
intake-10m := intake --rows 10000000 --repeats 5 --without-peers
workbook-200k := workbook --rows 200000 --repeats 5
many_files := many_files --files 20 --repeats 5
ledger := ledger
latency := latency
questions := questions --rows 1000000 --rows 10000000
publication := publication --megabytes 1300
serve := serve --home bench/.data/served
builds := builds --rows 1000000 --rows 2000000 --rows 5000000 --rows 10000000 --repeats 5
$(RESULTS)/serve.json: | bench/.data/served
bench/.data/served: | .venv/installed
	KHO_HOME=$@ $(BIN)/kho demo --rows 1000000

bench-compare: .venv/installed  ## what the last benchmarks wrote against the stored ratios; fails when kho became worse by a fifth
	$(BIN)/python -m bench.compare $$(ls -tr $(RESULTS)/*.json)

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
