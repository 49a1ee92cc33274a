# Needs Python >= 3.11 and make; everything else is fetched into this folder.
PYTHON ?= python3
BIN := .venv/bin
# Each has servers of its own. One begins with the journeys and the other with all that needs no browser; then they share the browser's files.
TEST_PROCESSES ?= 3
COMMA := ,
export UV_PYTHON_DOWNLOADS := never
# A process of ours starts in a third of the time from compiled modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test journeys check bench evaluate lint format types contracts migrations deploy install services help
.DEFAULT_GOAL := help

help:
	@echo "make demo    everything on this machine, ready to try (PORT, SIMULATOR_PORT, PARLEY_HOME, CORPUS)"
	@echo "make test    the whole suite (about 45 minutes; LONG=no leaves out what takes long: a quarter of an hour)"
	@echo "make journeys  every journey through the real processes, with faults and killed processes (about 20 minutes)"
	@echo "make check   lint, types, contracts, migrations, deployment check, tests"
	@echo "make evaluate  how well tags and languages hold on real messages, against limits (DATA=folder)"
	@echo "make bench   ratios against limits measured in the same run (BENCH_SCALE)"

demo:
	@$(PYTHON) tools/bootstrap.py demo
	@exec $(BIN)/python manage.py demo

install:
	@$(PYTHON) tools/bootstrap.py dev

# LONG=no leaves out the journeys that play faults and kill processes for minutes, and the second way in which a browser test is told.
test: install
	@$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest $(if $(filter no,$(LONG)),-m "not long") -n $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder $(ARGS)
	@$(if $(filter no,$(LONG)),echo "Left out: what takes long (faults$(COMMA) killed processes$(COMMA) further sizes and schemes of pages). It runs with: make test",true)

journeys: install
	@$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest tests/journeys $(ARGS)

# What needs no servers runs two at a time: the types alone take as long as all the rest of it.
check: install
	@$(MAKE) --no-print-directory -j 2 lint types contracts migrations deploy
	@$(MAKE) --no-print-directory test

bench: install
	$(BIN)/python -m bench

# Reads DATA, or PARLEY_DATA, or ../shared/data; says so where there is nothing. Ends with 1 where a limit does not hold.
evaluate: install
	@$(BIN)/python -m tools.evaluate $(DATA)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/templates.py --check

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/templates.py

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports

migrations: install
	@# Nothing needs to run for this: Django would warn that it could not ask a database what it has applied.
	$(BIN)/python -W "ignore:Got an error checking" manage.py makemigrations --check --dry-run

# Production's settings with throw-away secrets: what `check --deploy` finds there is a fault of ours.
deploy: install
	PARLEY_ENV=production PARLEY_ALLOWED_HOSTS=parley.example PARLEY_SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(64))") PARLEY_SEAL_KEYS=$$($(BIN)/python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())") DATABASE_URL=postgresql://parley@db.example/parley REDIS_URL=redis://broker.example $(BIN)/python manage.py check --deploy --fail-level WARNING

# The embedded servers alone, for commands run by hand.
services: install
	@exec $(BIN)/python -m config.embedded
