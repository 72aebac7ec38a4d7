#!/bin/sh
# Tests the decision on this machine.
set -eu
cd "$(dirname "$0")"
cargo test --locked --quiet --target-dir target
