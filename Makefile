# `make demo` and `make test` do all the set-up they need; the second time they are quick.
PYTHON ?= python3
FUZZ_SECONDS ?= 600
MUTANTS ?= 20
SOAK ?= --operations 1000000
VENV := .venv
BIN := $(VENV)/bin
# The tests start hundreds of processes, and each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE
MERMAID := docs/_build/mermaid/mermaid.min.js

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-install test-pythons dist lint format bench scale soak fuzz mutate docs docs-tables docs-pictures clean

help:
	@echo "make demo    the loop DHS at work, everything simulated; pictures in demo-output/"
	@echo "make test    all tests, with coverage"
	@echo "make test-quick  those of codec, core and devices, without coverage; half a minute"
	@echo "make test-install  the wheel in clean environments, from the package index; a minute"
	@echo "make test-pythons  all tests, on each of Python 3.11 to 3.14 that is here"
	@echo "make dist    wheel and sdist in dist/, checked"
	@echo "make lint    ruff and mypy --strict"
	@echo "make format  let ruff format the sources"
	@echo "make bench   benchmarks"
	@echo "make scale   how many devices, DHSs, cameras and inference servers go together"
	@echo "make soak    a million commands at a DHS, each answered once; or SOAK='--minutes 20'"
	@echo "make fuzz    look for bytes that break the codec, FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make mutate  make mistakes in the codec and see whether its tests notice, MUTANTS=$(MUTANTS) a module"
	@echo "make docs    documentation in docs/_build/"
	@echo "make docs-tables  write the pages and diagrams anew that are made from the sources"
	@echo "make docs-pictures  take the pictures of the simulated beamline's page anew; needs Chromium"
	@echo "make clean   remove everything made here, the virtual environment too"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# One stamp per extra: what is installed is installed again when pyproject.toml changes, or the
# pytest plugin, of which an installation has a copy.
$(VENV)/.%-installed: pyproject.toml dhs_lab/testing/pytest_dhs.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/.sim-installed
	$(BIN)/dhs demo --output demo-output

test: $(VENV)/.test-installed
	$(BIN)/python -m pytest --numprocesses=auto --cov --cov-report=
	$(BIN)/python -m coverage report --include='dcs_codec/*' --fail-under=100
	$(BIN)/python -m coverage report --include='dhs_runtime/*' --fail-under=90
	$(BIN)/python -m coverage report --include='dhs_lab/*' --fail-under=90

test-quick: $(VENV)/.test-installed
	$(BIN)/python -m pytest -q --numprocesses=auto --maxprocesses=3 tests/codec tests/runtime tests/devices

test-install: $(VENV)/.test-installed
	$(BIN)/python -m pytest --numprocesses=auto -m install tests/packaging

# Each Python that is here, in a virtual environment of its own.
test-pythons:
	@failed=; for version in 3.11 3.12 3.13 3.14; do \
		if ! python$$version -c '' 2>/dev/null; then echo "python$$version is not here"; \
		elif ! $(MAKE) test PYTHON=python$$version VENV=.venvs/$$version; then \
			failed="$$failed $$version"; fi; \
	done; test -z "$$failed" || { echo "failed on Python$$failed"; exit 1; }

dist: $(VENV)/.dist-installed
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

lint: $(VENV)/.lint-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.lint-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench-installed
	$(BIN)/python -m benchmarks

soak: $(VENV)/.bench-installed
	$(BIN)/python -m benchmarks.soak $(SOAK)

scale: $(VENV)/.bench-installed $(VENV)/.sim-installed
	$(BIN)/python -m benchmarks.scale

fuzz: $(VENV)/.fuzz-installed
	$(BIN)/python fuzz/fuzz_codec.py -max_total_time=$(FUZZ_SECONDS)

mutate: $(VENV)/.test-installed
	$(BIN)/python -m mutation --per-module $(MUTANTS)

# Mermaid's script for the diagrams, if npm is here; else the reader's browser loads it.
$(MERMAID):
	@mkdir -p $(@D)
	@! command -v npm >/dev/null || { npm pack --silent --pack-destination $(@D) mermaid@11 >/dev/null \
		&& tar -xzOf $(@D)/mermaid-*.tgz package/dist/mermaid.min.js >$@ && rm $(@D)/mermaid-*.tgz; } \
		|| { rm -f $@; echo "no mermaid from npm; the pages load it from the network"; }

docs: $(VENV)/.docs-installed $(MERMAID)
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

docs-tables: $(VENV)/.docs-installed $(VENV)/.test-installed
	$(BIN)/python docs/generate_messages.py
	$(BIN)/python docs/generate_fidelity.py
	$(BIN)/python docs/generate_gui_fidelity.py
	$(BIN)/python docs/generate_states.py
	$(BIN)/python docs/generate_imports.py
	$(BIN)/python docs/generate_cli.py
	$(BIN)/python docs/generate_configuration.py
	$(BIN)/python docs/generate_mistakes.py

docs-pictures: $(VENV)/.test-installed
	BEAMLINE_PICTURES=docs/images $(BIN)/python -m pytest -k pictures tests/lab/simulators/web/test_full_size.py

clean:
	rm -rf $(VENV) .venvs demo-output dist docs/_build benchmarks/results
	rm -rf .mutation .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
