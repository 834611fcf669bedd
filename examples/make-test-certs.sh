#!/bin/sh
# SPDX-License-Identifier: MIT
# make-test-certs.sh FOLDER [NAME...]: an authority, a leader's certificate, a worker's, and
# `both`, which `fractal run` needs, for trying TLS out. They are good for localhost, 127.0.0.1, ::1 and the further host names given.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: $0 FOLDER [NAME...]" >&2
    exit 2
fi
folder=$1
shift
names="DNS:localhost,IP:127.0.0.1,IP:::1"
for name in "$@"; do
    names="$names,DNS:$name"
done
umask 077
mkdir -p "$folder"
cd "$folder"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj "/CN=fractal test authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout ca.key -out ca.pem 2>/dev/null

# sign FILE USAGE: a key and a certificate that the authority signs
sign() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=fractal $1" \
        -keyout "$1.key" -out "$1.csr" 2>/dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=%s\nkeyUsage=critical,digitalSignature\n' \
        "$names" "$2" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
        -extfile "$1.ext" -out "$1.pem" 2>/dev/null
    rm -f "$1.csr" "$1.ext"
}
sign leader serverAuth
sign worker clientAuth
sign both serverAuth,clientAuth
rm -f ca.srl
echo "$folder: ca.pem; leader, worker and both, .pem and .key; valid for 30 days"
