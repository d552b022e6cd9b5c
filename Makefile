# `make help` lists the targets. Everything is installed into .venv, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup train test matrix lint format docs bench kill build clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "nnexp needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) has no venv; install it (Debian: apt-get install python3-venv)"; exit 1; }

# a stamp for each set of packages, older than what names them when they must be installed again
$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing nnexp into $(VENV), once; this takes a minute or two"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing nnexp and the tools for tests and checks into $(VENV), once"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(VENV)/.run $@

setup: $(VENV)/.dev  ## install nnexp and its tools into .venv

train: $(VENV)/.run  ## train; make train ARGS="optimizer=adam reg.l2=0.01"
	@$(BIN)/python train.py $(ARGS)

test: $(VENV)/.dev  ## run the tests; make test ARGS="tests/train -k adam"
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto $(ARGS)

matrix: $(VENV)/.dev  ## run the tests with all cases of those that are marked as a matrix
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --matrix $(ARGS)

lint: $(VENV)/.dev  ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev  ## write again what scripts write: the configuration reference, the pictures (by Chromium)
	$(BIN)/python scripts/write_config_docs.py
	$(BIN)/python scripts/draw_readme_curves.py
	$(BIN)/python scripts/write_leaderboard_docs.py
	$(BIN)/python scripts/draw_report_pictures.py
	$(BIN)/python scripts/write_diagnosis_docs.py
	$(BIN)/python scripts/write_threshold_docs.py
	$(BIN)/python scripts/write_benchmark_docs.py

bench: $(VENV)/.dev  ## measure training and data preparation
	$(BIN)/python scripts/bench_single.py $(ARGS)
	$(BIN)/python scripts/bench_data.py

kill: $(VENV)/.dev  ## kill sweeps at random moments, resume them, compare to the byte
	$(BIN)/python scripts/kill_sweep.py $(ARGS)
	$(BIN)/python scripts/kill_sweep.py $(ARGS) data=digits trainer.epochs=9 trainer.progress=none \
		'optimizer.lr=0.0003,0.001,0.003,0.01' 'seed=range(3)' sweep.method=halving

build: $(VENV)/.dev  ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove the virtual environment and caches, not outputs/
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .hypothesis
