#!/bin/sh
# Makes the Python environment of the tests' Ethereum node, in .build/ethereum-node of the package:
# once, and again when requirements.txt or the machine's Python has changed. Ready-made packages
# only, so that no compiler is needed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
place="$here/../../.build/ethereum-node"
version=$(python3 -c 'import sys; print(sys.version)') || {
  echo "setup: no python3; Debian's packages are: python3 python3-venv" >&2
  exit 1
}

{ echo "$version"; cat "$here/requirements.txt"; } | cmp -s - "$place/installed" && exit 0

echo "==> Installing the Ethereum node of the tests"
rm -rf "$place"
mkdir -p "$place"
python3 -m venv "$place" || {
  echo "setup: python3 has no venv; Debian's package is python3-venv" >&2
  exit 1
}
"$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
  --only-binary :all: --no-deps --requirement "$here/requirements.txt"
{ echo "$version"; cat "$here/requirements.txt"; } > "$place/installed"
