#!/usr/bin/env bash
# Points per second: sigproof against loops over `strace --inject`, over the same points, in one run.
#
# sigproof judges every run by all its oracles but `rerun` (whose figure stands beside it), brings the work tree back
# and tracks all processes; strace does none of that. Two loops are measured:
#   naive  strace -f -e inject=all:signal=SIGINT:when=K     for K = 1 … N, as people write it
#   best   strace -f -e trace=NAME -e inject=NAME:signal=SIGINT:when=M   for the M-th call of each NAME
# The best one takes --seccomp-bpf only if this strace injects signals then. 6.1 does not, and says nothing: it stops at
# a seccomp event, and the kernel takes no signal there. That loop is quick, and every one of its runs is undisturbed.
# A loop is always finished: its first runs are short and would flatter it. git sends itself the signal for ever when
# it comes at the return of its first sigaction: for it the loops have a deadline, which is ours by default.
# Usage: benches/strace.sh [SECONDS]     at least this long for each figure (default 2)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-2}
for tool in strace python3 cc git; do
    command -v "$tool" >/dev/null || { echo "benches/strace.sh: $tool is missing; cargo ci tools installs it" >&2; exit 2; }
done
cargo build --quiet --release -p sigproof
sigproof=$(realpath "${CARGO_TARGET_DIR:-target}/release/sigproof")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O1 -pthread -o "$work/sixty-calls" fixtures/c/sixty-calls.c
cc -O1 -pthread -o "$work/threads" fixtures/c/threads.c
seq 1 3000 > "$work/input"
cat > "$work/handler.py" <<'PY'
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
open("out", "w").write("x" * 1000)
PY
python=$(python3 -c 'import sys; print(sys.executable)')
mkdir "$work/repo"
git -c init.defaultBranch=main init -q "$work/repo"
git -C "$work/repo" config user.name a
git -C "$work/repo" config user.email a@example.org
git -C "$work/repo" config maintenance.auto false
git -C "$work/repo" commit -q --allow-empty -m one
echo change > "$work/repo/file"
git -C "$work/repo" add file

# The options of the best loop, as far as they work.
quick=()
if strace -f --seccomp-bpf -o "$work/log" -e trace=brk -e inject=brk:signal=SIGINT:when=1 true; then
    echo "strace $(strace --version | sed -n '1s/.* //p') injects no signal with --seccomp-bpf: the best loop goes without" >&2
else
    quick=(--seccomp-bpf)
fi

now() { date +%s%N; }
over() { (( $(now) - begun >= seconds * 1000000000 )); }

# Points per second of a loop that counts in $points, repeated until the time is over.
rate() {
    local begun points=0
    begun=$(now)
    until over; do "$@"; done
    awk -v p="$points" -v t="$(( $(now) - begun ))" 'BEGIN { printf "%.0f", p * 1e9 / t }'
}

# The same for sweeps, by the time that they tell: learning the baseline has no counterpart in a loop over strace.
# Behind it how many runs a second there would be if all time were the target's own processor time: nobody who runs it
# is faster.
our_rate() {
    local begun runs=0 ns=0 own=0 more_runs more_ns more_own
    begun=$(now)
    until over; do
        # Looked at afterwards: whoever reads along takes a processor from the shorter ones.
        "$sigproof" sweep --json --all --no-classes --confirm 0 --store "$work/store" "$@" > "$work/told" || true
        read -r more_runs more_ns more_own < <(tail -n 1 "$work/told" |
            "$python" -c 'import json,sys; s=json.load(sys.stdin); print(s["runs"], s["sweeping_ns"], s["target_ns"])')
        runs=$(( runs + more_runs )); ns=$(( ns + more_ns )); own=$(( own + more_own ))
    done
    awk -v p="$runs" -v t="$ns" -v o="$own" 'BEGIN { printf "%.0f %.0f\n", p * 1e9 / t, p * 1e9 / o }'
}

fresh() {
    rm -rf "$work/tree"
    if [ -d "$input" ]; then cp -r "$input" "$work/tree"; else mkdir "$work/tree"; fi
    if [ -f "$input" ]; then cp "$input" "$work/tree/"; fi
}

naive() {
    local k
    for (( k = 1; k <= calls; k++ )); do
        fresh
        (cd "$work/tree" && "${limit[@]}" strace -f -o /dev/null -e inject=all:signal=SIGINT:when=$k "$@" >/dev/null 2>&1) || true
        points=$(( points + 1 ))
    done
}

best() {
    local name m
    while read -r name m; do
        fresh
        (cd "$work/tree" && "${limit[@]}" strace -f "${quick[@]}" -o /dev/null -e trace="$name" -e inject="$name:signal=SIGINT:when=$m" "$@" >/dev/null 2>&1) || true
        points=$(( points + 1 ))
    done < "$work/names"
}

compare() {
    local title=$1 input=$2; shift 2
    local place=(--empty) calls one two again plain clever most limit=()
    if [ -n "$input" ]; then place=(--in "$input"); fi
    # One program more for each run: only where it is needed.
    if [ "$1" = git ]; then limit=(timeout -s KILL 2); fi
    fresh
    (cd "$work/tree" && strace -f -o "$work/log" "$@" >/dev/null 2>&1)
    sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' "$work/log" | grep -v exit_group | awk '{ print $1, ++n[$1] }' > "$work/names"
    calls=$(wc -l < "$work/names")
    read -r one most < <(our_rate "${place[@]}" --skip rerun --jobs 1 -- "$@")
    read -r two _ < <(our_rate "${place[@]}" --skip rerun --jobs 2 -- "$@")
    read -r again _ < <(our_rate "${place[@]}" --jobs 1 -- "$@")
    plain=$(rate naive "$@")
    clever=$(rate best "$@")
    awk -v t="$title ($calls)" -v o="$one" -v w="$two" -v a="$again" -v p="$plain" -v c="$clever" -v m="$most" 'BEGIN {
        printf "| %-22s | %5d | %4d | %6d | %6d | %7d | %6.1fx | %6.1fx | %6.1fx | %6d | %6.1fx |\n", t, p, c, o, w, a, o / p, o / c, w / p, m, m / p
    }'
}

echo "points per second            strace loops   sigproof, jobs       and rerun   ratios                        target alone"
echo "| target (calls)         | naive | best |      1 |      2 |       1 | 1/naive | 1/best  | 2/naive | at most | /naive  |"
echo "| ---------------------- | ----- | ---- | ------ | ------ | ------- | ------- | ------- | ------- | ------ | ------- |"
compare true "" /bin/true
compare "60-call C program" "" "$work/sixty-calls"
compare "gzip -k" "$work/input" gzip -k input
compare "git commit" "$work/repo" git commit -q -m two
compare "python3 with a handler" "" "$python" -I -S "$work/handler.py"
compare "4 threads" "" "$work/threads"
