# Sourced. python_environment PLACE REQUIREMENTS INSTALL makes a Python environment at PLACE by the
# command INSTALL, which is given the environment's python: once, and again when the file
# REQUIREMENTS or the machine's Python has changed, or when INSTALL failed. Says what is wrong and
# returns 1 where there is none.

python_environment() {
  python_version=$(python3 -c 'import sys; print(sys.version)') || {
    echo "setup: no python3; Debian's packages are: python3 python3-venv" >&2
    return 1
  }
  { echo "$python_version"; cat "$2"; } | cmp -s - "$1/installed" && return 0
  rm -rf "$1"
  mkdir -p "$1"
  python3 -m venv "$1" || {
    echo "setup: python3 has no venv; Debian's package is python3-venv" >&2
    return 1
  }
  "$3" "$1/bin/python" || return 1
  { echo "$python_version"; cat "$2"; } > "$1/installed"
}
