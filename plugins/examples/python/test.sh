#!/bin/sh
# Tests the decision on this machine, by its own tests and the cases.
set -eu
cd "$(dirname "$0")"
. ./tools.sh
signalbox cases cases.yaml > cases.json
PYTHONPATH=.bindings pytest -q
