# What can be done here, each in one line; `make` alone lists it.

PYTHON ?= python3
IN_VENV := .venv/bin/python -m

.PHONY: help run test test-long faults sending-faults guards measure check format migrate lock \
	clean python for-running for-developing

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: for-running ## start everything, play a conversation, stay up until Ctrl-C (ONCE=1: end after it)
	@$(IN_VENV) deploy.local $(if $(ONCE),--once)

test: for-developing ## run the tests that take seconds (ARGS=… for pytest)
	@$(IN_VENV) pytest -m "not long" $(ARGS)

test-long: for-developing ## run the tests that take minutes
	@$(IN_VENV) pytest -m long $(ARGS)

faults: for-developing ## break everything under load and audit it (SEEDS=1,2 MINUTES=2)
	@$(IN_VENV) tests.faults.campaign --seeds $(or $(SEEDS),1) --minutes $(or $(MINUTES),2)

sending-faults: for-developing ## kill four senders 50 times while Meta loses answers and statuses (SEED=1)
	@$(IN_VENV) tests.faults.sending --seed $(or $(SEED),1)

guards: for-developing ## remove each guard in turn, and see a test fail (minutes; GUARDS=name,name for some)
	@$(IN_VENV) tests.faults.remove_guards $(GUARDS)

.PHONY: bench
bench: for-developing ## measure the main path against limits and peers (ten minutes; SECTIONS=… TURNS=3)
	@$(IN_VENV) tests.benchmarks.peers.install > /dev/null
	@$(IN_VENV) tests.benchmarks.bench $(if $(SECTIONS),--sections $(SECTIONS)) --turns $(or $(TURNS),3)

.PHONY: bench-long
bench-long: for-developing ## measure what takes longer: five million messages, 500,000 events (an hour)
	@$(IN_VENV) tests.benchmarks.bench --sections grown,memory --turns 3

measure: for-developing ## measure how files are taken on this machine (about three minutes)
	@$(IN_VENV) tests.benchmarks.measure_files

.PHONY: measure-sending
measure-sending: for-developing ## measure what a sender drives, and what a flood does (about four minutes)
	@$(IN_VENV) tests.benchmarks.measure_sending

.PHONY: corpus
corpus: for-developing ## make files of every kind, judge them and print a table (FOLDER=… keeps them)
	@$(IN_VENV) tests.corpus $(FOLDER)

.PHONY: compare-detectors
compare-detectors: for-developing ## hold libraries that detect types against our proofs (FOLDER=a folder for each kind)
	@$(PYTHON) -m venv .local/detectors && .local/detectors/bin/pip -q install -r tests/benchmarks/detectors.txt
	@test -n "$(FOLDER)" || $(IN_VENV) tests.corpus .local/corpus
	@.local/detectors/bin/python -m tests.benchmarks.compare_detectors $(or $(FOLDER),.local/corpus)

.PHONY: fuzz
fuzz: for-developing ## send ingress what nobody should send (CASES=200000)
	@$(IN_VENV) tests.fuzz --cases $(or $(CASES),200000)

check: for-developing ## lint, formatting, types, layers
	@$(IN_VENV) ruff check --no-cache
	@$(IN_VENV) ruff format --no-cache --check
	@$(IN_VENV) mypy
	@.venv/bin/lint-imports

format: for-developing ## format the code, and mend what ruff can mend
	@$(IN_VENV) ruff check --fix-only
	@$(IN_VENV) ruff format

migrate: for-running ## bring the database of DATABASE_URL to the newest schema
	@$(IN_VENV) services.operations migrate

lock: for-developing ## resolve pyproject.toml anew into both lock files
	$(IN_VENV) uv pip compile --generate-hashes --no-header --python-version 3.11 \
		pyproject.toml -o requirements.lock
	$(IN_VENV) uv pip compile --generate-hashes --no-header --python-version 3.11 \
		--group dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment, logs, kept files and caches
	rm -rf .venv .local/logs .local/media .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- the environment ------------------------------------------------------------------------

for-running: python
	@$(PYTHON) -m deploy.local.prepare_environment run

for-developing: python
	@$(PYTHON) -m deploy.local.prepare_environment develop

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python …" >&2; exit 1; }
