# `make run` starts Blobscope, `make test` checks all of it, `make help` lists the rest.
# A machine needs Python 3.11 or newer with venv and pip, and make: nothing else. Where it
# has Node and npm, the tests check the JavaScript as well.

PYTHON  ?= python3
ADDRESS ?= localhost
PORT    ?=

VENV      := .venv
PY        := $(VENV)/bin/python
INSTALL   := $(PY) -m pip install --disable-pip-version-check --only-binary=:all:
INSTALLED := $(VENV)/.installed
DEVELOPED := $(VENV)/.installed-dev
# No --server.port unless somebody asks for one: Streamlit then takes the next free port.
SERVE     := $(PY) serve.py --server.address=$(ADDRESS) \
             $(if $(PORT),--server.port=$(PORT))

# Tests share nothing: a worker a core, each with an app and a browser of its own.
WORKERS   := -n auto --dist loadfile

# An environment whose Python has gone (an upgrade does that) is not installed any more.
$(shell test -e $(PY) || rm -f $(INSTALLED) $(DEVELOPED))

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run dev models test format-check lint types unit browser looks fuzz test-exports screenshots format bench lock clean

help: ## list these targets
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo "  variables: PORT=8600  ADDRESS=0.0.0.0 (let others in)  PYTHON=python3.12  CHROMIUM=/path"

run: $(INSTALLED) ## install what is needed and start the app
	$(SERVE)

# Not the default: an edit reloads classes behind values that are already cached.
dev: $(INSTALLED) ## start the app so that it follows edits and shows whole errors
	$(SERVE) --server.fileWatcherType=auto --server.runOnSave=true \
	    --client.showErrorDetails=full --client.toolbarMode=developer

models: $(INSTALLED) ## fetch the recommended models into BLOBSCOPE_MODELS (or the user's cache)
	$(PY) -m tools.fetch_models

test: format-check lint types unit browser ## check everything: what .ci/run calls

format-check: $(DEVELOPED) ## is every file formatted?
	$(PY) -m ruff format --check .

lint: $(DEVELOPED) ## does every file keep the rules?
	$(PY) -m ruff check .

types: $(DEVELOPED) ## do the types agree?
	$(PY) -m mypy

unit: $(DEVELOPED) node_modules ## unit, documentation and page tests
	$(PY) -m pytest -q -m "not browser" $(WORKERS)

browser: $(DEVELOPED) ## find or fetch a Chromium, then the tests that drive it
	$(PY) -m tools.find_browser --install
	$(PY) -m pytest -q -m browser tests/browser $(WORKERS) --ignore=tests/browser/test_live.py
	$(PY) -m pytest -q -m browser tests/browser/test_live.py # streams want the machine alone

fuzz: $(DEVELOPED) ## try properties on new examples, 2,000 each (make test: the same ones each time)
	BLOBSCOPE_EXAMPLES=fuzz $(PY) -m pytest -q -m "not browser" $(WORKERS) \
	    $$(grep -rl "from hypothesis" tests --include="test_*.py")

test-exports: $(DEVELOPED) ## run exported scripts with OpenCV 4.8, 4.10, 4.12 and 5.0
	$(PY) -m tools.check_exports

looks: $(DEVELOPED) ## does every page fit, at both widths, light and dark? (make test tries two)
	$(PY) -m tools.find_browser --install
	BLOBSCOPE_EVERY_LOOK=1 $(PY) -m pytest -q -m browser tests/browser $(WORKERS) -k fit

screenshots: $(DEVELOPED) ## remake the README's pictures in docs/screenshots
	$(PY) -m tools.find_browser --install
	BLOBSCOPE_SCREENSHOTS=docs/screenshots $(PY) -m pytest -q tests/browser/test_visitors.py \
	    -k fit_to_be_seen

format: $(DEVELOPED) ## format every file and mend what the linter can mend
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(DEVELOPED) ## run every benchmark
	@for benchmark in benchmarks/[!_]*.py; do \
	    echo "== $$benchmark"; $(PY) -m "benchmarks.$$(basename $$benchmark .py)" || exit 1; \
	done

lock: $(INSTALLED) ## remake requirements.lock from requirements.txt (keeps what still fits)
	$(INSTALL) --quiet uv==0.13.9
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m uv pip compile --quiet --universal \
	    --python-version 3.11 --fork-strategy fewest --only-binary :all: --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --output-file requirements.lock requirements.txt

clean: ## remove what these commands made: .venv, .browsers and caches
	rm -rf $(VENV) .browsers node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A half-made environment would look whole to the next run, so it goes.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Blobscope needs Python 3.11 or newer as $(PYTHON)."; \
	    echo "Name another one: make run PYTHON=python3.12"; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu:"; \
	    echo "    apt-get install python3-venv"; exit 1; }

# The lock first: exact and checked by hash. requirements.txt then adds nothing, unless
# somebody has just edited it and has not run `make lock` yet.
$(INSTALLED): requirements.txt requirements.lock $(PY)
	@echo "Installing what Blobscope runs on (once; one to three minutes) ..."
	$(INSTALL) --quiet --require-hashes -r requirements.lock
	$(INSTALL) --quiet -r requirements.txt
	@touch $@

$(DEVELOPED): requirements-dev.txt requirements-onnx.txt $(INSTALLED)
	@echo "Installing what the tests need ..."
	$(INSTALL) --quiet -r requirements-dev.txt
	@touch $@

# Only the type check of the JavaScript needs it; without it that test is skipped, and says so.
node_modules: package.json package-lock.json
	@if command -v npm > /dev/null; then \
	    echo "Installing what checks the JavaScript ..."; \
	    npm ci --ignore-scripts --no-audit --no-fund --silent && touch $@ \
	        || echo "npm could not install TypeScript: the types of the JavaScript go unchecked."; \
	fi
