# What is published for aarch64, installed in the machine and used: the archive, the wheel, the packages for npm.
# packages.sh PUBLISHED NPM: the directory of the packages, and that of npm itself.
set -euo pipefail
published=$1 npm=$2
home=$(mktemp -d)
cd "$home"
mkdir tree
echo one > tree/names

# A sweep that finds something, and one that does not.
use() {
  local said status=0
  said=$("$@" sweep --in tree -- sed -i s/one/1/ names 2>&1) || status=$?
  case "$status $said" in
    "1 "*leftovers*openat*) ;;
    *) echo "$*: sed: $status: $said"; exit 1 ;;
  esac
  "$@" sweep --in tree -- cat names > said 2>&1 || { cat said; exit 1; }
  echo "used: $*"
}

mkdir archive
tar --extract --directory archive --file "$published"/sigproof-*-linux-aarch64.tar.gz
use archive/bin/sigproof
if ldd archive/bin/sigproof 2>&1 | grep '=>'; then echo 'it is not static'; exit 1; fi

python3 -m pip install --quiet --no-index --no-input --target wheel "$published"/sigproof-*aarch64.whl
use wheel/bin/sigproof
test -f wheel/pytest_sigproof/plugin.py

mkdir node && cd node
echo '{"private": true}' > package.json
node "$npm/bin/npm-cli.js" install --offline --no-audit --no-fund --quiet \
  "$published"/sigproof-[0-9].[0-9].[0-9].tgz "$published"/sigproof-linux-arm64-*.tgz
cd ..
use node/node_modules/.bin/sigproof
