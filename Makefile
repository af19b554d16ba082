# The things people do here: set up, check, test, bench. `make demo` is the main job on a synthetic book.
# `setup` installs requirements.lock into .venv, all that loantwin itself, the static checks and the fast tests need;
# `setup-all` adds the rest of requirements-all.lock: JAX, and the libraries that tests compare with.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
JOBS   ?= 2
# bytecode of all but the packages' own tests: 40 MB less than pip writes, and on all cores
COMPILED = $(BIN)/python -m compileall -qq -j $(JOBS) -x /tests/ $(VENV)/lib

UV      = .venv-lock/bin/uv
RESOLVE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
          --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) pyproject.toml
export OPENBLAS_NUM_THREADS = 1
# some machines keep bytecode from being written: each process that a test starts would compile the package anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup setup-all check lint test peers bench demo lock docs clean

setup: $(VENV)/.ready

setup-all: $(VENV)/.ready-all

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("expected Python 3.11 or newer, was " + sys.version.split()[0] + "; try: make setup PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --no-compile --no-deps --no-build-isolation --editable .
	-$(COMPILED)
	@touch $@

$(VENV)/.ready-all: requirements-all.lock $(VENV)/.ready
	$(BIN)/python -m pip install --no-compile --require-hashes -r requirements-all.lock
	-$(COMPILED)
	@touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest -q -m "not slow" -n $(JOBS) --dist loadfile

test: setup-all
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile

# by hand: what is in no lock, in an environment of its own
peers: .venv-peers/.ready
	.venv-peers/bin/python examples/to_mlflow.py
	.venv-peers/bin/python -m pytest -q tests/test_mlflow.py

.venv-peers/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --no-compile "mlflow>=3.1" "pytest>=8.3" --editable .
	@touch $@

bench: setup-all
	$(BIN)/python -m benchmarks

demo: setup
	$(BIN)/loantwin demo

docs: setup
	$(BIN)/python docs/generate.py

lock: $(UV)
	$(RESOLVE) --all-extras --group dev --group tests -o requirements-all.lock
	$(RESOLVE) --extra calendars --extra env --extra excel --extra policy --extra report --group dev -c requirements-all.lock -o requirements.lock

$(UV):
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install "uv>=0.11"

clean:
	rm -rf $(VENV) .venv-lock .venv-peers build dist .mypy_cache .ruff_cache .pytest_cache
