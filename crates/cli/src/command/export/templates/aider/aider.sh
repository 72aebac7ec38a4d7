#!/bin/sh
# Aider reads the key from its environment.
set -eu
export OPENAI_API_KEY="${SIGNALBOX_KEY:?is the token of the key}"
exec aider "$@"
