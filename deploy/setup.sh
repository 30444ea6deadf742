#!/bin/sh
# Installs the system packages that the build needs, once, on Debian or Ubuntu. Does nothing where
# they are there already.
set -eu

packages="libcurl4-openssl-dev libqrencode-dev libsecp256k1-dev libsqlite3-dev libssl-dev pkg-config gzip"

fail() {
  echo "setup: $1" >&2
  exit 1
}

command -v swift >/dev/null 2>&1 || fail "no swift on the PATH: install a Swift 6.3 toolchain first"

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
  for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # pkgconf provides pkg-config and counts as it.
    if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null 2>&1; then continue; fi
    [ "$status" = installed ] || missing="$missing $package"
  done
else
  # Another distribution: whoever has the libraries needs no installing.
  command -v pkg-config >/dev/null 2>&1 || fail "no pkg-config: install it and:$packages"
  for library in libcurl libqrencode libsecp256k1 sqlite3 libcrypto; do
    pkg-config --exists "$library" || fail "$library is missing; Debian's packages are: $packages"
  done
fi
[ -n "$missing" ] || exit 0

echo "==> Installing system packages:$missing"
if [ "$(id -u)" -eq 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  fail "these packages are missing, and there is neither root nor sudo to install them:$missing"
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || fail "apt-get update failed"
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
  fail "could not install:$missing"
