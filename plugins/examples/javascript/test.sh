#!/bin/sh
# Tests the decision in Node.
set -eu
cd "$(dirname "$0")"
node --test
