# make run    everything on a fresh machine: environment, packages, code sets, index, then serve
# make audit  auditors' pages over the query log, in a browser, on this machine
# make test   the tests, those of training too: installs PyTorch
# make test-fast  those that need no index and take no seconds each
# make scrub  how well identifiers are removed, measured on cases made by template
# make pictures  the pictures of the docs, from what is loaded and indexed in CODEDESK_HOME
# make bench  accuracy and speed beside other ways, into docs/BENCHMARK.md (ARGS=--quick to rehearse)
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
INSTALL = $(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable
# index/runtime.py turns libraries' reports off; this is for what is run here without it.
export ORT_DISABLE_TELEMETRY = 1

.PHONY: run audit test test-fast check scrub pictures bench clean

run: $(VENV)/.installed
	@$(BIN)/codedesk run

audit: $(VENV)/.installed-audit
	@$(BIN)/codedesk log audit

# A file of tests stays in one process: its tests share what they set up.
test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

test-fast: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m 'not index and not slow' $(ARGS)

# What CI runs beside the tests.
check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# On the code sets in CODEDESK_HOME, which must be set; SEED makes other cases.
scrub: $(VENV)/.installed-dev
	@mkdir -p .cache
	@PYTHONPATH=. $(BIN)/python tests/support/phi_cases.py "$(CODEDESK_HOME)/codes.db" $(or $(SEED),1) 3000 > .cache/phi.tsv
	@$(BIN)/codedesk scrub --evaluate .cache/phi.tsv $(ARGS)

# Needs Chromium, its driver and two fonts: bench/pictures.py names them.
pictures: $(VENV)/.installed-dev
	@PYTHONPATH=. $(BIN)/python bench/pictures.py

# What is loaded and indexed in CODEDESK_HOME is what is measured; questions come from BENCH_DATA.
bench: $(VENV)/.installed-bench
	@$(BIN)/python bench/run.py $(ARGS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Code Desk needs Python 3.11 or newer; name one with: make run PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(INSTALL) '.[test,dev,audit,train]'
	@touch $@

$(VENV)/.installed-audit: $(VENV)/.installed
	$(INSTALL) '.[audit]'
	@touch $@

# A rival that cannot be had is left out, with a note in the output.
$(VENV)/.installed-bench: $(VENV)/.installed
	$(INSTALL) '.[train,bench]' || $(INSTALL) '.[train]' matplotlib scipy
	@touch $@

clean:
	rm -rf $(VENV) .cache build dist *.egg-info
