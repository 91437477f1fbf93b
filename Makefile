# The newcomer's two commands: `make demo` and `make test`. Everything else: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: help setup demo test bench lint format docs messages clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 12

setup: $(STAMP) ## the environment, from the lock file with hashes

CORE := setup.py $(wildcard src/breakwater/*/core/*)

$(STAMP): requirements-dev.lock pyproject.toml $(CORE) $(wildcard src/breakwater/locale/*/LC_MESSAGES/django.po)
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python tools/messages.py compile
	touch $@

demo: $(STAMP) ## a working desk with published figures and synthetic reports
	BREAKWATER_DEMO=yes BREAKWATER_DATA_DIR=$${BREAKWATER_DATA_DIR:-var/demo} $(BIN)/breakwater demo

test: $(STAMP) ## the whole suite, on SQLite and again on PostgreSQL
	$(BIN)/python tools/run_tests.py

bench: $(STAMP) ## every figure beside its peer, on both databases
	$(BIN)/python -m benchmarks

lint: $(STAMP) ## ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## check that the documents are true
	$(BIN)/python tools/check_docs.py

messages: $(STAMP) ## collect the texts and compile the translations
	$(BIN)/python tools/messages.py update
	$(BIN)/python tools/messages.py compile

clean:
	rm -rf $(VENV) var build
