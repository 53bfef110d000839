#!/usr/bin/env bash
# Everything the project holds itself to: formatting, types, layers, tests.
# Usage: bash tools/test.sh [--full] [pytest arguments]        --full adds the long runs.
# With -n 2 the tests run in two processes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/environment.sh
. tools/environment.sh

full=no
arguments=()
for argument in "$@"; do
  case "$argument" in
    --full) full=yes ;;
    -h | --help)
      sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) arguments+=("$argument") ;;
  esac
done

# install_part PROGRAM FOR_WHAT: Debian's package of the same name, where we may.
install_part() {
  local part=$1 what=$2
  PATH=$PATH:/usr/sbin
  export PATH
  if command -v "$part" >/dev/null 2>&1; then
    return 0
  fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "edge-dms: installing $part for the tests of $what"
    if { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$part"; } \
      >build/apt.log 2>&1; then
      return 0
    fi
    say "edge-dms: apt could not install $part (build/apt.log)"
  fi
  say "edge-dms: no $part here: the tests of $what are SKIPPED. To run them: sudo apt install $part"
}

install_sound() {
  if command -v aplay >/dev/null 2>&1 && command -v espeak-ng >/dev/null 2>&1; then
    return 0
  fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "edge-dms: installing alsa-utils and espeak-ng for the sound tests"
    if { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends alsa-utils espeak-ng; } \
      >build/apt-sound.log 2>&1; then
      return 0
    fi
    say "edge-dms: apt could not install them (build/apt-sound.log)"
  fi
  say "edge-dms: no aplay or no espeak-ng here: the tests that need them are SKIPPED."
  say "          To run them: sudo apt install alsa-utils espeak-ng"
}

make_environment dev
install_part mosquitto "the broker"
install_part chromium "the fleet console and the installation wizard"
if [ "$full" = yes ]; then
  install_part prometheus "the fleet stack"
  install_part prometheus-mqtt-exporter "the fleet stack"
fi
install_sound
.venv/bin/edge-dms models fetch >&2 || exit 1

say "== ruff";        .venv/bin/ruff check . && .venv/bin/ruff format --check .
say "== mypy";        .venv/bin/mypy
say "== import-linter"; .venv/bin/lint-imports
if command -v shellcheck >/dev/null 2>&1; then
  say "== shellcheck"
  shellcheck -x tools/*.sh systemd/escalate systemd/provision .ci/run
fi

say "== pytest"
# The interpreters and OpenCV run one thread each: two cores are enough, and results do not depend on their number.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if [ "$full" = yes ]; then
  exec .venv/bin/python -m pytest "${arguments[@]}"
fi
# A test that hangs fails with its stack after five minutes; one that hangs outside Python shows it after six.
exec .venv/bin/python -m pytest -m "not full" -o faulthandler_timeout=360 "${arguments[@]}"
