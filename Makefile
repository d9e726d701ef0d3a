# WSYF Scheduler. A fresh machine needs Python 3.11 or newer, make and PyPI; all else comes into .venv, hash-locked.
# `make` names the targets. PYTHON=python3.12 chooses another interpreter, ARGS=… passes words on to demo and tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
UV ?= $(shell command -v uv || echo $(BIN)/uv)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest -q
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 $(if $(UPGRADE),--upgrade)

# What is installed: one stamp for each lock file, and one for the project itself.
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
PROJECT := $(VENV)/.project

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-long check lint types format contract bench lock catalogue clean

help: ## name these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) $(PROJECT) ## live through the Gaoping plan, 2022 to mid-2026, with real mail on loopback
	@$(BIN)/wsyf demo $(ARGS)

test: $(DEVELOPMENT) $(PROJECT) ## run the tests
	@$(PYTEST) -n $(WORKERS) -m "not long" $(ARGS)

test-long: $(DEVELOPMENT) $(PROJECT) ## run the tests that take longer than a minute
	@$(PYTEST) -n $(WORKERS) -m long $(ARGS)

check: lint types contract test ## all a change must pass: format, ruff, mypy, import contract, tests

lint: $(DEVELOPMENT) ## look at form and habits (ruff)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(DEVELOPMENT) $(PROJECT) ## check the types (mypy --strict)
	@$(BIN)/mypy

contract: $(DEVELOPMENT) ## check who imports whom
	@$(PYTEST) tests/workshop/test_imports.py

format: $(DEVELOPMENT) ## put the code into form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

bench: $(DEVELOPMENT) $(PROJECT) ## measure side by side with peers; writes bench/RESULTS.md
	@$(BIN)/python -m bench $(ARGS)

lock: ## pin all dependencies anew by hash (needs uv); UPGRADE=1 takes the newest that fit
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: $(BIN)/python -m pip install uv" >&2; exit 1; }
	@$(COMPILE) --extra demo --group build pyproject.toml -o requirements.lock
	@$(COMPILE) --extra demo --group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

catalogue: $(DEVELOPMENT) $(PROJECT) ## gather the texts of the program and bring the Chinese catalogue up to date
	@$(BIN)/python -m tests.workshop.catalogue

clean: ## remove what the tools left behind (.venv stays; `rm -r .venv` starts afresh)
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(RUNTIME): requirements.lock | $(BIN)/pip
	@echo "installing what the program needs (requirements.lock) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock | $(BIN)/pip
	@echo "installing what developing and testing need (requirements-dev.lock) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@ $(RUNTIME)

$(PROJECT): pyproject.toml | $(RUNTIME)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { \
		echo "make: there is no $(PYTHON); install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is $$($(PYTHON) -V 2>&1); 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
