#!/usr/bin/env bash
# Builds docs/ as a site, target/book, with mdBook, which it installs below target/mdbook. tests/tidy checks the links.
set -euo pipefail
cd "$(dirname "$0")/.."
# At this version: its pages change with it. Without its server and its watcher, which are most of it.
cargo install --quiet --locked --root target/mdbook --version 0.5.4 --no-default-features --features search mdbook
said=$(target/mdbook/bin/mdbook build docs 2>&1) || { echo "$said"; exit 1; }
echo "$said"
# It goes on when it cannot do something, and says so.
if grep -qE '\b(WARN|ERROR)\b' <<<"$said"; then
    exit 1
fi
while IFS= read -r page; do
    html=target/book/${page#docs/}
    test -s "${html%.md}.html" || { echo "$page is not in the book"; exit 1; }
done < <(find docs -name '*.md' ! -name SUMMARY.md)
echo "the book is target/book/index.html"
