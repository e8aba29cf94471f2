# make run        everything on a fresh machine: environment, packages, code sets, index, then serve
# make audit      auditors' pages over the query log, in a browser, on this machine
# make check      linter, formatter, type checker
# make test-fast  the tests that need no index and start no servers: 2.5 minutes
# make test       all tests: 12 minutes on two quiet cores
# make scrub      how well identifiers are removed, measured on cases made from templates
# make pictures  every page and terminal view, into docs/pictures/, from what is loaded in CODEDESK_HOME
# make slack-pictures  every surface in Slack, into docs/slack/
# make slack-check     what the tests send to Slack, checked by Slack's own types
# make bench      accuracy and speed beside other ways, into docs/BENCHMARK.md; ARGS=--quick rehearses
# make load       how much load it takes, as docs/CAPACITY.md says; ARGS=--quick rehearses
# make container-check   linters over docker/, in an environment of their own
# make fuzz       changed files, texts and payloads against everything that reads them; MINUTES=10
# make sbom       what serving installs, as CycloneDX JSON: .cache/sbom.json
# make licences   their licences, as their metadata names them
# make audit-dependencies  whether any of them has a known fault; needs the network
# make clean      removes the environment and what was built
# check, test-fast and test install PyTorch, which the tests of training need.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
SERVING = .cache/serving
INSTALL = $(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable
# index/runtime.py turns off what libraries report to their makers. This line does so for programs
# that run here without it.
export ORT_DISABLE_TELEMETRY = 1

.PHONY: run audit test test-fast check scrub pictures slack-pictures slack-check bench load costs \
  container-check fuzz sbom licences audit-dependencies clean

run: $(VENV)/.installed
	@$(BIN)/codedesk run

audit: $(VENV)/.installed-audit
	@$(BIN)/codedesk log audit

# All tests of a file run in one process, because they share what they set up.
test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile $(ARGS)

test-fast: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses 4 --dist loadfile -m 'not index and not slow' $(ARGS)

# CI runs this, and the tests.
check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# Uses the code sets in CODEDESK_HOME, which must be set. Another SEED makes other cases.
scrub: $(VENV)/.installed-dev
	@mkdir -p .cache
	@PYTHONPATH=. $(BIN)/python tests/support/phi_cases.py "$(CODEDESK_HOME)/codes.db" $(or $(SEED),1) 3000 > .cache/phi.tsv
	@$(BIN)/codedesk scrub --evaluate .cache/phi.tsv $(ARGS)

# Needs Chromium, its driver, faketime, tmux and fonts: bench/pictures.py names them. ARGS: names of
# pictures, for these alone.
pictures: $(VENV)/.installed-dev
	@PYTHONPATH=. $(BIN)/python bench/pictures.py $(ARGS)

# Needs Chromium, its driver, two fonts, npm and a render kit: bench/slack_pictures.py names them.
slack-pictures: $(VENV)/.installed-dev
	@PYTHONPATH=. $(BIN)/python bench/slack_pictures.py

# Needs npm and the block checker that bench/slack_check.py names. ARGS: other tests than those of
# Slack.
slack-check: $(VENV)/.installed-dev
	@PYTHONPATH=. $(BIN)/python bench/slack_check.py $(ARGS)

# Measures what is loaded and indexed in CODEDESK_HOME, with the questions of the folder BENCH_DATA.
bench: $(VENV)/.installed-bench
	@$(BIN)/python bench/run.py $(ARGS)

# Measures `codedesk run` with what is loaded and indexed in CODEDESK_HOME.
load: $(VENV)/.installed-bench
	@PYTHONPATH=. $(BIN)/python bench/load/run.py $(ARGS)

# Statements, patterns compiled, CPU time and memory of answers, as above. ARGS=--naive asks the naive
# pipeline, too, once `make bench` has made its vectors.
costs: $(VENV)/.installed-bench
	@$(BIN)/python bench/costs.py $(ARGS)

# Dockerfile, compose files, manifests and scripts. docker/lint.sh says what it runs.
container-check:
	@PYTHON=$(PYTHON) docker/lint.sh

# Findings are kept in .cache/fuzz. ARGS="--home HOME": the desk with its index, too.
fuzz: $(VENV)/.installed-dev
	@$(BIN)/python tests/fuzz/fuzz_run.py --minutes $(or $(MINUTES),10) $(ARGS)

# The three below look at an environment with what a desk, its auditors' pages and its log on
# PostgreSQL need, and nothing else.
sbom: $(SERVING)/.installed
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
	  --output-file .cache/sbom.json $(SERVING)
	@echo "Written to .cache/sbom.json"

licences: $(SERVING)/.installed
	@$(BIN)/pip-licenses --python $(SERVING)/bin/python --format markdown --order license $(ARGS)

# Exit code 1: there is a fault that is known, or a package could not be looked up. With
# ARGS="--vulnerability-service osv --osv-url URL" a copy of the OSV database is asked.
audit-dependencies: $(SERVING)/.installed
	@$(SERVING)/bin/pip freeze --exclude-editable > .cache/serving.txt
	@$(BIN)/pip-audit --requirement .cache/serving.txt --no-deps --disable-pip --strict \
	  $(ARGS)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Code Desk needs Python 3.11 or newer; name one with: make run PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(INSTALL) '.[test,dev,audit,api,mcp,drg,train,postgres,timestamps]'
	@touch $@

$(VENV)/.installed-audit: $(VENV)/.installed
	$(INSTALL) '.[audit]'
	@touch $@

$(SERVING)/.installed: pyproject.toml constraints.txt | $(VENV)/.installed-supply
	@$(PYTHON) -m venv $(SERVING)
	@$(SERVING)/bin/pip install --disable-pip-version-check --quiet --constraint constraints.txt \
	  --editable '.[postgres,audit,drg,timestamps]'
	@touch $@

$(VENV)/.installed-supply: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) '.[supply]'
	@touch $@

# A rival that cannot be installed is left out, with a note in the output.
$(VENV)/.installed-bench: $(VENV)/.installed
	$(INSTALL) '.[train,bench]' || $(INSTALL) '.[train]' matplotlib scipy
	@touch $@

clean:
	rm -rf $(VENV) .venv-container .cache build dist *.egg-info
