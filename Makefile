# `make demo` and `make test` do all the set-up they need; the second time they are quick.
PYTHON ?= python3
FUZZ_SECONDS ?= 600
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench fuzz docs docs-tables docs-pictures clean

help:
	@echo "make demo    the loop DHS at work, everything simulated; pictures in demo-output/"
	@echo "make test    all tests, with coverage"
	@echo "make lint    ruff and mypy --strict"
	@echo "make format  let ruff format the sources"
	@echo "make bench   benchmarks"
	@echo "make fuzz    look for bytes that break the codec, FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make docs    documentation in docs/_build/"
	@echo "make docs-tables  write docs/messages.md and docs/fidelity.md anew"
	@echo "make docs-pictures  take the pictures of the simulated beamline's page anew; needs Chromium"
	@echo "make clean   remove everything made here, the virtual environment too"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# One stamp per extra: what is installed is installed again only when pyproject.toml changes.
$(VENV)/.%-installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/.sim-installed
	$(BIN)/dhs demo --output demo-output

test: $(VENV)/.test-installed
	$(BIN)/python -m pytest --numprocesses=auto --cov --cov-report=
	$(BIN)/python -m coverage report --include='dcs_codec/*' --fail-under=100
	$(BIN)/python -m coverage report --include='dhs_runtime/*' --fail-under=90

lint: $(VENV)/.lint-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.lint-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench-installed
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.fuzz-installed
	$(BIN)/python fuzz/fuzz_codec.py -max_total_time=$(FUZZ_SECONDS)

docs: $(VENV)/.docs-installed
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

docs-tables: $(VENV)/.docs-installed $(VENV)/.test-installed
	$(BIN)/python docs/generate_messages.py
	$(BIN)/python docs/generate_fidelity.py

docs-pictures: $(VENV)/.test-installed
	BEAMLINE_PICTURES=docs/images $(BIN)/python -m pytest -k pictures tests/simulators/web/test_chromium.py

clean:
	rm -rf $(VENV) demo-output dist docs/_build benchmarks/results
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
