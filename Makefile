# Every chore of the project; nothing is hidden elsewhere.
.DEFAULT_GOAL := help
.PHONY: help setup assets up demo test check bench docs screenshots clean

# Compiled modules are kept: without them every process takes twice as long to start.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN    := .venv/bin
FRONT  := src/fullscore/interfaces/web/front
DIST   := src/fullscore/interfaces/web/static/dist
ARGS   ?=

help:  ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.ready: uv.lock pyproject.toml deploy/setup.py
	@$(PYTHON) deploy/setup.py
	@touch $@

.venv/.ready-dev: uv.lock pyproject.toml deploy/setup.py
	@$(PYTHON) deploy/setup.py --group dev
	@touch $@ .venv/.ready

$(DIST)/.built: $(shell find $(FRONT) -type f -not -path '*/node_modules/*' 2>/dev/null)
	@sh deploy/assets.sh
	@touch $@

setup: .venv/.ready $(DIST)/.built  ## Install everything the program needs

assets: .venv/.ready $(DIST)/.built  ## Build the front end

up: setup  ## Start Fullscore on this machine (ARGS="--port 9000")
	@$(BIN)/fullscore up $(ARGS)

demo: setup  ## Start the sample company in a data folder of its own
	@$(BIN)/fullscore demo $(ARGS)

test: .venv/.ready-dev $(DIST)/.built  ## Run all tests, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n 2 $(ARGS)
	FULLSCORE_TEST_DATABASE=postgresql $(BIN)/python -m pytest -n 2 -m "not once" $(ARGS)

check: .venv/.ready-dev  ## Lint, types, import contracts, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	FULLSCORE_HOME=$$(mktemp -d) DJANGO_SETTINGS_MODULE=fullscore.config.settings $(BIN)/python -m django makemigrations --check --dry-run

bench: .venv/.ready-dev  ## Measure against the targets and peers, one table each
	$(BIN)/python -m bench

docs: .venv/.ready-dev  ## Build the documentation site
	$(BIN)/python -m tests.documentation
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

screenshots: .venv/.ready-dev $(DIST)/.built  ## Make the pictures of the README
	$(BIN)/python -m tests.screenshots

clean:  ## Remove what can be made again
	rm -rf .venv .venv-tools $(DIST) $(FRONT)/node_modules site
