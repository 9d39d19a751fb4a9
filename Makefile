# Every target makes its own environment; nothing but Python 3.11 or later and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The exact versions of all development tools; "make lock" renews them. "make CONSTRAINTS= ..." takes the newest.
CONSTRAINTS ?= constraints.txt
CONSTRAIN := $(if $(CONSTRAINTS),-c $(CONSTRAINTS))
CORE_TESTS := $(addprefix tests/,command conformance properties specification unit)
LINT := lint-types-mypy lint-types-pyright lint-rest
INSTALL := -m pip install -q $(CONSTRAIN) $(if $(CONSTRAINTS),--build-constraint $(CONSTRAINTS))

# Or each of the programs that the tests start would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test quick lint check modules docs docs-site words translations dist core lowest lock audit bench fuzz mutants figures clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/.demo  ## the published sample and every status, through the parser
	@$(BIN)/skypay-payout demo

test: $(VENV)/.dev  ## all that must be green before a change lands
	@$(MAKE) --no-print-directory -j4 $(LINT) check

quick: $(VENV)/.dev  ## lint, types, and the tests of the modules and of the specification, in parallel
	@$(MAKE) --no-print-directory -j4 $(LINT) modules

modules: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n auto tests/unit tests/specification

lint: $(VENV)/.dev  ## formatter, linter, type checkers
	@$(MAKE) --no-print-directory -j2 $(LINT)

lint-types-%: $(VENV)/.dev
	$(BIN)/$*

lint-rest: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/zizmor --offline --quiet --persona pedantic .github/workflows

check: $(VENV)/.dev  ## the tests, in parallel, with all branches of the package covered
	$(BIN)/python -m slipcover --json --out .coverage.json \
		-m pytest -q -n $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --dist loadgroup  # some tests wait
	$(BIN)/python -m slipcover --merge .coverage.json --out .coverage.json --fail-under 100

docs: docs-site  ## the site in both languages, warnings as errors, tested in Chromium: docs/_build/html
	$(BIN)/python -m pytest -q -n auto docs/check_site.py docs/check_browser.py

docs-site: $(VENV)/.docs  ## the same without its tests
	rm -rf docs/_build
	$(BIN)/sphinx-build -W --keep-going -n -q -b gettext docs docs/_build/gettext
	$(BIN)/sphinx-build -W --keep-going -n -q docs docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -n -q -D language=zh_CN docs docs/_build/html/zh

words: $(VENV)/.docs  ## count the words of the documentation, page by page
	$(BIN)/python docs/words.py

translations: $(VENV)/.docs  ## bring the Chinese catalogues up to date with the English site
	$(BIN)/sphinx-build -E -n -q -b gettext docs docs/_build/gettext
	$(BIN)/sphinx-intl update -p docs/_build/gettext -d docs/locale -l zh_CN -w 0

