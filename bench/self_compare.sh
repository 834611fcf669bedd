#!/bin/sh
# SPDX-License-Identifier: MIT
# Is `fractal compare` to be believed? The same configuration compared with itself must come out
# within the noise in at least 9 of 10 tries; 1 ms of shaped delay with one credit must be found in
# every one.
#   bench/self_compare.sh build/release/fractal [TRIES [REPEAT]]
set -eu
fractal=${1:?usage: self_compare.sh FRACTAL [TRIES [REPEAT]]}
tries=${2:-10}
repeat=${3:-7}
job='--smoothness 1 --workers 1,2'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '[transport]\nplugin = shm\n' >"$folder/shm.ini"
cp "$folder/shm.ini" "$folder/again.ini"
printf '[transport]\nplugin = shm\nhooks = shape\n[worker]\ncredits = 1\n' >"$folder/shape.ini"

# What the summary says of pairs without direct: those are what is being tried.
count() {
    python3 - "$1" <<'PY'
import json, sys
d = [x for x in json.load(open(sys.argv[1]))["summary"]["differences"]
     if not x["b"].startswith("direct")]
print(sum(x["verdict"] == "different" for x in d), len(d))
PY
}

echo "parameters: $job --repeat $repeat, $tries tries, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
clean=0 found=0 i=1
while [ "$i" -le "$tries" ]; do
    # shellcheck disable=SC2086 # the job is words on purpose
    "$fractal" compare "$folder/shm.ini" "$folder/again.ini" $job --repeat "$repeat" --seed "$i" \
        --report "$folder/self$i" --quiet >/dev/null
    # shellcheck disable=SC2086
    "$fractal" compare "$folder/shape.ini" $job --repeat "$repeat" --seed "$i" \
        --sweep transport.shape.delay=0,1ms --report "$folder/shape$i" --quiet >/dev/null
    self=$(count "$folder/self$i/results.json")
    shape=$(count "$folder/shape$i/results.json")
    echo "try $i: against itself ${self% *} of ${self#* } different; 1 ms of delay: ${shape% *} of ${shape#* }"
    [ "${self% *}" = 0 ] && clean=$((clean + 1))
    [ "${shape% *}" = "${shape#* }" ] && found=$((found + 1))
    i=$((i + 1))
done
echo "against itself nothing was found in $clean of $tries tries; the delay was found in $found of $tries"
[ $((clean * 10)) -ge $((tries * 9)) ] && [ "$found" = "$tries" ]
