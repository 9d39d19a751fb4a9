# Every target makes its own environment; nothing but Python 3.11 or later and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint check bench clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.demo  ## the published sample and every status, through the parser
	@$(BIN)/skypay-payout demo

test: lint check  ## all that must be green before a change lands

lint: $(VENV)/.dev  ## formatter, linter, type checkers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright

check: $(VENV)/.dev  ## the tests, with all branches of the package covered
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report

bench: $(VENV)/.dev  ## measure beside the peers, and write docs/benchmarks.md (about 7 minutes)
	$(BIN)/python -m tests.benchmarks

clean:  ## remove what these targets made
	rm -rf $(VENV) .venv-* dist mutants docs/_build .benchmarks .coverage* .*_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.demo: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q -e '.[encryption]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q -e '.[command,encryption,http,testing]' --group dev
	@touch $@
