#!/usr/bin/env bash
# Installs the released programs of docs/released.md, each at the version in which its bug was found, below
# target/released.
#
# Nothing of the system is touched: virtual environments and a node_modules of their own. A second call installs
# nothing.
# Usage: released/install.sh
set -euo pipefail
cd "$(dirname "$0")/.."
to=${CARGO_TARGET_DIR:-target}/released
mkdir -p "$to"

# pip 23.0.1 does not run on Python 3.12 and later, which have no pkgutil.ImpImporter.
python=
for candidate in /usr/bin/python3 python3.11 python3.10 python3.9 python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info >= (3, 12))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "released/install.sh: needs a Python before 3.12 with venv (Debian: apt-get install python3-venv)" >&2; exit 2; }
command -v npm >/dev/null || { echo "released/install.sh: needs npm (Debian: apt-get install npm)" >&2; exit 2; }

# A directory gets its name when it is complete, so that an interrupted call leaves nothing half-made.
make() {
    local name=$1
    if [ -d "$to/$name" ]; then return; fi
    echo "installing $name"
    rm -rf "$to/$name.part"
    mkdir "$to/$name.part"
    (cd "$to/$name.part" && "$name")
    mv "$to/$name.part" "$to/$name"
}

pip() {
    # Relative to itself, so that the directory can be renamed: the environment is called by its interpreter alone.
    "$python" -m venv venv
    venv/bin/python -m pip install --quiet --disable-pip-version-check pip==23.0.1
    venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest wheels six==1.15.0
    venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest wheels six==1.16.0
    venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels six==1.15.0
}

ninja() {
    "$python" -m venv venv
    venv/bin/python -m pip install --quiet --disable-pip-version-check ninja==1.13.0
    "$python" -m venv before
    before/bin/python -m pip install --quiet --disable-pip-version-check ninja==1.11.1.4
    printf '%s\n' 'rule work' '  command = sleep 0.1; cp $in $out' 'build a: work in.txt' 'build b: work a' 'default b' > build.ninja
    echo text > in.txt
}

concurrently() {
    echo '{ "private": true }' > package.json
    npm install --silent --no-fund --no-audit concurrently@8.2.2
}

rich() {
    "$python" -m venv venv
    venv/bin/python -m pip install --quiet --disable-pip-version-check rich==13.9.4
    printf '%s\n' 'import time' 'from rich.progress import Progress' 'with Progress() as progress:' \
        '    task = progress.add_task("work", total=10)' '    for _ in range(10):' '        time.sleep(0.01)' \
        '        progress.advance(task)' > bar.py
}

progress() {
    "$python" -m venv venv
    venv/bin/python -m pip install --quiet --disable-pip-version-check setuptools wheel
    venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation progress==1.5
    printf '%s\n' 'import time' 'from progress.bar import Bar' 'bar = Bar("work", max=10)' 'for _ in range(10):' \
        '    time.sleep(0.01)' '    bar.next()' 'bar.finish()' > bar.py
}

for name in pip ninja concurrently rich progress; do make "$name"; done
