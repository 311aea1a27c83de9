# Two commands are all a newcomer needs: `make run` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test install lint soak bench clean

run: $(VENV)/installed
	$(BIN)/footnote build
	$(BIN)/footnote serve

install: $(VENV)/installed

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

# What takes minutes: kills, full disks, damage, servers under load. About 18 minutes on two cores.
soak: $(VENV)/installed-test
	$(BIN)/python -m pytest -m soak -rs -s

# How long a question takes and how much memory an index of vectors, by its size.
bench: $(VENV)/installed
	PYTHONPATH=. $(BIN)/python tests/bench/vector_sizes.py

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .footnote build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch first and alone: later packages then find it in place and look for no other build.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Footnote needs Python 3.11 or newer, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	$(PIP) --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) --editable '.[cluster,test]'
	touch $@
