#!/bin/sh
# Makes what of a version's frozen files is made: components, statements, what commands say of them, and the
# state folder of a host. What people write is already there. README.md says when to run this.
#
#     sh tests/frozen/make.sh tests/frozen/0.1
#
# `signalbox` is that version's, on the search path; needs openssl, and in PLUGIN the core module of a program that the
# cases hold for.
set -eu
plugin=$(pwd)/$PLUGIN
cd "$1"

# Components: an engine with tables, and a program.
signalbox build documents/everything.yaml -o components/everything.wasm
signalbox build "$plugin" --cases cases/chat-only.yaml -o components/chat-only.wasm

# A key that vouches, and a statement that never ends. The private key is thrown away.
rm -f signer.pem
signalbox sign --new-key signer.pem >/dev/null
openssl pkey -in signer.pem -pubout -out configurations/signer.pub.pem
signalbox sign components/everything.wasm --key signer.pem --policy everything --serial 7 \
    --not-after 9999-12-30T00:00:00Z
rm signer.pem

# A certificate for every use.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365000 -subj /CN=gate.example \
    -addext subjectAltName=DNS:gate.example -keyout configurations/cert.key.pem -out configurations/cert.pem 2>/dev/null

# What this version says of what was written.
for document in documents/*.yaml; do
    separator='['
    while read -r question; do
        printf '%s' "$separator"
        separator=,
        # shellcheck disable=SC2086 # a question is several arguments
        signalbox explain --json --policy "$document" $question
    done <documents/questions.txt >"${document%.yaml}.explained.json"
    printf ']\n' >>"${document%.yaml}.explained.json"
done
for keyring in keyrings/*.yaml; do
    signalbox keys list --json --keys "$keyring" >"${keyring%.yaml}.listed.json" 2>/dev/null
done

# A host that has served: swaps that passed and one that did not, two ways back, a shadow, a canary, a revocation.
cd state
cp ../components/chat-only.wasm other.wasm
rm -rf folder
signalbox serve --config signalbox.yaml 2>log &
host=$!
trap 'kill $host' EXIT
until grep -q '^admin on ' log; do kill -0 $host; done
SIGNALBOX_ADMIN=$(sed -n 's/^admin on //p' log)
SIGNALBOX_ADMIN_TOKEN=frozen
export SIGNALBOX_ADMIN SIGNALBOX_ADMIN_TOKEN
signalbox swap ../documents/full.yaml
signalbox swap policy.yaml --cases ../cases/everything.yaml || test $? = 4
signalbox swap policy.yaml --shadow
signalbox withdraw default
signalbox swap ../components/chat-only.wasm --canary 5%
signalbox promote default
signalbox rollback default
signalbox swap other=../components/everything.wasm --pin
signalbox rollback other
signalbox revoke 0000000000000000000000000000000000000000000000000000000000000000
signalbox status --json >status.json
signalbox history --json >history.json
kill $host
wait $host
trap - EXIT
rm log folder/lock
# Of the machine code one entry will do.
# shellcheck disable=SC2012 # names are hexadecimal
ls -S folder/cache | grep -v '^key$' | head -n -1 | while read -r entry; do rm "folder/cache/$entry"; done
