#!/bin/sh
# Makes plugin.wasm, which carries the cases.
set -eu
cd "$(dirname "$0")"
GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags='-s -w' -trimpath -o plugin.core.wasm .
signalbox build --stub-wasi --snapshot plugin.core.wasm --cases cases.yaml -o plugin.wasm
