#!/bin/sh
# Makes the Python environment of the libraries that paybench measures beside Paywatch, in
# .build/bench-peers of the package. What can't be installed is left out, said, and tried again the
# next time; the benchmarks run without it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../python-environment.sh"

install() {
  echo "==> Installing the libraries to measure beside"
  failed=0
  # One after the other: what has no ready-made package for this machine is left out alone.
  for package in $(grep -v '^#' "$here/requirements.txt"); do
    "$1" -m pip install --quiet --disable-pip-version-check --no-input --prefer-binary \
      "$package" || {
      echo "bench: $package could not be installed" >&2
      failed=1
    }
  done
  return $failed
}

python_environment "$here/../../.build/bench-peers" "$here/requirements.txt" install ||
  echo "bench: not all libraries to measure beside are there" >&2
