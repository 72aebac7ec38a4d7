#!/bin/sh
# Makes plugin.wasm, the wrapper before policy.yaml, which carries the cases.
set -eu
cd "$(dirname "$0")"
cargo build --release --locked --quiet --target wasm32-unknown-unknown --target-dir target
signalbox build target/wasm32-unknown-unknown/release/plugin.wasm -o outer.wasm
signalbox compose outer.wasm policy.yaml --cases cases.yaml -o plugin.wasm
