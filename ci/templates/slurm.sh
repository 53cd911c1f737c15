#!/usr/bin/env bash
# A sweep as a Slurm array job: each task tries a part of the classes, and `sigproof merge` joins the results.
#
#   results=$(mktemp -d -p "$PWD")        # a directory that all nodes see
#   job=$(sbatch --parsable --array=1-4 slurm.sh "$results" --in repo -- git commit -am change)
#   srun --dependency=afterany:"$job" sigproof merge "$results"/*.json --html sweep.html
#
# The options are those of `sigproof sweep`. For scenario files, put `sigproof test --results "$results/…"` in place of
# the last command: it finds the part in the same variables.
#SBATCH --job-name=sigproof
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --time=00:30:00
set -euo pipefail

results=${1:?the directory for the results}
shift
file=$results/part-${SLURM_ARRAY_TASK_ID:?submit it with --array=1-4}.json
code=0
sigproof sweep --shard auto --results "$file" --store "$results/part-$SLURM_ARRAY_TASK_ID" "$@" || code=$?
# A violated contract (1), an unreached point (4) and a flaky verdict (5) are results: `sigproof merge` judges them.
case $code in 0 | 1 | 4 | 5) ;; *) exit "$code" ;; esac
