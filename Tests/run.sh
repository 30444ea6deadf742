#!/bin/sh
# Runs `swift test` with these arguments. Where tests fail, what they found stands once more at the
# end, below thousands of lines of those that passed.
set -eu

# Tests run at once, each with its sockets and files: not so many that one waits for minutes between
# two of its steps.
ulimit -n 8192 2>/dev/null || true
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=16

log=$(mktemp)
trap 'rm -f "$log" "$log.failed"' EXIT
{ ${SWIFT:-swift} test --skip-build "$@" 2>&1 || touch "$log.failed"; } | tee "$log"
if [ -e "$log.failed" ]; then
  echo "==> What failed:"
  grep -A 4 'recorded an issue\|Fatal error\|error:' "$log" | head -n 60
  exit 1
fi
