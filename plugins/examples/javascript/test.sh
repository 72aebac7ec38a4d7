#!/bin/sh
# Tests the decision in Node, by its own tests and the cases.
set -eu
cd "$(dirname "$0")"
signalbox cases cases.yaml > cases.json
node --test
