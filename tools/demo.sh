#!/usr/bin/env bash
# The main job on real input: broker, daemon and a fleet manager's subscriber on this machine.
# Usage: bash tools/demo.sh [VIDEO | image folder | /dev/videoN] [--fast] [--broker HOST:PORT]     (--help for all)
set -euo pipefail
start_dir=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/environment.sh
. tools/environment.sh

make_environment demo
.venv/bin/edge-dms models fetch >&2 || exit 1
EDGE_DMS_START_DIR=$start_dir exec .venv/bin/python tools/demo.py "$@"
