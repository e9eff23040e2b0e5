# Two commands: `make app` and `make test`. The rest: `make help`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup app test test-long test-fast faults lint bench checkpoints stiffness load screenshots notebooks docs lock audit newest wheel wheel-check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "elasreg needs Python 3.11 to 3.13; $(PYTHON) is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.runtime ## fill .venv, whose bin/elasreg is the command

app: setup ## set up and open the app with the shipped demo
	$(BIN)/elasreg app

test: lint ## set up and run the tests, two files at a time (browser tests need Chromium, else they skip)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not long'

test-long: $(VENV)/.dev ## the tests that kill, fill disks, start many processes or sessions, or run a long notebook (some minutes more)
	$(BIN)/python -m pytest -m long

test-fast: $(VENV)/.dev ## the tests that take no more than a few seconds each
	$(BIN)/python -m pytest -m 'not slow and not browser and not long'

faults: $(VENV)/.dev ## kill -9 a training, a search and the app fifty times each, and count what is lost (half an hour)
	$(BIN)/python -m tests.faults.kills --times 50

lint: $(VENV)/.dev ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.bench ## measure the engine against the plain way, elastix and ANTs (half an hour; writes benchmarks/RESULTS.md)
	$(BIN)/python -m benchmarks

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(PYTHON) -m venv --clear .venv-ants
	.venv-ants/bin/python -m pip install --quiet --disable-pip-version-check antspyx==0.6.3
	@touch $@

checkpoints: setup ## train the shipped checkpoints again (hours on 2 cores; resumes where it stopped)
	$(BIN)/elasreg train cardiac-base --out workspace/checkpoints/cardiac-base --resume
	for family in cardiac thorax; do \
		$(BIN)/elasreg train $$family --out workspace/runs/$$family --resume && \
		rm -rf checkpoints/$$family && cp -r workspace/runs/$$family checkpoints/ && \
		$(BIN)/elasreg train $$family-diffusion --out workspace/runs/diffusion/$$family --resume && \
		cp -r workspace/runs/diffusion/$$family/diff-* checkpoints/$$family/ && \
		rm checkpoints/$$family/*/training_state.safetensors || exit 1; \
	done
	$(BIN)/elasreg train thorax-3d-base --out workspace/checkpoints/thorax-3d-base --resume
	for family in thorax-3d cardiac-3d; do \
		$(BIN)/elasreg train $$family --out workspace/runs/$$family --resume && \
		rm -rf checkpoints/$$family && cp -r workspace/runs/$$family checkpoints/ && \
		rm checkpoints/$$family/*/training_state.safetensors || exit 1; \
	done

stiffness: $(VENV)/.dev ## train small networks in six ways, and see whether what they choose knows the true stiffness (an hour)
	$(BIN)/python -m benchmarks.stiffness

load: $(VENV)/.dev ## 25 browser sessions at once for ten minutes: times of redraws, the server's memory, faults
	$(BIN)/python tests/browser/load.py

screenshots: $(VENV)/.dev ## pictures of every page of the app on the demo, into docs/screenshots
	$(BIN)/python tests/browser/screenshots.py docs/screenshots

notebooks: $(VENV)/.dev ## run every notebook on the demo (kept without outputs)
	$(BIN)/python -m pytest tests/notebooks

docs: $(VENV)/.dev ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --constraint requirements.txt

lock: ## write down what requirements.txt and the tools bring along, with hashes (requirements.lock, requirements-dev.lock)
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	.venv-lock/bin/$(LOCK) requirements.txt --output-file requirements.lock
	.venv-lock/bin/$(LOCK) pyproject.toml --extra dev --output-file requirements-dev.lock

audit: ## ask the advisory database about everything in the locks (needs the network)
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	.venv-lock/bin/pip-audit --strict --no-deps --disable-pip -r requirements-dev.lock

newest: ## the quick tests with the newest packages that pyproject.toml admits, in an environment of their own
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager --editable '.[dev]'
	.venv-newest/bin/python -m pytest -n 2 --dist loadfile -m 'not slow and not browser'

wheel: $(VENV)/.dev ## build the wheel into dist/
	$(BIN)/python -m hatchling build --clean -t wheel

wheel-check: wheel ## install it into clean environments, one per Python found here, and use it (3 GB each, a few minutes)
	$(BIN)/python tests/wheel/clean_install.py dist/elasreg-*.whl

clean: ## remove what the tools made; the workspace stays
	rm -rf $(VENV) .venv-ants .venv-lock .venv-newest build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
