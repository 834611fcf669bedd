#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# transports.sh [REPEATS] [FLAGS...] - the same job over every transport of this build, from one
# interleaved run of `fractal compare`: the table of docs/performance.md, in Markdown. FLAGS go to
# every run. Needs python3. The report stays in a folder whose name is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
repeats=${1:-7}
shift || true
program=${FRACTAL:-build/release/fractal}
dir=$(mktemp -d "${TMPDIR:-/tmp}/fractal-transports-XXXXXX")
ini() { printf '[transport]\nplugin = %s\naddress = %s\n' "$2" "$3" >"$dir/$1.ini"; }
ini inproc inproc ""
ini shm shm ""
ini nng-ipc nng "ipc://$dir/"
ini nng-tcp nng "tcp://127.0.0.1:0"
ini grpc-unix grpc "unix:$dir/grpc.sock"
ini grpc-tcp grpc "127.0.0.1:0"
echo "report: $dir/report" >&2
"$program" compare "$dir"/{inproc,shm,nng-ipc,nng-tcp,grpc-unix,grpc-tcp}.ini --workers 2 \
    --repeat "$repeats" --report "$dir/report" "$@" >"$dir/table.txt"
cat "$dir/table.txt" >&2
python3 - "$dir/report/results.json" <<'END'
import json, statistics, sys
results = json.load(open(sys.argv[1]))
runs = lambda cell: [r["metrics"] for r in cell["runs"] if not r["warmup"] and r["exit"] == 0]
def spread(values, scale, digits):
    values = [v * scale for v in values]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"
print("| transport | render ms | leader CPU s | workers' CPU s | MB to the leader | MB copied "
      "| round trip p50 / p99 ms | network p50 / p99 us |")
print("|---|---|---|---|---|---|---|---|")
for cell in results["cells"]:
    ms = runs(cell)
    if not ms:
        print(f"| {cell['label']} | failed |")
        continue
    name = cell["label"]
    if cell["command"] == "direct":  # a worker's threads, for as many workers as the others have
        name += f", {cell['workers'] * cell['threads']} threads"
    cpu = lambda c: c.get("cpu_user_s", 0) + c.get("cpu_system_s", 0)
    row = [name, spread([m["leader"]["render_s"] for m in ms], 1e3, 0),
           spread([cpu(m["leader"]) for m in ms], 1, 2)]
    if cell["command"] == "direct":
        row += ["", "", "", "", ""]
    else:
        median = lambda f, s: statistics.median(f(m) for m in ms) * s
        row += [spread([sum(cpu(w) for w in m["workers"]) for m in ms], 1, 2),
                f"{median(lambda m: m['leader']['rx_bytes'], 1e-6):.1f}",
                f"{median(lambda m: m['leader']['copied_bytes'] + sum(w.get('copied_bytes', 0) for w in m['workers']), 1e-6):.1f}",
                " / ".join(f"{median(lambda m: m['histograms']['round_trip_ns'][q], 1e-6):.2f}" for q in ("p50", "p99")),
                " / ".join(f"{median(lambda m: m['histograms']['network_ns'][q], 1e-3):.0f}" for q in ("p50", "p99"))]
    print("| " + " | ".join(row) + " |")
p = results["parameters"]
print(f"\n{' '.join(results['command'])}; {results['cells'][-1]['runs'][-1]['metrics']['host']['cpu']}")
END
