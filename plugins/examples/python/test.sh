#!/bin/sh
# Tests the decision on this machine.
set -eu
cd "$(dirname "$0")"
. ./tools.sh
PYTHONPATH=.bindings pytest -q
