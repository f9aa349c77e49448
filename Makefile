# Guyub. `make demo` and `make test` do all the set-up on a machine with Python 3.11 to 3.13.
# Targets: setup demo test check bench simulate docs lock clean (`make help`)

PYTHON ?= python3
BIN := .venv/bin
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help setup dev demo test check format bench docs simulate lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Guyub runs on Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# Bytecode is compiled at installation: where a machine sets PYTHONDONTWRITEBYTECODE every
# start would otherwise compile everything again.
.venv/.runtime: $(BIN)/uv requirements.lock pyproject.toml
	@if [ -e .venv/.dev ] && [ .venv/.dev -nt requirements-dev.lock ]; then :; else \
	  echo "Installing Guyub (versions and hashes of requirements.lock) ..."; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable . ; fi
	@$(BIN)/python -m compileall -q app analysis instrument
	@touch $@

.venv/.dev: $(BIN)/uv requirements-dev.lock pyproject.toml
	@echo "Installing Guyub and its development tools (requirements-dev.lock) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

setup: .venv/.runtime ## Make the environment, nothing else

dev: .venv/.dev

demo: .venv/.runtime ## Serve the simulated Sidoarjo community on http://127.0.0.1:8000
	@$(BIN)/guyub demo

# What is measured in CPU seconds and the pages under a slow network run alone. Then two lanes of
# about the same length, since two cores are what a small machine has: the pages of members and
# all browser walks in one, the numbers and the rest in the other. What the first printed comes at the end.
# `pytest` alone runs everything one by one.
ALONE := tests/browser/test_weight.py tests/house tests/bench
FIRST := tests/browser tests/surveys
NUMBERS := tests/analysis tests/instrument tests/simulations
skip = $(addprefix --ignore=,$(1))
test: .venv/.dev ## All tests: PostgreSQL included, browser tests where a Chromium is found
	@$(BIN)/python -m compileall -q app analysis instrument
	@$(BIN)/python -m pytest $(ALONE); alone=$$?; \
	  log=$$(mktemp); $(BIN)/python -m pytest $(FIRST) $(call skip,$(ALONE)) >$$log 2>&1 & first=$$!; \
	  $(BIN)/python -m pytest $(NUMBERS); numbers=$$?; \
	  $(BIN)/python -m pytest $(call skip,$(ALONE) $(FIRST) $(NUMBERS)); rest=$$?; \
	  wait $$first; first=$$?; cat $$log; rm -f $$log; \
	  exit $$((alone + numbers + rest + first))

check: .venv/.dev ## Format, lint, types, import contracts, published digests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/guyub instrument check

format: .venv/.dev ## Format and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/.dev ## Our server beside the bare floor, the statistics beside R: CPU, memory, bytes
	@$(BIN)/python -m compileall -q app analysis instrument
	@$(BIN)/python -m tests.bench.analysis; statistics=$$?; \
	  $(BIN)/python -m tests.bench && exit $$statistics

docs: .venv/.dev ## The generated pages of the manual: our numbers beside R's, the schema of results.json
	@$(BIN)/python -m tests.reference.write_docs
	@$(BIN)/python -m analysis.schema > docs/manual/results.schema.json

simulate: .venv/.dev ## What the specification promises, by simulation in full (writes the manual's page)
	@$(BIN)/python -m tests.simulations

lock: .venv/.dev ## Resolve the locks again
	@for set in "requirements.lock" "requirements-dev.lock --group dev"; do \
	  $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 \
	    --extra postgres --no-header --no-emit-index-url --quiet --upgrade -o $$set; done

clean: ## Remove the environment, caches and the demo's data
	@rm -rf .venv var dist build .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
