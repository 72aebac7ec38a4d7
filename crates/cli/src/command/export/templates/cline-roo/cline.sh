#!/bin/sh
# Cline's command. In its extension: provider "OpenAI Compatible", with the same three values.
set -eu
: "${SIGNALBOX_KEY:?is the token of the key}"
cline auth --provider openai --apikey "$SIGNALBOX_KEY" --modelid @{chat} --baseurl @{base}
