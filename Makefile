# Each target does all of its own set-up. `uv` is used where it is present.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export OMP_NUM_THREADS ?= 2

.PHONY: demo test test-wheel test-notebooks check fix bench bench-perf nightly web web-check clean

demo: $(VENV)/.core ## the main job on a real data set; prints where the report lies
	$(BIN)/burnish demo

test: $(VENV)/.dev ## everything that must hold, browser tests too where chromium is there
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

test-wheel: $(VENV)/.dev ## the browser tests again, over the wheel as users install it: no source of ours is on the path
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check \
	  "$$(ls build/wheel/burnish-*.whl)[app,notebook]" pytest hypothesis playwright
	cd build/wheel && venv/bin/python -c "import burnish, sys; sys.exit('site-packages' not in burnish.__file__)"
	cd build/wheel && venv/bin/python -m pytest --rootdir ../.. -c ../../pyproject.toml -p no:cacheprovider ../../tests/browser

test-notebooks: $(VENV)/.notebooks ## representations and widget in real JupyterLab and marimo, which it installs
	$(BIN)/python -m pytest tests/browser/test_notebooks.py

check: $(VENV)/.dev ## format, lint, strict types, imports, fast tests: under a minute
	$(BIN)/ruff format --check src tests benchmarks scripts
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 -m "not slow and not browser and not extras"

fix: $(VENV)/.dev ## format and mend what can be mended
	$(BIN)/ruff format src tests benchmarks scripts
	$(BIN)/ruff check --fix src tests benchmarks scripts

bench: $(VENV)/.bench ## every figure of docs/benchmarks.md, on the sets of $$BURNISH_DATA (default ../shared/data)
	$(BIN)/python -m benchmarks

bench-perf: $(VENV)/.perf ## the kernels beside the fastest libraries, mostly 50,000 and 200,000 rows: docs/performance.md (hours)
	$(BIN)/python -m benchmarks.performance

nightly: $(VENV)/.perf ## the same and a million rows, the whole audit included (most of a night, 16 GiB)
	$(BIN)/python -m benchmarks.performance --nightly
	BURNISH_TEST_LAG=1.5 $(BIN)/python -m pytest -n 2 tests/browser
	BURNISH_STATE_RUNS=260 BURNISH_STATE_STEPS=40 $(BIN)/python -m pytest tests/workspace/test_history_states.py

web-check: ## the committed script and style are what web/ builds (needs node)
	cd web && npm ci && npm run types && npm run check

web: ## build the scripts and styles of app, report and widget anew (needs node)
	cd web && npm ci && npm run build

$(VENV)/bin/python:
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --seed $(VENV); else $(PYTHON) -m venv $(VENV); fi

$(VENV)/.core: pyproject.toml | $(VENV)/bin/python
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python -e .; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .; fi
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python --group dev --group web; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" && \
	     $(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev --group web; fi
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python --group bench; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench; fi
	@touch $@

$(VENV)/.notebooks: $(VENV)/.dev
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python --group notebooks; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --group notebooks; fi
	@touch $@

$(VENV)/.perf: $(VENV)/.dev
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python --group perf; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --group perf; fi
	@touch $@

clean:
	rm -rf $(VENV) burnish-out .burnish .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
