#!/usr/bin/env bash
# Makes one archive that installs edge-dms on a board without internet: wheels, networks, units, installer, hashes.
# One archive a Python and processor: bookworm has Python 3.11, trixie 3.13.
# Usage: bash tools/make_bundle.sh [--python 3.13] [--machine aarch64] [--deb] [--output build/bundles]
#   --deb   a Debian package beside the archive, which runs the same installer
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/environment.sh
. tools/environment.sh

python=3.13
machine=aarch64
deb=no
output=build/bundles

while [ $# -gt 0 ]; do
  case "$1" in
    --python | --machine | --output)
      [ $# -gt 1 ] || die "$1 needs a value; see bash tools/make_bundle.sh --help"
      case "$1" in
        --python) python=$2 ;;
        --machine) machine=$2 ;;
        --output) output=$2 ;;
      esac
      shift
      ;;
    --deb) deb=yes ;;
    -h | --help)
      sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) die "unknown argument $1; see bash tools/make_bundle.sh --help" ;;
  esac
  shift
done
case "$python" in 3.11 | 3.12 | 3.13) ;; *) die "Python $python is not supported; 3.11, 3.12 and 3.13 are" ;; esac
case "$machine" in aarch64 | x86_64) ;; *) die "unknown processor $machine; aarch64 and x86_64 are known" ;; esac

host_python=$(find_python) || die "Python 3.11 or newer was not found; install one (sudo apt install python3 python3-venv)"
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d "$output/.making-XXXXXX")
trap 'rm -rf "$work"' EXIT

quiet_pip() {
  "$work/build/bin/python" -m pip "$1" --quiet --disable-pip-version-check "${@:2}"
}

[ -x .venv/bin/edge-dms ] || make_environment demo
if command -v espeak-ng >/dev/null 2>&1; then
  say "edge-dms: rendering the sentences of the cab"
  .venv/bin/python tools/render_speech.py >/dev/null || die "the sentences could not be rendered (see above)"
else
  say "edge-dms: no espeak-ng here: the bundle will have tones without speech (sudo apt install espeak-ng)"
fi

say "edge-dms: building the wheel"
"$host_python" -m venv "$work/build"
quiet_pip install --require-hashes --only-binary :all: -r tools/lock/build.txt
quiet_pip wheel --no-deps --no-build-isolation --wheel-dir "$work/wheel" .
wheel=$(echo "$work"/wheel/edge_dms-*.whl)
version=$(basename "$wheel" | cut -d- -f2)
made_for=cp${python/./}-$machine
name=edge-dms-$version-$made_for
tree=$work/$name
mkdir -p "$tree/wheels" "$tree/models"
cp "$wheel" "$tree/"
printf '%s\n' "$made_for" >"$tree/MADE_FOR"

say "edge-dms: fetching the packages for $made_for"
"$work/build/bin/python" tools/lock_for.py tools/lock/device.txt "$python" "$machine" >"$tree/requirements.txt"
platforms=(--platform "manylinux2014_$machine")
for minor in $(seq 17 36); do # bookworm has glibc 2.36
  platforms+=(--platform "manylinux_2_${minor}_$machine")
done
quiet_pip download --require-hashes --no-deps --only-binary :all: --python-version "$python" --implementation cp \
  "${platforms[@]}" --dest "$tree/wheels" -r "$tree/requirements.txt"

say "edge-dms: fetching the networks"
.venv/bin/edge-dms models fetch >&2
"$work/build/bin/python" - "$tree/models" <<'PYTHON'
import json, os, pathlib, shutil, sys

base = os.environ.get("XDG_CACHE_HOME")
cache = (pathlib.Path(base) if base else pathlib.Path.home() / ".cache") / "edge-dms" / "models"
for model in json.loads(pathlib.Path("models/manifest.json").read_text())["models"]:
    if (cache / model["file"]).exists():
        shutil.copy(cache / model["file"], sys.argv[1])
PYTHON

if .venv/bin/python -c 'import cyclonedx, packaging, packageurl' 2>/dev/null; then
  .venv/bin/python tools/make_sbom.py --python "$python" --machine "$machine" --output "$tree/sbom.cdx.json" >&2
else
  say "edge-dms: no bill of materials: .venv/bin/pip install 'cyclonedx-python-lib[json-validation]' packaging"
fi

cp tools/install.sh "$tree/"
cp -r systemd firmware_config LICENSE "$tree/"
(cd "$tree" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" "$tree/"

# The same files in the same order with the same time: the same archive from the same commit.
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime='2020-01-01 00:00Z' -cf - "$name" |
  gzip -n >"$work/$name.tar.gz"
mv "$work/$name.tar.gz" "$output/"
say "edge-dms: $output/$name.tar.gz ($(du -m "$output/$name.tar.gz" | cut -f1) MB)"
say "          On the board: tar -xzf $name.tar.gz && sudo bash $name/install.sh"

if [ "$deb" = yes ]; then
  command -v dpkg-deb >/dev/null 2>&1 || die "dpkg-deb is not here: sudo apt install dpkg"
  next="${python%.*}.$((${python#*.} + 1))"
  case "$machine" in aarch64) architecture=arm64 ;; *) architecture=amd64 ;; esac
  root=$work/deb
  mkdir -p "$root/DEBIAN" "$root/usr/share/edge-dms"
  mv "$tree" "$root/usr/share/edge-dms/bundle"
  cat >"$root/DEBIAN/control" <<CONTROL
Package: edge-dms
Version: $version
Architecture: $architecture
Maintainer: edge-dms <root@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: python3 (>= $python), python3 (<< $next~), python3-venv, systemd
Recommends: python3-picamera2, python3-lgpio, alsa-utils
Section: misc
Priority: optional
Description: driver monitoring on a single-board computer
 Fatigue, distraction and displayed anger from an infrared camera: warnings in
 the cab, alerts over MQTT. Advisory only, not type-approved.
CONTROL
  cat >"$root/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
  bash /usr/share/edge-dms/bundle/install.sh --no-apt
fi
POSTINST
  cat >"$root/DEBIAN/prerm" <<'PRERM'
#!/bin/sh
set -e
if [ "$1" = remove ]; then
  bash /usr/share/edge-dms/bundle/install.sh --uninstall
fi
PRERM
  cat >"$root/DEBIAN/postrm" <<'POSTRM'
#!/bin/sh
set -e
if [ "$1" = purge ]; then
  rm -rf /etc/edge-dms /var/lib/edge-dms /var/lib/edge-dms-boot
fi
POSTRM
  chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"
  package=$output/edge-dms_${version}_${architecture}_py${python/./}.deb
  dpkg-deb --root-owner-group -Zgzip --build "$root" "$package" >/dev/null
  say "edge-dms: $package ($(du -m "$package" | cut -f1) MB)"
  say "          On the board: sudo apt install ./$(basename "$package")"
fi
