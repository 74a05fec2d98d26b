#!/bin/sh
# Starts the worker; the first start makes it a Python environment of its own. Where the
# list of packages has changed since, it is made anew.
set -eu

if ! cmp -s requirements.txt .venv/made-from; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt .venv/made-from
fi
exec .venv/bin/python -u token_worker.py
