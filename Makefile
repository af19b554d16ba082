# The four things people do here: set up, check, test, bench. `make demo` is the main job on a synthetic book.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
JOBS   ?= 2
export OPENBLAS_NUM_THREADS = 1

.PHONY: setup check lint test bench demo lock docs clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("expected Python 3.11 or newer, was " + sys.version.split()[0] + "; try: make setup PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest -q -m "not slow" -n $(JOBS) --dist loadfile

test: setup
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

bench: setup
	$(BIN)/python -m benchmarks

demo: setup
	$(BIN)/loantwin demo

docs: setup
	$(BIN)/python docs/generate.py

lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --all-extras pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
