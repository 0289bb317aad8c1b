# Needs only Python 3.11 or newer and make. Both targets make their own environment; it is kept while the pins stay the same.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test soak pins clean

demo: $(READY)
	$(BIN)/absengine demo

test: $(READY)
	$(BIN)/lint-imports
	$(BIN)/ruff check .
	$(BIN)/mypy
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q tests/kernels
	rm -rf $(VENV)/boundscheck && \
	  NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CURDIR)/$(VENV)/boundscheck XDG_CACHE_HOME=$(CURDIR)/$(VENV)/boundscheck \
	  $(BIN)/python -m pytest -q tests/kernels
	$(BIN)/python -m pytest -q

soak: $(READY)
	$(BIN)/python -m pytest -q -m soak tests/soak

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("absengine needs Python 3.11 or newer, found %d.%d; allowed: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Needs uv (https://docs.astral.sh/uv) on the path; the result names no index.
pins:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --upgrade -o constraints.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
