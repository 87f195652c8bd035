# Every target sets up what it needs on a machine with Python 3.11+ and make.
# Node 20+ is used by `run` (for the chat window), `e2e` and `gallery`; the latter two install Chromium from
# Debian's packages.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
NODE := node_modules/.complete

.PHONY: run test check e2e gallery readme-pictures faults bench format lock

run: $(RUNTIME)
	@command -v npm >/dev/null && $(MAKE) -s --no-print-directory $(NODE) || echo "チャットの画面は用意できませんでした。"
	$(BIN)/python -m tests.e2e.demo

test: $(DEV)
	$(BIN)/python -m pytest -q -m "not e2e and not faults"

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

e2e: $(DEV) $(NODE)
	$(BIN)/python -m tests.e2e.browser
	$(BIN)/python -m pytest -q -m e2e tests/e2e tests/gallery

# Every card in every state as a picture, in build/gallery/index.html; fails where one cannot be read.
gallery: $(DEV) $(NODE)
	$(BIN)/python -m tests.e2e.browser
	$(BIN)/python -m tests.gallery

# The pictures of README.md, what they were drawn from, and its Japanese part.
readme-pictures: $(DEV) $(NODE)
	$(BIN)/python -m tests.e2e.browser
	$(BIN)/python -m tests.gallery.readme

faults: $(DEV)
	$(BIN)/python -m pytest -q -m faults tests

bench: $(DEV)
	$(BIN)/python -m tests.bench

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Writes the lock files anew; they hold versions and hashes, and no address.
lock:
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -o requirements.lock
	uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header -o requirements-dev.lock

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

$(DEV): requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@ $(RUNTIME)

# A mark of its own: `package` may have installed the schemas alone.
$(NODE): package-lock.json
	npm ci --ignore-scripts
	touch $@
