#!/bin/sh
# curl against a base URL. Each answer is printed as a line `=== NAME STATUS CONTENT-TYPE`, then its
# body as it came.
#
# Environment: BASE_URL, API_KEY, CHAT_MODEL, EMBED_MODEL.
set -eu

call() { # NAME, then curl's arguments
    name=$1
    shift
    body=$(mktemp)
    meta=$(curl -sS -o "$body" -w '%{http_code} %{content_type}' \
        -H "Authorization: Bearer $API_KEY" "$@")
    printf '=== %s %s\n' "$name" "$meta"
    cat "$body"
    printf '\n'
    rm -f "$body"
}

json() { # NAME PATH BODY
    call "$1" -H 'Content-Type: application/json' -d "$3" "$BASE_URL$2"
}

MESSAGES='"messages":[{"role":"user","content":"Say hello."}]'
call models "$BASE_URL/models"
json chat /chat/completions "{\"model\":\"$CHAT_MODEL\",$MESSAGES}"
json stream /chat/completions "{\"model\":\"$CHAT_MODEL\",\"stream\":true,$MESSAGES}"
json embeddings /embeddings "{\"model\":\"$EMBED_MODEL\",\"input\":[\"one\"],\"encoding_format\":\"float\"}"
json speech /audio/speech "{\"model\":\"$CHAT_MODEL\",\"input\":\"hi\"}"
