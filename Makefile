# make demo: set up and run the main job on the sample city. make test: set up and run the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench soak clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(READY)

demo: $(READY)
	$(BIN)/diffusa demo -o out/demo

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# What must hold of the text of the code itself: style, format, types, the order of the rooms, docstrings (ruff's D rules).
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The programs to compare with are no part of what makes and tests the planner.
bench: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,bench]"
	$(BIN)/python -m bench

# The heavy form of the tests that have a small, seeded one in `make test`.
soak: $(READY)
	DIFFUSA_SOAK=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

clean:
	rm -rf $(VENV) out dist build