dist: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1577836800)
dist: export PIP_CONSTRAINT = $(CONSTRAINTS)
dist: $(VENV)/.dist  ## what is published, with its SBOM, built twice to the same bytes, checked, tested from the sdist
	rm -rf dist sbom .venv-sdist
	$(BIN)/python -m build -q --outdir dist
	$(BIN)/python -m build -q --outdir .venv-sdist/again
	diff -r dist .venv-sdist/again
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/pyroma --skip-tests AuthorEmail --min 10 dist/*.tar.gz
	$(PYTHON) -m venv --without-pip .venv-sdist/runtime
	$(BIN)/python -m pip --python .venv-sdist/runtime install -q "$$(echo dist/*.whl)[encryption]"
	mkdir sbom
	sed "s/^dynamic = .*/version = \"$$($(BIN)/python -c 'import skypay_payout; print(skypay_payout.__version__)')\"/" \
		pyproject.toml > .venv-sdist/pyproject.toml
	$(BIN)/cyclonedx-py environment --pyproject .venv-sdist/pyproject.toml --mc-type library --output-reproducible \
		-o sbom/skypay-payout.cdx.json .venv-sdist/runtime
	$(BIN)/python -m tests.support.sbom sbom/skypay-payout.cdx.json .venv-sdist/runtime
	mkdir .venv-sdist/tree
	tar -xzf dist/*.tar.gz -C .venv-sdist/tree --strip-components=1
	cd .venv-sdist/tree && ../../$(BIN)/python -m pytest -q -n auto -m 'not heavy'

core: .venv-test/.ready  ## the tests that need no recipe, server or database
	.venv-test/bin/python -m pytest -q -n auto -m 'not heavy' $(CORE_TESTS)

lowest: $(BIN)/python  ## the tests of the core, with the lowest versions that are allowed
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -q --upgrade $(CONSTRAIN) pip uv
	.venv-lowest/bin/uv pip compile -q --resolution lowest-direct --all-extras pyproject.toml \
		-o .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install -q -e '.[command,django,encryption,http,prometheus,sqlalchemy,testing]' --group test \
		-c .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pytest -q -n auto -m 'not heavy' $(CORE_TESTS)

lock: .venv-lock/.ready  ## renew the exact versions of all development tools: constraints.txt
	.venv-lock/bin/uv pip compile -q --universal --upgrade --all-extras --no-annotate \
		--custom-compile-command 'make lock' $(addprefix --group ,audit dev dist docs fuzz lock mutants) \
		pyproject.toml -o constraints.txt

audit: .venv-audit/.ready  ## known vulnerabilities in what the package needs, and in the development tools
	.venv-audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

bench: $(VENV)/.dev  ## measure everything that the benchmarks page shows: docs/figures/benchmarks.json (about 7 minutes)
	$(BIN)/python -m tests.benchmarks

fuzz: .venv-fuzz/.ready  ## fuzz plain and encrypted bodies, FUZZ_SECONDS for each
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),300) .venv-fuzz/bin/python -m tests.fuzz

mutants: .venv-mutants/.ready  ## change what differs from origin/main in every small way, and see a test fail; ALL=1 for all
	.venv-mutants/bin/python -m tests.mutation $(if $(ALL),--all)

figures: $(VENV)/.dev .venv-fuzz/.ready .venv-mutants/.ready  ## make all figures that the documentation shows, for a release
	mkdir -p docs/figures
	$(BIN)/python -m tests.benchmarks
	.venv-fuzz/bin/python -m tests.fuzz > docs/figures/fuzzing.txt
	.venv-mutants/bin/python -m tests.mutation --all

clean:  ## remove what these targets made
	rm -rf $(VENV) .venv-* dist sbom mutants docs/_build .coverage* .*_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade $(CONSTRAIN) pip

$(VENV)/.demo: $(BIN)/python pyproject.toml $(CONSTRAINTS)
	$(BIN)/python $(INSTALL) -e '.[encryption]'
	@touch $@

$(VENV)/.docs: $(BIN)/python pyproject.toml $(CONSTRAINTS)
	$(BIN)/python $(INSTALL) -e '.[command,django,encryption,http,prometheus,sqlalchemy,testing]' --group docs
	@touch $@

$(VENV)/.dist: $(VENV)/.dev
	$(BIN)/python $(INSTALL) --group dist
	@touch $@

.venv-lock/.ready .venv-audit/.ready: .venv-%/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install -q --upgrade $(CONSTRAIN) pip
	.venv-$*/bin/python $(INSTALL) --group $*
	@touch $@

.venv-%/.ready: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install -q --upgrade $(CONSTRAIN) pip
	.venv-$*/bin/python $(INSTALL) -e '.[command,django,encryption,http,prometheus,sqlalchemy,testing]' --group $*
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml $(CONSTRAINTS)
	$(BIN)/python $(INSTALL) -e '.[command,django,encryption,http,prometheus,sqlalchemy,testing]' --group dev
	@touch $@
