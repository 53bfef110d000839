#!/usr/bin/env bash
# Installs or updates edge-dms on a board: from a checkout (needs the internet) or from an unpacked bundle (does not).
#
# Usage: sudo bash install.sh [--config FILE] [--camera NAME] [--dry-run] [--no-apt] [--no-start]
#        sudo bash install.sh --rollback
#        sudo bash install.sh --uninstall [--purge] [--dry-run]
#
#   --config FILE   use this configuration (checked first; an earlier one is kept in the backups)
#   --camera NAME   write the camera into /boot/firmware/config.txt: ov9281, imx219, imx708 or imx296
#   --dry-run       say what would be done, change nothing
#   --no-apt        install no Debian packages
#   --no-start      do not start or restart the daemon (for images)
#   --rollback      back to the release before the present one
#   --uninstall     remove the program; configuration and undelivered alerts stay
#   --purge         of --uninstall: remove those as well
#
# Each release has its own folder and virtual environment under /opt/edge-dms/releases; `current` points to the one that
# runs and is switched in one step. A new release that does not get the daemon running is taken back by itself. Running
# this again with nothing new changes nothing. A file that is replaced is first copied to /var/backups/edge-dms/TIME/.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -e "$here/SHA256SUMS" ]; then
  source_dir=$here # an unpacked bundle
  bundle=yes
else
  source_dir=$(dirname "$here")
  bundle=no
fi

home=/opt/edge-dms
releases=$home/releases
current=$home/current
previous=$home/previous
unproven=$home/unproven # read by systemd/escalate, should this script be cut off between switch and proof
installed=$home/installed-files
etc=/etc/edge-dms
backups=/var/backups/edge-dms/$(date +%Y%m%dT%H%M%S)
boot_config=${EDGE_DMS_BOOT_CONFIG:-/boot/firmware/config.txt}
settle_s=${EDGE_DMS_SETTLE_S:-20} # a new release must run for so long after it got ready
needed_mb=900
keep_from_boot='# >>> edge-dms: written by install.sh, replaced by it'
keep_to_boot='# <<< edge-dms'

config=''
camera=''
action=install
dry_run=no
apt=yes
start=yes
purge=no

say() { printf '%s\n' "$*" >&2; }
die() {
  say "edge-dms: $*"
  exit 1
}
usage() { sed -n '2,19s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

# run COMMAND...: or only say it.
run() {
  if [ "$dry_run" = yes ]; then
    say "would run: $*"
  else
    "$@"
  fi
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --config | --camera)
        [ $# -gt 1 ] || die "$1 needs a value; see bash install.sh --help"
        if [ "$1" = --config ]; then config=$2; else camera=$2; fi
        shift
        ;;
      --dry-run) dry_run=yes ;;
      --no-apt) apt=no ;;
      --no-start) start=no ;;
      --rollback) action=rollback ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) die "unknown argument $1; see bash install.sh --help" ;;
    esac
    shift
  done
  if [ "$purge" = yes ] && [ "$action" != uninstall ]; then
    die "--purge belongs to --uninstall"
  fi
  case "$camera" in
    '' | ov9281 | imx219 | imx708 | imx296) ;;
    *) die "unknown camera $camera; known are ov9281, imx219, imx708 and imx296" ;;
  esac
  if [ -n "$config" ] && [ ! -f "$config" ]; then
    die "there is no file $config"
  fi
}

check_rights() {
  if [ "$dry_run" = no ] && [ "$(id -u)" != 0 ]; then
    die "this changes the system: run it with sudo, or with --dry-run to see what it would do"
  fi
}

check_platform() {
  command -v python3 >/dev/null || die "python3 is not here: sudo apt install python3 python3-venv"
  python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    die "$(python3 --version) does not fit; Debian and Raspberry Pi OS bookworm (3.11) and trixie (3.13) do"
  python3 -c 'import struct, sys; sys.exit(struct.calcsize("P") != 8)' ||
    die "this is a 32-bit system; flash the 64-bit Raspberry Pi OS"
  local machine
  machine=$(uname -m)
  case "$machine" in
    x86_64 | aarch64) ;;
    *) die "no network runtime is published for a $machine processor; use aarch64 or x86_64" ;;
  esac
  if [ "$bundle" = yes ]; then
    local made_for have
    made_for=$(cat "$source_dir/MADE_FOR")
    have="$(python3 -c 'import sys; print("cp%d%d" % sys.version_info[:2])')-$machine"
    [ "$made_for" = "$have" ] || die "this bundle is for $made_for, this board is $have; make one with tools/make_bundle.sh"
  fi
  local free_mb parent=/opt
  [ -d "$parent" ] || parent=/
  free_mb=$(df -Pm "$parent" | awk 'NR == 2 {print $4}')
  [ "$free_mb" -ge "$needed_mb" ] || die "$parent has $free_mb MB left, a release needs $needed_mb; make room first"
}

