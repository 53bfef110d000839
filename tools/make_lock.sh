#!/usr/bin/env bash
# Writes tools/lock/*.txt: every package of a device and of the build, pinned with the hashes of all its wheels, for
# Python 3.11 to 3.13 on x86_64 and aarch64 in one file. Needs the internet and uv (https://docs.astral.sh/uv/):
# pip install uv. Run it after a change of the dependencies in pyproject.toml; --upgrade takes the newest versions.
# Usage: bash tools/make_lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/environment.sh
. tools/environment.sh

upgrade=()
case "${1:-}" in
  '') ;;
  --upgrade) upgrade=(--upgrade) ;;
  -h | --help)
    sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *) die "unknown argument $1; see bash tools/make_lock.sh --help" ;;
esac
command -v uv >/dev/null 2>&1 || die "uv is not here; install it with: pip install uv"

# lock OUTPUT ARGUMENT...: environment and settings of this machine (mirrors, local wheels) take no part.
lock() {
  local output=$1
  shift
  env -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
    uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes --no-build \
    --no-emit-index-url --custom-compile-command 'bash tools/make_lock.sh' \
    ${upgrade[@]+"${upgrade[@]}"} --output-file "$output" "$@"
  say "edge-dms: $output: $(grep -c '==' "$output") packages"
}

lock tools/lock/device.txt --constraint tools/lock/constraints.txt --extra gpio --extra can --extra signed --extra aim pyproject.toml
lock tools/lock/build.txt tools/lock/build.in
