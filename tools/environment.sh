# Sourced by demo.sh and test.sh: finds a Python, makes the checkout's own .venv and installs one extra of the project.
# Every failure is one sentence with its remedy and a non-zero exit.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
die() {
  say "edge-dms: $*"
  exit 1
}

# Prints the first interpreter that is new enough; EDGE_DMS_PYTHON wins.
find_python() {
  local candidate
  for candidate in ${EDGE_DMS_PYTHON:+"$EDGE_DMS_PYTHON"} python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

check_platform() {
  local python=$1 bits machine
  bits=$("$python" -c 'import struct; print(8 * struct.calcsize("P"))')
  machine=$(uname -m)
  if [ "$bits" != 64 ]; then
    die "this is a $bits-bit Python ($machine); the networks need a 64-bit system: flash the 64-bit Raspberry Pi OS."
  fi
  case "$machine" in
    x86_64 | aarch64 | arm64) ;;
    *) die "no network runtime is published for a $machine processor; use x86_64 or aarch64." ;;
  esac
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$python cannot make virtual environments; install that part first: sudo apt install python3-venv"
}

# One sentence for what pip's log shows.
explain_pip() {
  local log=$1
  if grep -qiE 'no space left' "$log"; then
    say "edge-dms: the disk is full; the environment needs about 600 MB in $PWD."
  elif grep -qiE 'hashes? (do|does) not match|THESE PACKAGES DO NOT MATCH' "$log"; then
    say "edge-dms: a downloaded package is not the pinned one; do not install it, and tell the maintainers."
  elif grep -qiE 'name resolution|connection|timed out|unreachable|proxy|retrying|no matching distribution' "$log"; then
    say "edge-dms: packages could not be downloaded; check the network (and pip's index settings), then run this again."
  else
    say "edge-dms: pip failed: $(grep -iE 'error' "$log" | tail -n 1)"
  fi
  say "          The whole log: $log"
}

# make_environment EXTRA: .venv holds the project (editable) and one extra; does nothing when that is already so.
make_environment() {
  local extra=$1 python stamp wanted log
  python=$(find_python) || die "Python 3.11 to 3.14 was not found; install one (sudo apt install python3 python3-venv) or name it in EDGE_DMS_PYTHON."
  check_platform "$python"
  mkdir -p build || die "cannot write into $PWD; make the checkout yours: sudo chown -R \"\$USER\" \"$PWD\""
  stamp=".venv/edge-dms-$extra.stamp"
  wanted=$(cat pyproject.toml edge/__init__.py | sha256sum)
  if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    return 0
  fi
  log=build/install.log
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "edge-dms: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv >"$log" 2>&1 ||
      die "the virtual environment could not be made ($(tail -n 1 "$log")); try: sudo apt install python3-venv"
  fi
  say "edge-dms: installing the $extra packages into .venv (about a minute the first time)"
  if [ -t 2 ]; then
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar on -e ".[$extra]" 2>&1 |
      tee "$log" | grep --line-buffered -E '^(Collecting|Installing)' >&2
    [ "${PIPESTATUS[0]}" = 0 ]
  else
    .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -e ".[$extra]" >"$log" 2>&1
  fi || {
    explain_pip "$log"
    exit 1
  }
  printf '%s\n' "$wanted" >"$stamp"
}
