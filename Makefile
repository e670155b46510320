# Everything a newcomer needs: `make demo`, `make test`. Only Python 3.11 or newer and make are assumed.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
RUN := DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true $(BIN)
# The console's tests and screenshots drive this; on Debian: apt-get install chromium
CHROMIUM := $(shell command -v chromium || command -v chromium-browser)

.DEFAULT_GOAL := help
.PHONY: help install demo test proof check format lock docs docs-serve docs-images clean bench-features bench-explain bench-serve bench-intake bench-monitor bench-train

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/' | expand -t 20

# Installed once per lock file: the stamp is newer than the files it was made from.
install: .venv/installed ## Make .venv with the locked dependencies and the console's stylesheet

.venv/installed: requirements/lock.txt requirements/bootstrap.txt pyproject.toml package-lock.json
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes --no-deps -r requirements/lock.txt
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/python -m serving.console.assets
	touch $@

# Spark lies apart: MLflow and others import it where they find it, and every process would pay for that.
.venv/spark/installed: requirements/spark.txt requirements/build.txt .venv/installed
	rm -rf $(@D)
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(BIN)/python --target $(@D) --compile-bytecode \
	  --build-constraints requirements/build.txt --require-hashes --no-deps -r $<
	touch $@

# Peers of the benchmarks that do not bear our libraries, each in an environment of its own.
var/bench/peers/%/installed: requirements/%.txt .venv/installed
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(@D)/bin/python --compile-bytecode --require-hashes --no-deps -r $<
	touch $@

demo: install ## Synthetic municipality from raw files to a served case, on http://127.0.0.1:8000
	$(RUN)/tidlig demo

# Bytecode is kept even where the machine says not to: three processes, and each program they start, would compile every file anew.
test: install ## All tests, about ten minutes at most
	PYTHONDONTWRITEBYTECODE= $(RUN)/python -m pytest -n 3 --dist loadfile -m "not proof"

PEERS := var/bench/peers/featuretools/installed var/bench/peers/collate/installed
WOODELF := var/bench/peers/woodelf/installed
AEQUITAS := var/bench/peers/aequitas/installed

proof: install .venv/spark/installed .venv/docs/installed $(PEERS) $(WOODELF) ## The long proofs: soak, kills, full matrices
	$(RUN)/python -m pytest -m proof

check: install ## Format, lint, types, layers, generated pages, lock file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check
	@! grep -nE 'https?://' requirements/*.txt package-lock.json || (echo "a lock file names an address" >&2; exit 1)
	@if [ -z "$(CHROMIUM)" ]; then echo "note: no chromium; console tests in the browser will not run (Debian: apt-get install chromium)"; fi
	@if ! command -v java >/dev/null; then echo "note: no Java; the proof that Spark builds the same tables will fail (Debian: apt-get install openjdk-17-jre-headless)"; fi

format: install ## Format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Environment of its own: what builds the pages has no part in what they describe.
.venv/docs/installed: requirements/docs.txt .venv/installed
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --python $(@D)/bin/python --compile-bytecode --require-hashes --no-deps -r $<
	touch $@

# The strict build ends with an error for a link that leads nowhere; NO_MKDOCS_2_WARNING: docs/decisions/0044 says what it says.
MKDOCS := NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs

docs: install .venv/docs/installed ## Regenerate the reference, and build the documentation into var/site
	$(BIN)/python -m docs.generate
	$(MKDOCS) build --strict
	cp serving/console/static/vendor/inter-latin-wght-normal.woff2 var/site/assets/
	cp node_modules/iframe-worker/shim/index.js var/site/assets/iframe-worker.js
	@echo "Open var/site/index.html"

docs-serve: install .venv/docs/installed ## Serve the documentation while writing, on http://127.0.0.1:8001
	$(MKDOCS) serve --dev-addr 127.0.0.1:8001

docs-images: install ## Take the documentation's pictures of the console anew
	TIDLIG_DOCS_IMAGES=docs/images $(RUN)/python -m pytest -m proof tests/functional/test_docs_images.py

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

lock: ## Resolve the dependencies anew; the locks name no package index
	$(COMPILE) --group dev pyproject.toml -o requirements/lock.txt
	for group in spark docs; do $(COMPILE) --group pyproject.toml:$$group -o requirements/$$group.txt; done
	for name in bootstrap build featuretools woodelf aequitas; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt; done
	$(COMPILE) --no-deps requirements/collate.in -o requirements/collate.txt

bench-features: install $(PEERS) ## The point-in-time engine beside DuckDB, Polars, pandas, featuretools and collate
	$(RUN)/python -m benchmarks.features
bench-explain: install $(WOODELF) ## Reasons beside shap, LightGBM and woodelf-explainer, and what a larger model buys
	$(RUN)/python -m benchmarks.explain
bench-serve: install ## One case scored with its reasons, beside mlflow's scoring and shap
	$(RUN)/python -m benchmarks.serve
bench-intake: install ## From a register's files to a partitioned store, beside DuckDB's COPY and pandas
	$(RUN)/python -m benchmarks.intake
bench-train: install ## Trees grown from a table on disk, streamed, beside the same in memory
	$(RUN)/python -m benchmarks.training
bench-monitor: install $(AEQUITAS) ## Fairness and drift beside Evidently, fairlearn and aequitas: time, memory, how often right
	$(RUN)/python -m benchmarks.monitor

clean: ## Remove what was made, not what was written
	rm -rf .venv var node_modules dist .mypy_cache .ruff_cache .pytest_cache .hypothesis serving/console/static/vendor
