PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test check lint format pictures bench clean

demo: .venv/installed
	$(BIN)/neufs-tui models get smollm2-135m
	$(BIN)/neufs-tui label sample_data/pool.jsonl

# a process for each core, up to four, each with one thread of its own
test: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist worksteal

check: lint test

lint: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# every picture of README and docs, and the table of keys
pictures: .venv/installed-dev
	$(BIN)/neufs-tui models get smollm2-135m
	$(BIN)/python docs/pictures.py

bench: .venv/installed-dev
	$(BIN)/python benchmarks/first_paint.py
	$(BIN)/python benchmarks/first_text.py
	$(BIN)/python benchmarks/long_session.py --labels 400
	$(BIN)/python benchmarks/latency.py sample_data/pool.jsonl --labels 40
	$(BIN)/python benchmarks/listing.py sample_data/pool.jsonl
	$(BIN)/python benchmarks/scan.py
	$(BIN)/python benchmarks/against_reference.py sample_data/test.jsonl -n 60
	$(BIN)/python benchmarks/rescoring.py -n 300 --baseline-rows 60
	$(BIN)/python benchmarks/bars.py
	$(BIN)/python benchmarks/clustering.py 1000 10000 100000
	$(BIN)/python benchmarks/difficulty.py sample_data/test.jsonl -n 90

.venv/bin/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt pip

.venv/installed: .venv/bin/pip pyproject.toml constraints.txt
	$(BIN)/pip install --progress-bar on --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --progress-bar on --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
