# Needs make and Python 3.11 or newer; everything else goes into .venv/.
# Another interpreter: make run PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test test-torch quick lint fuzz bench soak browser clean

run: .venv/.run
	$(BIN)/streamlit run streamlit_app.py

# Three processes for two cores: each waits now and then, for a browser or for another process.
test: lint browser
	$(BIN)/python -m pytest -n 3 --ignore=tests/browser --ignore=tests/torch
	$(BIN)/python -m pytest -n 3 --dist loadfile tests/browser

# PyTorch weighs gigabytes, so it has an environment of its own, and its tests run apart.
# EXPORTS=DIR keeps the files that PyTorch writes, which takes most of the time. The index has wheels
# for CPUs, a tenth of the others in size; TORCH_INDEX= does without it.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

test-torch: .venv-torch/.dev
	.venv-torch/bin/python -m pytest tests/torch -p no:logging $(if $(EXPORTS),--exports $(EXPORTS))

quick: .venv/.dev
	$(BIN)/python -m pytest -n 2 --quiet --ignore=tests/browser --ignore=tests/torch -m "not slow"

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/biome check --error-on-warnings

# Mutated files of every format: make fuzz N=10000 SEED=1, or make fuzz ONLY=image, or CASE=123.
N ?= 1000
SEED ?= 1

fuzz: .venv/.dev
	$(BIN)/python -m tests.fuzz --cases $(N) --seed $(SEED) $(if $(ONLY),--only "$(ONLY)") \
		$(if $(CASE),--case $(CASE))

bench: browser
	@for script in benchmarks/bench_*.py; do \
		echo "== $$script"; PYTHONPATH=. $(BIN)/python "$$script" || exit 1; \
	done

# The memory of the app, with visitors who come and go: make soak MINUTES=60 VISITORS=20
MINUTES ?= 60
VISITORS ?= 20

soak: .venv/.dev
	PYTHONPATH=. $(BIN)/python benchmarks/soak.py $(MINUTES) $(VISITORS)

browser: .venv/.dev
	@.ci/browser

clean:
	rm -rf .venv .venv-torch .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# The files .run and .dev say when what they stand for was last installed.

.venv/.run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "RF-Viz needs Python 3.11 or newer and this is %d.%d: name a newer one with make PYTHON=..." % sys.version_info[:2])'
	@echo "Installing into .venv/, this takes a minute or two the first time ..."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv-torch/.dev: requirements-torch.txt requirements-dev.txt requirements.txt
	@echo "Installing PyTorch into .venv-torch/, this takes some minutes ..."
	@$(PYTHON) -m venv .venv-torch
	@.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements-torch.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	@echo "Installing the test tools into .venv/ ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@
