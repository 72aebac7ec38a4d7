#!/bin/sh
# Makes the certificates in this folder, each good for a hundred years. The keys of the authorities
# are thrown away: whoever needs another certificate makes all of them anew.
set -eu
cd "$(dirname "$0")"

# authority NAME TEXT: NAME.pem, and NAME.key until the end of this script.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
    -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

# certificate NAME AUTHORITY SUBJECT USAGE: NAME.pem and NAME.key.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=$3" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:%s\nextendedKeyUsage=%s\n' "$3" "$4" > "$1.ext"
  openssl x509 -req -days 36500 -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
    -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}

authority servers "Signalbox test authority for servers"
authority operators "Signalbox test authority for operators"
authority strangers "Signalbox test authority of somebody else"
certificate first servers localhost serverAuth
certificate second servers localhost serverAuth
certificate operator operators operator clientAuth
certificate stranger strangers operator clientAuth
rm servers.key operators.key strangers.key strangers.pem *.srl 2>/dev/null || true
