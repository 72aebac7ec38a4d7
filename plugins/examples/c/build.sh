#!/bin/sh
# Makes plugin.wasm, which carries the cases.
set -eu
cd "$(dirname "$0")"
clang-19 --target=wasm32-wasi -std=c11 -Os -flto -Wall -Wextra -nostartfiles -Wl,--no-entry,--strip-all \
    -Wl,-z,stack-size=65536 -o plugin.core.wasm plugin.c policy.c bindings/signalbox_policy.c
signalbox build plugin.core.wasm --cases cases.yaml -o plugin.wasm
