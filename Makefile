# Redress. `make` alone explains itself.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
LOCKS  := requirements.lock requirements-test.lock
PIP    := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
# one line that counts the packages as they come in; pip's own errors are shown in full
PROGRESS := awk '/^Collecting/ { printf "\r  %d packages", ++n; fflush() } /^(ERROR|error)/ { print } END { print "" }'
SHELL  := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

.DEFAULT_GOAL := help
.PHONY: help install demo test bench lint lock clean

help: ## show this text
	@echo "Redress: complaint handling that runs on the policy diagram itself"
	@echo
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

install: $(STAMP) ## create .venv with everything pinned in the lock files

$(VENV)/bin/pip:
	@echo "Creating the environment in $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Python's venv module is missing; installing python3-venv ..."; \
	    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); \
	  else echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv"; exit 1; fi; }

$(STAMP): $(VENV)/bin/pip $(LOCKS) pyproject.toml
	@echo "Installing pinned packages ..."
	@$(PIP) --require-hashes --no-deps -r requirements.lock | $(PROGRESS)
	@$(PIP) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test-installed: $(STAMP) requirements-test.lock
	@echo "Installing the test tools ..."
	@$(PIP) --require-hashes --no-deps -r requirements-test.lock | $(PROGRESS)
	@touch $@

demo: $(STAMP) ## deploy the packs, load sample data, serve at http://127.0.0.1:8000
	@$(BIN)/redress demo

test: $(VENV)/.test-installed ## run every test
	@$(BIN)/python -m web.build --with-tests
	@$(BIN)/python -m pytest -n auto

bench: $(VENV)/.test-installed ## measure speed and size; the last line is JSON
	@$(BIN)/python -m tests.bench

lint: $(VENV)/.test-installed ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

lock: $(VENV)/bin/pip ## renew the lock files from pyproject.toml
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra postgresql pyproject.toml requirements-build.in -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra postgresql --extra test -c requirements.lock pyproject.toml -o requirements-test.lock

clean: ## remove the environment, built files and the demo database
	rm -rf $(VENV) var web/static/dist web/frontend/node_modules web/frontend/test/node_modules .pytest_cache .mypy_cache .ruff_cache
