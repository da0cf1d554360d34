# make demo | demo-node | test | soak | bench | oracles. Each makes the environment it needs in .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := install --quiet --require-hashes -r
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
APART := $(BIN)/python tools/private-network
ORACLES := .venv-oracles

.PHONY: demo demo-node test lint soak bench peers oracles lock clean

demo: $(RUNTIME)
	$(BIN)/linac-gateway demo --out out/demo

demo-node: $(DEVELOPMENT) peers
	$(APART) $(BIN)/python tools/demo-node out/demo-node

test: $(DEVELOPMENT) peers oracles lint
	$(APART) $(BIN)/python -m pytest -W error -n 3 --dist worksteal -m "not soak"

lint: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

soak: $(DEVELOPMENT) peers oracles
	$(APART) $(BIN)/python -m pytest -W error -m "not soak" --hypothesis-profile fresh --timeout 0
	$(APART) $(BIN)/python -m pytest -W error -m soak --timeout 0

bench: $(DEVELOPMENT) oracles
	@$(APART) $(BIN)/python -m tests.bench

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); ./tools/install-venv && $(PYTHON) -m venv $(VENV); }

$(RUNTIME): $(BIN)/python requirements.lock pyproject.toml
	$(PIP) $(LOCKED) requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): $(RUNTIME) requirements-dev.lock
	$(PIP) $(LOCKED) requirements-dev.lock
	@touch $@

# External programs that tests use as peers; tests skip by name where they cannot be had.
peers:
	@./tools/install-peers

# pylinac and pymedphys need another pydicom and a Python before 3.13: an environment of their own.
oracles: $(BIN)/python
	@PIP_DISABLE_PIP_VERSION_CHECK=1 ./tools/install-oracles $(BIN)/python $(ORACLES)

# Needs uv; writes hashes and no addresses.
lock:
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --quiet --custom-compile-command "make lock" -o requirements.lock
	uv pip compile pyproject.toml --all-extras --group build --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-annotate --quiet \
	  --custom-compile-command "make lock" -c requirements.lock -o requirements-dev.lock
	uv pip compile requirements-oracles.in --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --quiet --custom-compile-command "make lock" -o requirements-oracles.lock

clean:
	rm -rf $(VENV) $(ORACLES) out build dist
