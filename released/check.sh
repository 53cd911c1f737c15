#!/usr/bin/env bash
# Installs the released programs and runs every command of docs/released.md on them.
set -euo pipefail
cd "$(dirname "$0")/.."
released/install.sh
# One after the other: each sweep uses all processors.
exec cargo test --test released -- --test-threads 1
