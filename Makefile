# make run    everything on a fresh machine: environment, packages, code sets, index, then serve
# make test   the tests
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: run test check clean

run: $(VENV)/.installed
	@$(BIN)/codedesk run

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest $(ARGS)

# What CI runs beside the tests.
check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Code Desk needs Python 3.11 or newer; name one with: make run PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[test,dev]'
	@touch $@

clean:
	rm -rf $(VENV) .cache build dist *.egg-info
