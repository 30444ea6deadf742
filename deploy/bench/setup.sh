#!/bin/sh
# Makes the Python environment of the libraries that paybench measures beside Paywatch, in
# .build/bench-peers of the package: once, and again when requirements.txt or the machine's Python
# has changed. Where it can't, the benchmarks run without them and say so.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
place="$here/../../.build/bench-peers"
version=$(python3 -c 'import sys; print(sys.version)') || {
  echo "bench: no python3, so no libraries of Python's to measure beside" >&2
  exit 0
}

{ echo "$version"; cat "$here/requirements.txt"; } | cmp -s - "$place/installed" && exit 0

echo "==> Installing the libraries to measure beside"
rm -rf "$place"
mkdir -p "$place"
python3 -m venv "$place" || {
  echo "bench: python3 has no venv; Debian's package is python3-venv" >&2
  exit 0
}
# One after the other: what has no ready-made package for this machine is left out alone.
grep -v '^#' "$here/requirements.txt" | while read -r package; do
  "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --prefer-binary "$package" || echo "bench: $package could not be installed" >&2
done
{ echo "$version"; cat "$here/requirements.txt"; } > "$place/installed"
