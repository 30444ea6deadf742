#!/bin/sh
# Makes the Python environment of the tests' gRPC client, in .build/grpc-probe of the package.
# Ready-made packages only; the first time it needs the Python package index.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
package="$here/../../.."
. "$package/deploy/python-environment.sh"

install() {
  echo "==> Installing the gRPC client of the tests"
  "$1" -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary :all: --no-deps --requirement "$here/requirements.txt"
}

python_environment "$package/.build/grpc-probe" "$here/requirements.txt" install
