#!/bin/sh
# Makes plugin.wasm, which carries the cases.
set -eu
cd "$(dirname "$0")"
. ./tools.sh
componentize-py --wit-path wit --world signalbox-policy componentize plugin --stub-wasi -o plugin.wasm
signalbox build plugin.wasm --cases cases.yaml -o plugin.wasm
