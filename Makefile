# Every target first makes .venv from plain `python3` and the lock, if it is missing or stale.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# No single test should have to wait for the engine to be compiled.
PREPARE := $(BIN)/python -c "from model.engine.compiled_engine import prepare; prepare()"
# What starts no services needs no machine to itself: as many tests at once as there are cores.
PURE := tests/model tests/reports tests/reference_impl/feed \
	tests/whole/test_scenarios.py tests/whole/test_slices.py
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadscope $(PURE)
ALONE := $(addprefix --ignore ,$(PURE))
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: demo test verify check bench format lock clean
.DEFAULT_GOAL := demo

demo: $(READY)  ## Both halves of one scenario, side by side, and a report (about five minutes)
	$(BIN)/feedtwin demo

test: $(READY)  ## Everything that is quick enough to run before each commit
	@$(PREPARE)
	$(BIN)/pytest -m "not verify and not bench" $(SIDE_BY_SIDE)
	$(BIN)/pytest -m "not verify and not bench" $(ALONE)

verify: $(READY)  ## The longer forms of the tests
	@$(PREPARE)
	$(BIN)/pytest -m verify $(SIDE_BY_SIDE)
	$(BIN)/pytest -m verify $(ALONE)

bench: $(VENV)/.bench  ## Timings, as ratios measured side by side; writes reports/bench.md, feed_bench.md
	$(BIN)/pytest -m bench -s

check: $(READY)  ## Format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Re-resolve requirements.lock (needs uv; the lock names no index)
	$(COMPILE) --all-extras pyproject.toml -o requirements.lock
	$(COMPILE) -c requirements.lock requirements-bench.in -o requirements-bench.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "feedtwin needs Python 3.11 or newer, found " + sys.version.split()[0])'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(VENV)/.bench: $(READY) requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

clean:
	rm -rf $(VENV) .feedtwin runs