check_bundle() {
  if [ "$bundle" = yes ]; then
    (cd "$source_dir" && sha256sum --quiet --strict --check SHA256SUMS) ||
      die "the bundle is damaged (see above); copy it again"
  fi
}

install_packages() {
  local package wanted=()
  for package in python3-venv python3-picamera2 python3-lgpio alsa-utils; do
    if dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
      continue
    fi
    if [ "$apt" = yes ] && apt-cache show "$package" >/dev/null 2>&1; then
      wanted+=("$package")
    elif [ "$package" = python3-picamera2 ]; then
      say "edge-dms: python3-picamera2 is not here and this system offers none: CSI cameras will not work, USB ones will"
    fi
  done
  if [ ${#wanted[@]} -gt 0 ]; then
    run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}" ||
      die "apt could not install ${wanted[*]}; see above, mend it (sudo apt update?) and run this again"
  fi
  if [ "$dry_run" = no ]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || die "python3-venv is missing: sudo apt install python3-venv"
  fi
}

work=''
partial=''
clean_up() {
  if [ -n "$work" ]; then rm -rf "$work"; fi
  if [ -n "$partial" ]; then rm -rf "$partial"; fi
}
trap clean_up EXIT

# Puts our own wheel into $work/wheel.
build_wheel() {
  mkdir "$work/wheel"
  if [ "$bundle" = yes ]; then
    cp "$source_dir"/edge_dms-*.whl "$work/wheel/"
    return 0
  fi
  say "edge-dms: building the wheel"
  python3 -m venv "$work/build"
  "$work/build/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r "$source_dir/tools/lock/build.txt"
  "$work/build/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir "$work/wheel" "$source_dir"
}

requirements() {
  if [ "$bundle" = yes ]; then
    printf '%s\n' "$source_dir/requirements.txt"
  else
    printf '%s\n' "$source_dir/tools/lock/device.txt"
  fi
}

# make_release: a complete release folder; its name is left in $release.
release=''
make_release() {
  if [ "$dry_run" = yes ]; then
    release=$releases/VERSION-HASH
    say "would make: $release with its own virtual environment, packages checked by hash, networks"
    return 0
  fi
  work=$(mktemp -d)
  build_wheel
  local wheel version digest
  wheel=$(echo "$work"/wheel/edge_dms-*.whl)
  version=$(basename "$wheel" | cut -d- -f2)
  digest=$(cat "$wheel" "$(requirements)" | sha256sum | cut -c1-8)
  release=$releases/$version-$digest
  if [ -e "$release/complete" ]; then
    say "edge-dms: release $(basename "$release") is already here"
    return 0
  fi
  say "edge-dms: making release $(basename "$release")"
  rm -rf "$release"
  mkdir -p "$release"
  chmod 755 "$home" "$releases" "$release"
  partial=$release
  python3 -m venv --system-site-packages "$release/venv"
  local pip=("$release/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile)
  local offline=()
  if [ "$bundle" = yes ]; then
    offline=(--no-index --find-links "$source_dir/wheels")
  fi
  "${pip[@]}" --require-hashes --only-binary :all: ${offline[@]+"${offline[@]}"} -r "$(requirements)" ||
    die "the packages could not be installed (see above); nothing was changed"
  "${pip[@]}" --no-deps --no-index "$wheel"
  "$release/venv/bin/python" -m compileall -q "$release/venv/lib" >/dev/null 2>&1 || true
  install_networks
  install_speech
  # Answers only: an installation must not fail because the board was busy; the daemon times them at each start.
  "$release/venv/bin/edge-dms" models verify --untimed >"$work/verify.log" 2>&1 || {
    cat "$work/verify.log" >&2
    die "the networks do not answer as measured on this board (see above); nothing was changed"
  }
  touch "$release/complete"
  sync -f "$release"
  partial=''
}

# Third-party networks lie beside our own in the package, so that every user of the program finds them.
install_networks() {
  local package from=$source_dir/models
  package=$(cd / && "$release/venv/bin/python" -c 'import edge, pathlib; print(pathlib.Path(edge.__file__).parent)')
  if [ "$bundle" = no ]; then
    # One cache for all releases: an update downloads only what changed.
    XDG_CACHE_HOME=/var/cache "$release/venv/bin/edge-dms" models fetch || die "the networks could not be fetched"
    from=/var/cache/edge-dms/models
  fi
  find "$from" -maxdepth 1 -name '*.tflite' -exec install -m 644 -t "$package/_models" {} +
}

# Sentences for the speaker, where a voice is installed; without them the tones play alone. A bundle brings its own.
install_speech() {
  if [ "$bundle" = yes ]; then
    return 0
  fi
  if ! command -v espeak-ng >/dev/null 2>&1; then
    say "edge-dms: no speech, tones alone; for sentences: sudo apt install espeak-ng, then update"
  elif ! "$release/venv/bin/python" "$source_dir/tools/render_speech.py" >"$work/speech.log" 2>&1; then
    say "edge-dms: no speech, tones alone: $(tail -n 1 "$work/speech.log")"
  fi
}

# back_up FILE: before it is changed for the first time in this run.
back_up() {
  if [ -e "$1" ] && [ ! -e "$backups$1" ]; then
    run mkdir -p "$backups$(dirname "$1")"
    run cp -a "$1" "$backups$1"
    say "edge-dms: $1 is kept as $backups$1"
  fi
}

# put SOURCE TARGET MODE: only when it differs; by rename, so that nobody sees half a file.
changed=no
put() {
  if [ "$dry_run" = no ]; then
    grep -qxF "$2" "$installed" 2>/dev/null || printf '%s\n' "$2" >>"$installed"
  fi
  if cmp -s "$1" "$2"; then
    return 0
  fi
  back_up "$2"
  changed=yes
  if [ "$dry_run" = yes ]; then
    say "would write: $2"
    return 0
  fi
  mkdir -p "$(dirname "$2")"
  install -m "$3" "$1" "$2.new"
  mv -T "$2.new" "$2"
}

# Completion for three shells and the manual page, from the release's own parser; an installation does not fail for them.
install_comfort() {
  local what target made=''
  if [ "$dry_run" = no ]; then made=$(mktemp); fi
  while read -r what target; do
    if [ "$dry_run" = yes ]; then
      say "would write: $target"
    elif "$release/venv/bin/edge-dms" completion "$what" >"$made" 2>/dev/null; then
      put "$made" "$target" 644
    fi
  done <<'TARGETS'
bash /usr/share/bash-completion/completions/edge-dms
zsh /usr/share/zsh/vendor-completions/_edge-dms
fish /usr/share/fish/vendor_completions.d/edge-dms.fish
man /usr/local/share/man/man1/edge-dms.1
TARGETS
  rm -f "$made"
}

install_files() {
  local file
  install_comfort
  for file in "$source_dir"/systemd/*.service "$source_dir"/systemd/*.timer "$source_dir"/systemd/*.path; do
    put "$file" "/etc/systemd/system/$(basename "$file")" 644
  done
  put "$source_dir/systemd/sysusers.conf" /usr/lib/sysusers.d/edge-dms.conf 644
  put "$source_dir/systemd/tmpfiles.conf" /usr/lib/tmpfiles.d/edge-dms.conf 644
  put "$source_dir/systemd/escalate" /usr/lib/edge-dms/escalate 755
  put "$source_dir/systemd/provision" /usr/lib/edge-dms/provision 755
  put "$source_dir/firmware_config/60-edge-dms.rules" /etc/udev/rules.d/60-edge-dms.rules 644
  put "$source_dir/firmware_config/journald.conf" /etc/systemd/journald.conf.d/edge-dms.conf 644
  for file in "$source_dir"/firmware_config/*.{md,yaml,json,svg} "$source_dir"/firmware_config/guides/*.md; do
    put "$file" "/usr/share/doc/edge-dms/${file#"$source_dir"/firmware_config/}" 644
  done
  if [ "$(readlink /usr/local/bin/edge-dms 2>/dev/null)" != "$current/venv/bin/edge-dms" ]; then
    back_up /usr/local/bin/edge-dms
    run mkdir -p /usr/local/bin
    run ln -sfn "$current/venv/bin/edge-dms" /usr/local/bin/edge-dms
  fi
  if [ "$changed" = yes ]; then
    run systemd-sysusers /usr/lib/sysusers.d/edge-dms.conf
    run systemd-tmpfiles --create /usr/lib/tmpfiles.d/edge-dms.conf
    if systemd_runs; then
      run systemctl daemon-reload
      run udevadm control --reload || say "edge-dms: udev does not answer; its rules count after the next boot"
    fi
  fi
}

systemd_runs() { [ -d /run/systemd/system ]; }
service_runs() { systemd_runs && systemctl is-active --quiet edge-dms.service; }

install_config() {
  if [ -n "$config" ] && ! cmp -s "$config" "$etc/edge-dms.yaml"; then
    back_up "$etc/edge-dms.yaml"
    run install -D -m 640 "$config" "$etc/edge-dms.yaml"
    run chgrp edge-dms "$etc/edge-dms.yaml"
    changed=yes
  fi
}

check_config() {
  local file=${config:-$etc/edge-dms.yaml}
  if [ -e "$file" ] && [ "$dry_run" = no ]; then
    "$release/venv/bin/edge-dms" check "$file" >&2 || die "the configuration is refused (see above); nothing was switched"
  fi
}

# Replaces our block in config.txt, or takes it away when the second argument is empty.
write_boot_config() {
  local block=$1 new
  [ -e "$boot_config" ] || {
    say "edge-dms: there is no $boot_config; is this a Raspberry Pi?"
    return 0
  }
  new=$(mktemp)
  awk -v from="$keep_from_boot" -v to="$keep_to_boot" \
    '$0 == from {inside = 1} !inside {print} $0 == to {inside = 0}' "$boot_config" >"$new"
  if [ -n "$block" ]; then
    { printf '%s\n' "$keep_from_boot"; grep -hv '^#' "$source_dir/firmware_config/boot/common.txt" "$block"; printf '%s\n' "$keep_to_boot"; } >>"$new"
  fi
  if ! cmp -s "$new" "$boot_config"; then
    back_up "$boot_config"
    if [ "$dry_run" = yes ]; then
      say "would write: $boot_config"
    else
      cp "$new" "$boot_config.new"
      sync "$boot_config.new"
      mv "$boot_config.new" "$boot_config"
      sync "$(dirname "$boot_config")"
      say "edge-dms: $boot_config was changed; it counts after the next boot"
    fi
  fi
  rm -f "$new"
}

# point LINK TARGET: in one step.
point() {
  run ln -sfn "$2" "$1.new"
  run mv -T "$1.new" "$1"
}

# Restarts the daemon, waits for READY=1 and then watches it for a while.
becomes_healthy() {
  local starts now waited=0
  systemctl reset-failed edge-dms.service 2>/dev/null || true
  say "edge-dms: starting the daemon; it is watched for $settle_s s once it is ready"
  systemctl restart edge-dms.service || return 1
  starts=$(systemctl show -p NRestarts --value edge-dms.service)
  while [ "$waited" -lt "$settle_s" ]; do
    sleep 1
    waited=$((waited + 1))
    now=$(systemctl show -p NRestarts --value edge-dms.service)
    if ! service_runs || [ "$now" != "$starts" ]; then
      return 1
    fi
  done
}

show_last_words() {
  say "edge-dms: the daemon's last words:"
  journalctl -u edge-dms.service -n 8 --no-pager -o cat >&2 || true
}

switch() {
  local old=''
  old=$(readlink "$current" 2>/dev/null || true)
  if [ "$old" = "$release" ] && [ "$changed" = no ] && { service_runs || [ ! -e "$etc/edge-dms.yaml" ]; }; then
    say "edge-dms: nothing to do, $(basename "$release") is in place"
    return 0
  fi
  local was_healthy=no
  if service_runs; then was_healthy=yes; fi
  if [ "$old" != "$release" ]; then
    if [ -n "$old" ] && [ "$was_healthy" = yes ] && [ "$start" = yes ] && [ "$dry_run" = no ]; then
      printf '%s\n' "$old" >"$unproven"
      sync "$unproven"
    fi
    point "$current" "$release"
  fi
  if systemd_runs; then
    run systemctl enable --quiet edge-dms.service
  fi
  if [ "$dry_run" = yes ] || [ "$start" = no ] || ! systemd_runs; then
    if [ -n "$old" ] && [ "$old" != "$release" ]; then point "$previous" "$old"; fi
    return 0
  fi
  if [ ! -e "$etc/edge-dms.yaml" ]; then
    say "edge-dms: installed. The daemon waits for its configuration: sudo cp /usr/share/doc/edge-dms/private_car.yaml"
    say "          $etc/edge-dms.yaml, change it, edge-dms check it, sudo systemctl start edge-dms"
    return 0
  fi
  if becomes_healthy; then
    rm -f "$unproven"
    if [ -n "$old" ] && [ "$old" != "$release" ]; then point "$previous" "$old"; fi
    say "edge-dms: $(basename "$release") runs"
    return 0
  fi
  show_last_words
  if [ -z "$old" ] || [ "$old" = "$release" ]; then
    die "the daemon does not run; see journalctl -u edge-dms -b and /usr/share/doc/edge-dms/INSTALL.md"
  fi
  if [ "$was_healthy" = no ]; then
    die "the daemon does not run, nor did it before the update: $(basename "$release") stays, --rollback takes it back"
  fi
  take_back "$old"
  die "$(basename "$release") did not run and was taken back; $(basename "$old") runs again"
}

take_back() {
  rm -f "$unproven"
  point "$current" "$1"
  becomes_healthy || {
    show_last_words
    die "$(basename "$1") does not run either; see journalctl -u edge-dms -b"
  }
}

# The running release and the one before stay.
prune() {
  local keep_current keep_previous old
  keep_current=$(readlink "$current" 2>/dev/null || true)
  keep_previous=$(readlink "$previous" 2>/dev/null || true)
  for old in "$releases"/*/; do
    old=${old%/}
    if [ -d "$old" ] && [ "$old" != "$keep_current" ] && [ "$old" != "$keep_previous" ] && [ "$old" != "$release" ]; then
      say "edge-dms: removing the old release $(basename "$old")"
      run rm -rf "$old"
    fi
  done
}

do_install() {
  check_platform
  check_bundle
  install_packages
  make_release
  check_config
  install_files
  install_config
  if [ -n "$camera" ]; then
    write_boot_config "$source_dir/firmware_config/boot/$camera.txt"
  fi
  switch
  prune
}

do_rollback() {
  local back now
  back=$(readlink "$previous" 2>/dev/null) || die "there is no earlier release to go back to"
  now=$(readlink "$current")
  release=$now
  run true
  if [ "$dry_run" = yes ]; then
    say "would switch: from $(basename "$now") to $(basename "$back")"
    return 0
  fi
  point "$previous" "$now"
  if systemd_runs && [ "$start" = yes ]; then
    take_back "$back"
  else
    point "$current" "$back"
  fi
  say "edge-dms: back to $(basename "$back")"
}

do_uninstall() {
  local file gone=removed
  if [ "$dry_run" = yes ]; then gone="would be removed"; fi
  if systemd_runs; then
    run systemctl disable --now --quiet edge-dms.service edge-dms-settled.timer edge-dms-poweroff.path 2>/dev/null || true
  fi
  write_boot_config ''
  if [ -e "$installed" ]; then
    while read -r file; do
      if [ -e "$file" ]; then run rm -f "$file"; fi
    done <"$installed"
  fi
  if [ -L /usr/local/bin/edge-dms ]; then run rm -f /usr/local/bin/edge-dms; fi
  run rm -f /etc/systemd/system/multi-user.target.wants/edge-dms.service
  run rm -rf "$home" /usr/share/doc/edge-dms /usr/lib/edge-dms /var/cache/edge-dms
  if systemd_runs; then
    run systemctl daemon-reload
  fi
  if [ "$purge" = yes ]; then
    run rm -rf "$etc" /var/lib/edge-dms /var/lib/edge-dms-boot
    if getent passwd edge-dms >/dev/null; then run userdel edge-dms; fi
    say "edge-dms: $gone, with configuration, credentials and undelivered alerts"
  else
    say "edge-dms: $gone; configuration ($etc) and undelivered alerts (/var/lib/edge-dms) stay: --purge removes them"
  fi
}

parse_arguments "$@"
check_rights
if [ "$dry_run" = no ]; then
  exec 9>/run/lock/edge-dms-install.lock
  flock -n 9 || die "another installation is running"
  mkdir -p "$home"
fi
case "$action" in
  install) do_install ;;
  rollback) do_rollback ;;
  uninstall) do_uninstall ;;
esac
