#!/bin/sh
# curl over TLS, in each version of HTTP: for each answer a line `VERSION STATUS`, then its body.
#
# Environment: BASE_URL, API_KEY, AUTHORITY.
set -eu

BODY='{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Say hello."}]}'
for version in --http1.1 --http2; do
    curl -sS "$version" --cacert "$AUTHORITY" -w '=== %{http_version} %{http_code}\n' \
        -H "Authorization: Bearer $API_KEY" -H 'Content-Type: application/json' \
        -d "$BODY" "$BASE_URL/chat/completions"
done
# Whoever does not know the authority asks nothing.
set +e
curl -sS -H "Authorization: Bearer $API_KEY" "$BASE_URL/models" 2>/dev/null
printf '=== untrusted %s\n' "$?"
