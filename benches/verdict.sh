#!/usr/bin/env bash
# Time to a complete verdict on real programs, in one run: a sweep of every point, a sweep as it is by default, and the
# best loop over `strace --inject` (see strace.sh) over the same points.
#
# What would take longer than LIMIT seconds is not waited for: its time is told with a tilde, of a sweep as sigproof
# estimates it from an undisturbed run, of a loop from its first LIMIT seconds. A loop over strace judges nothing.
# Behind it what costs grow with: occurrences of one site, files, threads.
# Usage: benches/verdict.sh [LIMIT]     (default 60)
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${1:-60}
for tool in strace python3 cc git make restic; do
    command -v "$tool" >/dev/null || { echo "benches/verdict.sh: $tool is missing: apt-get install $tool" >&2; exit 2; }
done
cargo build --quiet --release -p sigproof
sigproof=$(realpath "${CARGO_TARGET_DIR:-target}/release/sigproof")
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$(python3 -c 'import sys; print(sys.executable)')
venv=$here/target/verdict-venv
test -x "$venv/bin/uv" || { "$python" -m venv "$venv" && "$venv/bin/pip" --quiet install uv; }
cd "$work"

# Two wheels, without anything from elsewhere.
mkdir wheels
"$python" - <<'PYTHON'
import zipfile
for name in ("one", "two"):
    info = f"{name}-1.0.dist-info"
    files = {f"{name}/__init__.py": "x = 1\n", f"{name}/more.py": "y = 2\n" * 50}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(f"wheels/{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
PYTHON
mkdir commits parts backup loop long
git -c init.defaultBranch=main init -q commits
for number in 1 2 3 4 5; do
    echo "$number" >"commits/file$number"
    git -C commits add .
    git -C commits -c user.name=a -c user.email=a@example.org commit -q -m "$number"
done
for part in a b c d; do echo "int $part(void) { return 1; }" >"parts/$part.c"; done
printf 'all: a.o b.o c.o d.o\n' >parts/Makefile
mkdir backup/data
for number in 1 2 3; do head -c 2000 /dev/urandom >"backup/data/$number"; done
(cd backup && RESTIC_PASSWORD=x restic init -q -r repo)
printf 'with open("out.txt", "w") as file:\n    for i in range(2000):\n        file.write(f"line {i}\\n")\n        file.flush()\n' >loop/loop.py
"$python" "$here/benches/long.py" long/long.py

# A field of the last JSON line of a type.
field() { "$python" -c 'import json,sys
for line in open(sys.argv[1]):
    line = json.loads(line)
    if line["type"] == sys.argv[2]: found = line
print(found.get(sys.argv[3], ""))' "$1" "$2" "$3"; }
found() { "$python" -c 'import json,re,sys
lines = map(json.loads, open(sys.argv[1]))
print(sorted({(line["oracle"], re.sub("[0-9a-f]*[0-9][0-9a-f]*", "#", line["subject"])) for line in lines if line["type"] == "finding"}))' "$1"; }
seconds() { awk -v ns="$1" 'BEGIN { printf "%.1f", ns / 1e9 }'; }

row() {
    local title=$1 input=$2 classes points runs every_runs every some same names strace_s begun count=0 total
    shift 2
    local sweep=("$sigproof" sweep --json --jobs 2 --in "$input" --store "$work/store" --env RESTIC_PASSWORD=x --timeout 120s)
    "${sweep[@]}" --for 20m -- "$@" >default.json || true
    classes=$(field default.json summary classes_tried)/$(field default.json summary classes)
    points=$(field default.json summary points_found)
    runs=$(field default.json summary runs)
    some=$(seconds "$(field default.json summary elapsed_ns)")
    "${sweep[@]}" --exhaustive --for 100ms -- "$@" >plan.json || true
    every=$(seconds "$(field plan.json plan estimate_ns)")
    if awk -v s="$every" -v l="$limit" 'BEGIN { exit !(s < l) }'; then
        "${sweep[@]}" --exhaustive -- "$@" >every.json || true
        every=$(seconds "$(field every.json summary elapsed_ns)")
        every_runs=$(field every.json summary runs)
        same=no
        if [ "$(found every.json)" = "$(found default.json)" ]; then same=yes; fi
    else
        every="~$every" every_runs="~$points" same="-"
    fi
    rm -rf tree && cp -r "$input" tree
    (cd tree && RESTIC_PASSWORD=x strace -f -o "$work/log" "$@" >/dev/null 2>&1) || true
    sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' log | grep -v exit_group | awk '{ print $1, ++n[$1] }' | shuf --random-source=<(yes) >names
    # As many of them as a sweep has points: the others are calls without an effect.
    total=$points
    begun=$(date +%s%N)
    while read -r name m && (( count < total )) && (( $(date +%s%N) - begun < limit * 1000000000 )); do
        rm -rf tree && cp -r "$input" tree
        (cd tree && RESTIC_PASSWORD=x timeout -s KILL 120 strace -f -o /dev/null -e trace="$name" -e inject="$name:signal=SIGINT:when=$m" "$@" >/dev/null 2>&1) || true
        count=$(( count + 1 ))
    done <names
    strace_s=$(awk -v ns=$(( $(date +%s%N) - begun )) -v n="$count" -v t="$total" 'BEGIN { printf "%s%.1f", n < t ? "~" : "", ns / 1e9 / n * t }')
    printf '| %-24s | %6s | %9s | %6s | %8s | %6s | %8s | %-4s | %9s |\n' "$title" "$points" "$classes" "$every_runs" "$every" "$runs" "$some" "$same" "$strace_s"
}

echo "seconds to a verdict, 2 jobs      points   classes   every point       default           same  best strace"
echo "| program                  | points |     tried |   runs |  seconds |   runs |  seconds | set  | loop      |"
echo "| ------------------------ | ------ | --------- | ------ | -------- | ------ | -------- | ---- | --------- |"
row "git gc, five commits" commits git gc -q
row "make -j2, four C files" parts make -s -j2
row "restic backup" backup restic -q -r repo backup data
row "uv pip install, 2 wheels" wheels "$venv/bin/uv" pip install -q --offline --no-index --target t ./one-1.0-py3-none-any.whl ./two-1.0-py3-none-any.whl
row "pip install, 2 wheels" wheels "$venv/bin/pip" install -q --no-index --target t ./one-1.0-py3-none-any.whl ./two-1.0-py3-none-any.whl
row "2,000 writes of a loop" loop "$python" loop.py
if (( limit >= 600 )); then row "20 s, 3,000 points" long "$python" long.py; fi

echo
echo "cost against growth, default sweep, 2 jobs"
echo "| what grows               |   size | points |   runs |  seconds | MiB of ours |"
echo "| ------------------------ | ------ | ------ | ------ | -------- | ----------- |"
grow() {
    local title=$1 size=$2 memory
    shift 2
    # The command alone: its supervisors keep nothing of a run.
    memory=$( { "$python" -c 'import resource,subprocess,sys
subprocess.run(sys.argv[1:], stdout=open("grow.json", "w"), stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$sigproof" sweep --json --jobs 2 --empty --store "$work/store" -- "$@"; } )
    printf '| %-24s | %6s | %6s | %6s | %8s | %11s |\n' "$title" "$size" "$(field grow.json summary points_found)" \
        "$(field grow.json summary runs)" "$(seconds "$(field grow.json summary elapsed_ns)")" "$memory"
}
for size in 100 1000 10000; do
    grow "writes of one line" "$size" "$python" -I -S -c "f = open('out', 'w')
for i in range($size):
    f.write('x'); f.flush()"
done
for size in 10 100 1000; do
    grow "files" "$size" "$python" -I -S -c "for i in range($size): open(f'f{i}', 'w').close()"
done
for size in 1 4 16; do
    grow "threads, 8 files each" "$size" "$python" -I -c "import threading
def work(n):
    for i in range(8): open(f'f{n}-{i}', 'w').close()
ts = [threading.Thread(target=work, args=(n,)) for n in range($size)]
[t.start() for t in ts]; [t.join() for t in ts]"
done
