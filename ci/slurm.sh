#!/usr/bin/env bash
# Sweeps one program as an array job of four tasks in a real Slurm, one node started here, and compares the joint table
# with that of one session.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/target
here=$target/slurm
sigproof=$target/release/sigproof
cargo build --quiet --release --package sigproof
rm -rf "$here"
mkdir -p "$here"/{state,spool,results,work,bin}
ln -s "$sigproof" "$here/bin/sigproof"
host=$(hostname -s)
processes=()
# Only what was started here is ended.
end() {
    for process in "${processes[@]}"; do
        kill "$process" 2>/dev/null || true
    done
    wait 2>/dev/null || true
}
trap end EXIT

# Its own key, socket and log: nothing of a Slurm or a munge that this machine may have is touched.
head -c 1024 /dev/urandom >"$here/munge.key"
chmod 400 "$here/munge.key"
munged --foreground --force --key-file="$here/munge.key" --socket="$here/munge.socket" --pid-file="$here/munge.pid" \
    --log-file="$here/munge.log" --seed-file="$here/munge.seed" >"$here/munge.out" 2>&1 &
processes+=($!)
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
cat >"$here/slurm.conf" <<CONF
ClusterName=sigproof
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$here/munge.socket
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/spool
SlurmctldPidFile=$here/slurmctld.pid
SlurmdPidFile=$here/slurmd.pid
SlurmctldLogFile=$here/slurmctld.log
SlurmdLogFile=$here/slurmd.log
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$here/slurm.conf
# Waits for a fact, not for a time.
until_true() {
    local what=$1 deadline=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS > deadline)); then
            echo "$what: not after 60 s" >&2
            tail -n 20 "$here"/*.log "$here"/*.out >&2
            exit 1
        fi
        python3 -c 'import time; time.sleep(0.1)'
    done
}
until_true "munge answers" test -S "$here/munge.socket"
slurmctld -D -f "$SLURM_CONF" >"$here/slurmctld.out" 2>&1 &
processes+=($!)
slurmd -D -f "$SLURM_CONF" >"$here/slurmd.out" 2>&1 &
processes+=($!)
idle() { sinfo --noheader --format=%T | grep -q idle; }
until_true "the node is idle" idle

# A program with findings, some classes and more than one occurrence of most of them. Of one process: what a shell and
# its children do at the same time differs from run to run.
cat >"$here/work/save.py" <<'PROGRAM'
import os

for part in range(1, 6):
    with open(f"part{part}.tmp", "w") as file:
        file.write(f"part {part}\n")
        file.flush()
        file.write("end\n")
    os.rename(f"part{part}.tmp", f"part{part}.txt")
with open("all.txt", "w") as file:
    for part in range(1, 6):
        file.write(open(f"part{part}.txt").read())
        file.flush()
PROGRAM
python=$(python3 -c 'import sys; print(sys.executable)')
options=(--in "$here/work" --representatives --jobs 2 -- "$python" save.py)
job=$(PATH="$here/bin:$PATH" sbatch --parsable --array=1-4 --chdir="$here" --output="$here/results/task-%a.log" \
    --cpus-per-task=1 ci/templates/slurm.sh "$here/results" "${options[@]}")
ended() { test -z "$(squeue --noheader --jobs="$job")"; }
until_true "the job ends" ended
for task in 1 2 3 4; do
    test -s "$here/results/part-$task.json" || {
        echo "task $task left no results" >&2
        cat "$here/results/task-$task.log" >&2
        exit 1
    }
done
code=0
"$sigproof" merge "$here"/results/part-*.json --results "$here/joint.json" >/dev/null || code=$?
whole=0
"$sigproof" sweep --results "$here/whole.json" --store "$here/results/whole" "${options[@]}" >/dev/null || whole=$?
if [ "$code" != "$whole" ]; then
    echo "exit code $code of four tasks, $whole of one session" >&2
    exit 1
fi
"$sigproof" report --table "$here/joint.json" >"$here/joint.txt"
"$sigproof" report --table "$here/whole.json" >"$here/whole.txt"
cmp "$here/joint.txt" "$here/whole.txt" || {
    diff "$here/whole.txt" "$here/joint.txt" >&2
    exit 1
}
cat "$here/joint.txt"
echo "four tasks of Slurm $(slurmctld -V | cut -d' ' -f2) and one session: the same table, $(wc -c <"$here/joint.txt") bytes"
