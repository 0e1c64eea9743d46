# Needs Python 3.11 or newer with venv, and a package index; each target makes its own .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Tests that share a costly measurement stay together in one process.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadgroup -q

.PHONY: demo test test-all test-openai2 test-digests test-lowest check format bench bench-tokens security-table demo-record clean

demo: $(VENV)/.demo
	$(BIN)/cave-agent demo $(ARGS)

# Everything that a commit must pass, offline: linter, type checker, tests on all cores.
test: check
	$(PYTEST) -m "not slow" $(ARGS)

test-all: check
	$(PYTEST) $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	touch $@

$(VENV)/.demo: $(VENV)/.pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[demo,openai]'
	touch $@

$(VENV)/.dev: $(VENV)/.pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[all]' --group dev
	touch $@ $(VENV)/.demo

# The digests of large packages that nothing else needs.
test-digests: $(VENV)-digests/.dev
	$(VENV)-digests/bin/python -m pytest -n auto -q tests/runtime/test_digests*.py tests/runtime/test_privacy.py $(ARGS)

$(VENV)-digests/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)-digests
	$(VENV)-digests/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(VENV)-digests/bin/pip install --quiet --editable '.[all]' --group dev --group libraries
	touch $@

# The openai SDK's previous major version; `all` resolves to the newest one.
test-openai2: $(VENV)-openai2/.dev
	$(VENV)-openai2/bin/python -m pytest -n auto -q tests/models tests/testing tests/test_readme.py $(ARGS)

$(VENV)-openai2/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)-openai2
	$(VENV)-openai2/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(VENV)-openai2/bin/pip install --quiet --editable '.[all]' 'openai<3' --group dev
	touch $@

# The oldest versions of the dependencies that pyproject.toml allows.
test-lowest: $(VENV)-lowest/.dev
	$(VENV)-lowest/bin/python -m pytest -n auto -q -m "not slow" $(ARGS)

$(VENV)-lowest/.dev: pyproject.toml tests/lowest-versions.txt
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(VENV)-lowest/bin/pip install --quiet --editable '.[all]' --group dev -c tests/lowest-versions.txt
	touch $@

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# Counts the tokens of the same work by cells and by JSON calls, for benchmarks/README.md.
bench-tokens: $(VENV)/.dev
	$(BIN)/python -m benchmarks.tokens $(ARGS)

# Counts ordinary cells and escapes under each set of rules, for docs/security.md.
security-table: $(VENV)/.dev
	$(BIN)/python -m tests.security.table --write

# Records the demo's conversation anew, after a change to the prompts or to the demo.
demo-record: $(VENV)/.demo
	$(BIN)/cave-agent demo --record

clean:
	rm -rf $(VENV) $(VENV)-openai2 $(VENV)-digests $(VENV)-lowest benchmarks/.venvs demo-output
