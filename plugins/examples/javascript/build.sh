#!/bin/sh
# Makes plugin.wasm, which carries the cases.
set -eu
cd "$(dirname "$0")"
test -d node_modules || npm ci --no-audit --no-fund
node_modules/.bin/componentize-qjs --wit wit --world signalbox-policy --js plugin.js --module-root . \
    --stub-wasi --sync --minify -o plugin.wasm
signalbox build plugin.wasm --cases cases.yaml -o plugin.wasm
