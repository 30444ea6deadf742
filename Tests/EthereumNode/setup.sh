#!/bin/sh
# Makes the Python environment of the tests' Ethereum node, in .build/ethereum-node of the package.
# Ready-made packages only, so that no compiler is needed; the first time it needs the Python
# package index.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../deploy/python-environment.sh"

install() {
  echo "==> Installing the Ethereum node of the tests"
  "$1" -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary :all: --no-deps --requirement "$here/requirements.txt"
}

python_environment "$here/../../.build/ethereum-node" "$here/requirements.txt" install
