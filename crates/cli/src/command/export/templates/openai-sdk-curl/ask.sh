#!/bin/sh
# curl, pointed at the gate. The key comes from the environment.
set -eu
: "${SIGNALBOX_KEY:?is the token of the key}"

base=@{base}
ask() { # PATH, then more arguments of curl
    path=$1
    shift
    curl -sS --fail-with-body -H "Authorization: Bearer $SIGNALBOX_KEY" "$@" "$base$path"
    echo
}

ask /models
@if chat_json
chat=@{chat_json}
ask /chat/completions -H 'Content-Type: application/json' \
    -d "{\"model\":$chat,\"messages\":[{\"role\":\"user\",\"content\":\"Hello there\"}]}"
@end
@if embed_json
embed=@{embed_json}
ask /embeddings -H 'Content-Type: application/json' -d "{\"model\":$embed,\"input\":[\"Hello there\"]}"
@end
