#!/usr/bin/env bash
# The core compiles without a warning with every set of its features, by cargo-hack, which it installs below
# target/cargo-hack. Each set that lacks something is a build that somebody has: features only ever add.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo install --quiet --locked --root target/cargo-hack --version 0.6.46 cargo-hack
# A build of its own: these flags would throw away what the other steps have built.
export CARGO_TARGET_DIR=target/features RUSTFLAGS="-D warnings" PATH="$PWD/target/cargo-hack/bin:$PATH"
# `full` is all the others.
cargo hack check --package sigproof-core --feature-powerset --exclude-features full
