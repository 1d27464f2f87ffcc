# Paper Route: `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# As given, else as `.env` has it.
WEB_PORT ?= $(or $(shell sed -n 's/^WEB_PORT=//p' .env 2>/dev/null),8000)
export WEB_PORT
# Tests that need no service, no browser and no judge.
EVERYWHERE := not services and not browser and not judge and not chaos

# What is about SQLite, or takes long and says nothing of a database.
SAID_ONCE := --ignore tests/test_embedded.py --ignore tests/staff/test_walk.py

.DEFAULT_GOAL := help
.PHONY: help demo run test half rest postgres services browser gallery judge lint format bench chaos faults ci lock

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Paper Route needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/development: $(VENV)/runtime requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(VENV)/runtime ## Deliver three personal digests of the sample catalogue as files under var/outbox
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo

run: $(VENV)/runtime ## Web server and worker in one terminal; Ctrl-C ends both
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) tick
	@echo "Paper Route is at http://localhost:$(WEB_PORT)/"
	@PATH="$(CURDIR)/$(BIN):$$PATH" honcho start --env /dev/null

test: $(VENV)/development ## Everything that needs no service and no browser
	@$(BIN)/pytest -m "$(EVERYWHERE)"

# The same in two halves that may run at once.
HALF := tests/newsletter tests/mail tests/staff
half: $(VENV)/development
	@$(BIN)/pytest -m "$(EVERYWHERE)" $(HALF)
rest: $(VENV)/development
	@$(BIN)/pytest -m "$(EVERYWHERE)" $(HALF:%=--ignore=%)

postgres services bench: export TEST_DATABASE_URL ?= postgres://postgres:postgres@127.0.0.1:5432/postgres
postgres: $(VENV)/development ## What uses the database, on PostgreSQL
	@DATABASE_URL=$$TEST_DATABASE_URL $(BIN)/pytest -m "$(EVERYWHERE) and django_db" --hypothesis-profile few $(SAID_ONCE)

# A database of its own, so that both may run at once.
services: $(VENV)/development ## The tests that need PostgreSQL, Redis and a real Celery node
	@DATABASE_URL=$${TEST_DATABASE_URL%/*}/services $(BIN)/pytest -m services

browser: $(VENV)/development ## The pages in Chromium, light and dark, phone and desk
	@$(BIN)/pytest -m browser

gallery: $(VENV)/development ## Pictures of every mail and every page in var/gallery, with a page to look at them; 3 minutes
	@$(BIN)/python -m tests.gallery

JUDGES := tests/judges
$(JUDGES)/node_modules/.package-lock.json: $(JUDGES)/package-lock.json
	@$(PYTHON) $(JUDGES)/needs.py
	@npm ci --silent --prefix $(JUDGES)
	@touch $@

judge: $(VENV)/development $(JUDGES)/node_modules/.package-lock.json ## Every mail and page before SpamAssassin, rspamd, caniemail, the Nu checker and axe; what they said in figures
	@$(PYTHON) $(JUDGES)/needs.py
	@$(BIN)/pytest -m judge $(JUDGES)

lint: $(VENV)/development ## Style, types, import contracts, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run

format: $(VENV)/development ## Put the code into its usual form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/runtime ## Figures, one JSON line each, on SQLite and on PostgreSQL at TEST_DATABASE_URL
	@$(BIN)/python -m bench

chaos: $(VENV)/development ## Everything that can go wrong while an edition leaves: what is lost, doubled, unknown; 15 minutes
	@$(BIN)/python -m tests.chaos

faults: $(VENV)/development ## The most telling of that, with fewer readers
	@$(BIN)/pytest -m chaos

ci: $(VENV)/development ## What the continuous integration runs, four things at a time, first those that wait
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target services browser postgres half rest faults judge lint

lock: $(VENV)/development ## Pin the newest versions that requirements*.in allow
	@for name in requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 \
	    --custom-compile-command "make lock" $$name.in -o $$name.txt; done
