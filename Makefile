# Everything below brings what it needs: uv and the packages of uv.lock come into this folder (.uv, .venv), nothing else is touched.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

export UV_PYTHON_DOWNLOADS := never
# a city's network may have an authority of its own, which the machine knows and uv's built-in list does not
ROOTS := $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem)
export UV_SYSTEM_CERTS ?= $(if $(ROOTS),true,false)
export CIVICMAIL_PYTHON
# what is compiled is kept, also where the environment says otherwise: six lanes begin with the same tests
export PYTHONDONTWRITEBYTECODE :=
IN := .venv/bin
READY := .venv/.ready
QUICK := -m "not neighbour and not corpora" $(patsubst %,tests/core/%,config disk message query wire) tests/city/policy tests/city/law

DIST ?= dist
LANES := suite stories mail pages mutants $(if $(CIVICMAIL_NOTHING_MISSING),postgresql)
MAIL := tests/core tests/mail tests/faults

.PHONY: help setup demo test again suite stories mail pages mutants postgresql city quick check texts bench mutation release fmt verify neighbours

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## fetch uv and the packages of uv.lock (every other target does it by itself)

demo: $(READY) ## a city of 400 people with a month of mail, its pages in your browser, until Ctrl-C
	@$(IN)/civicmail demo $(DEMO)

test: $(READY) ## all tests; what could not be tested is listed at the end
	@$(if $(TESTS),$(IN)/pytest $(TESTS),$(MAKE) --no-print-directory --keep-going --jobs=3 $(LANES))

stories: $(READY) # the whole program with real servers: they wait as often as they work, and go before the others
	@tools/lane.sh stories tests/stories

mail: $(READY) # the mail path, which waits for disks
	@tools/lane.sh mail $(MAIL)

suite: $(READY) # all but the lanes beside it
	@nice tools/lane.sh suite $(MAIL:%=--ignore=%) --ignore=tests/stories --ignore=tests/mutants --ignore=tests/pages

pages: $(READY) # every page, by everybody, in a browser
	@nice tools/lane.sh pages tests/pages

mutants: $(READY) # beside the suite: rules that are taken out turn their tests red
	@nice tools/lane.sh mutants tests/mutants

postgresql: $(READY) ## tests of people's side on PostgreSQL 17: constraints, transactions, SQL; with ALL=1 all of them
	@CIVICMAIL_TEST_DB=postgresql$(if $(ALL),,-own) nice tools/lane.sh postgresql tests/city tests/front

again: $(READY) ## what failed in the last `make test`, once more and alone; at most five of a lane
	@$(IN)/python tools/again.py

city: $(READY) ## what is too long for every change: all tests of people's side on PostgreSQL, 6,200 people by the first roster, 20,000 messages moved by IMAP, each sync left out, 200 faults of each kind, units, containers and a bare Debian, alerts that wait for minutes
	@CIVICMAIL_LONG=1 CIVICMAIL_PEOPLE=6200 CIVICMAIL_FAULTS=$${CIVICMAIL_FAULTS:-200} CIVICMAIL_MOVED=20000 $(IN)/pytest --durations=12 tests/faults tests/long tests/stories/test_roster.py tests/stories/test_mailboxes_moved.py tests/stories/killed_worker.py tests/stories/test_addresses_come.py tests/stories/test_faults_told.py tests/stories/test_neighbours_told.py
	@$(MAKE) --no-print-directory postgresql ALL=1

quick: $(READY) ## the tests of a minute: wire, messages, queries, files, rules and law; no neighbours, no corpora
	@$(IN)/pytest $(QUICK)

check: $(READY) ## format, lint, types, layers, dependencies
	@$(IN)/ruff format --check --quiet
	@$(IN)/ruff check --quiet
	@$(IN)/mypy
	@$(IN)/lint-imports
	@$(IN)/deptry src

texts: $(READY) ## every text of the pages in English and Spanish beside its picture, in dist/texts/index.html, to be read through
	@CIVICMAIL_TEXTS="$(DIST)/texts" $(IN)/pytest -q tests/pages/texts.py

verify: $(READY) ## power cuts, kills, full disks, 200 of each; FULL=1 plays 2,000 and every point
	@CIVICMAIL_FAULTS=$${CIVICMAIL_FAULTS:-200} $(IN)/pytest tests/faults

bench: $(READY) ## against notmuch, mu, Postfix and smtp-sink, on one corpus
	@$(IN)/python -m bench $(BENCH)

mutation: $(READY) ## small changes of core, guard or policy by mutmut, and how many of them a test notices: PART=query MINUTES=30
	@nice $(IN)/python tools/mutation.py "$(or $(PART),query)" --minutes "$(or $(MINUTES),60)"

release: $(READY) ## wheel, Debian package, checkers, SBOM and hashes of the committed state, into dist/ (Debian 13)
	@PYTHONPATH=tools $(IN)/python tools/release.py "$(DIST)"

fmt: $(READY) ## put the code into the house's format
	@$(IN)/ruff format --quiet
	@$(IN)/ruff check --quiet --fix

neighbours: ## install the mail programs that tests use (Debian or Ubuntu, root); starts no service; CITY=1 also what `make city` needs
	@tools/neighbours.sh $(if $(CITY),--city)

.uv/bin/uv: tools/python.sh
	@python=$$(tools/python.sh) && echo "Fetching uv with $$python" && "$$python" -m venv --clear .uv \
		&& .uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@touch $@

$(READY): .uv/bin/uv pyproject.toml uv.lock
	@python=$$(tools/python.sh) && .uv/bin/uv sync --frozen --quiet --compile-bytecode --python "$$python"
	@$(IN)/python -m compileall -q src # a command starts in half the time, also where Python may not write what it compiled
	@touch $@
