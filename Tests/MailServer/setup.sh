#!/bin/sh
# Makes the Python environment of the tests' mail server, in .build/mail-server of the package.
# Ready-made packages only; the first time it needs the Python package index.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../deploy/python-environment.sh"

install() {
  echo "==> Installing the mail server of the tests"
  "$1" -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary :all: --no-deps --requirement "$here/requirements.txt"
}

python_environment "$here/../../.build/mail-server" "$here/requirements.txt" install
