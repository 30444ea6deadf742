#!/bin/sh
# Installs missing system packages on Debian or Ubuntu: `setup.sh build` what the build needs,
# `setup.sh test` also the servers that tests, benchmarks and the distributed demo start, and what
# counts instructions. Does nothing where they are there already.
set -eu

build="libcurl4-openssl-dev libhiredis-dev libpq-dev libqrencode-dev librdkafka-dev
  libsecp256k1-dev libsqlite3-dev libssl-dev zlib1g-dev pkg-config gzip"
servers="postgresql redis-server kcat curl openssl python3 python3-venv valgrind binutils"

fail() {
  echo "setup: $1" >&2
  exit 1
}

has_venv() { python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

has_postgres() {
  for place in /usr/lib/postgresql/*/bin $(echo "$PATH" | tr : ' '); do
    [ -x "$place/initdb" ] && [ -x "$place/postgres" ] && return 0
  done
  return 1
}

packages=$build
programs=""
case "${1:-build}" in
  build) ;;
  test)
    packages="$build $servers"
    programs="redis-server kcat curl openssl python3 valgrind strip"
    ;;
  *) fail "it is setup.sh build or setup.sh test" ;;
esac

command -v swift >/dev/null 2>&1 || fail "no swift on the PATH: install a Swift 6.3 toolchain first"

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
  for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # pkgconf provides pkg-config and counts as it.
    if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null 2>&1; then continue; fi
    # A Python of another origin does as well.
    if [ "$package" = python3 ] && command -v python3 >/dev/null 2>&1; then continue; fi
    if [ "$package" = python3-venv ] && has_venv; then continue; fi
    [ "$status" = installed ] || missing="$missing $package"
  done
else
  # Another distribution: whoever has the libraries and programs needs no installing.
  command -v pkg-config >/dev/null 2>&1 || fail "no pkg-config: install it and:$packages"
  for library in libcurl hiredis libpq libqrencode rdkafka libsecp256k1 sqlite3 libcrypto zlib; do
    pkg-config --exists "$library" || fail "$library is missing; Debian's packages are: $packages"
  done
  for program in $programs; do
    command -v "$program" >/dev/null 2>&1 ||
      fail "$program is missing; Debian's packages are: $packages"
  done
  case "$programs" in
    *python3*)
      has_venv || fail "python3 lacks its module venv"
      has_postgres || fail "PostgreSQL's server is missing; Debian's packages are: $packages"
      ;;
  esac
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
# Run level 1: the packages' own services needn't start.
environment="env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1"
$as_root $environment apt-get update -qq || fail "apt-get update failed"
# shellcheck disable=SC2086
$as_root $environment apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
  fail "could not install:$missing"
