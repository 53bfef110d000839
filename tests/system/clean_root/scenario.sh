#!/usr/bin/env bash
# Runs inside a clean Debian with a real systemd, as a service of it: what a technician does, one check a line.
# /bundles holds the archive under test; every check writes "ok NAME" or "FAIL NAME" with what was said to /results.
set -u
export EDGE_DMS_SETTLE_S=3 HOME=/root
exec 2>&1
cd /root || exit 1

# shellcheck source=tests/system/clean_root/checks.sh
. /checks.sh
points_to() { [ "$(readlink /opt/edge-dms/current)" = "$1" ]; }

# respin FOLDER PROGRAM: the bundle with another wheel, as if it were the next release.
respin() {
  cp -a bundle "$1"
  (
    cd "$1" || exit 1
    python3 - "$2" <<'PYTHON'
import pathlib, sys, zipfile
(wheel,) = pathlib.Path().glob("edge_dms-*.whl")
with zipfile.ZipFile(wheel) as old:
    files = {name: old.read(name) for name in old.namelist()}
files["edge/app.py"] += sys.argv[1].encode() + b"\n"
with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as new:
    for name, data in files.items():
        new.writestr(name, data)
PYTHON
    find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >../sums && mv ../sums SHA256SUMS
  )
}

tar -xzf /bundles/*.tar.gz && mv edge-dms-* bundle
cat >config.yaml <<'YAML'
version: 2
camera: {source: synthetic, fps: 15}
mqtt: {enabled: false}
YAML
printf 'version: 2\ncamera: {fps: 500}\n' >wrong.yaml
mkdir -p /boot/firmware
printf 'arm_64bit=1\n' >/boot/firmware/config.txt

check dry-run-says-what says 'would make: /opt/edge-dms/releases' bash bundle/install.sh --dry-run
check dry-run-changes-nothing test ! -e /opt/edge-dms -a ! -e /etc/systemd/system/edge-dms.service
cp -a bundle damaged
find damaged/wheels -name 'numpy-*' -exec sh -c 'printf x >>"$1"' _ {} \;
check damaged-bundle-is-refused refuses_saying 'the bundle is damaged' bash damaged/install.sh
check damaged-bundle-changes-nothing test ! -e /etc/systemd/system/edge-dms.service
check installs-without-internet says 'waits for its configuration' bash bundle/install.sh
check guides-completion-and-manual-are-there sh -c 'cd /usr/share && ls doc/edge-dms/INSTALL.md \
  doc/edge-dms/guides/technician.md bash-completion/completions/edge-dms ../local/share/man/man1/edge-dms.1'
check networks-answer-as-measured edge-dms models verify
check wrong-configuration-is-refused refuses_saying 'camera.fps' bash bundle/install.sh --config wrong.yaml
check wrong-configuration-is-not-kept test ! -e /etc/edge-dms/edge-dms.yaml
mkdir -p /etc/edge-dms/credentials && printf 'secret' >/etc/edge-dms/credentials/mqtt-password
check runs-with-a-configuration says ' runs' bash bundle/install.sh --config config.yaml --camera ov9281
check is-active active
check runs-as-its-own-user test "$(stat -c %U "/proc/$(main_pid)")" = edge-dms
check is-in-its-groups sh -c 'id -nG edge-dms | grep -w video | grep -w gpio | grep -w plugdev'
check configuration-is-not-for-everybody test "$(stat -c '%a %G' /etc/edge-dms/edge-dms.yaml)" = '640 edge-dms'
check credential-is-handed-over test -e /run/credentials/edge-dms.service/edge-dms_mqtt-password
check its-working-folder-is-its-own test "$(readlink "/proc/$(main_pid)/cwd") $(stat -c %U /run/edge-dms)" = '/run/edge-dms edge-dms'
check cpuinfo-is-readable sh -c "nsenter -t $(main_pid) -m cat /proc/cpuinfo | grep -q processor"
check camera-is-in-config.txt grep -qx 'dtoverlay=ov9281' /boot/firmware/config.txt
check config.txt-is-backed-up sh -c 'grep -qx arm_64bit=1 /var/backups/edge-dms/*/boot/firmware/config.txt'
first=$(readlink /opt/edge-dms/current)
pid=$(main_pid)
check second-run-does-nothing says 'nothing to do' bash bundle/install.sh --config config.yaml --camera ov9281
check second-run-restarts-nothing test "$(main_pid)" = "$pid"
check config.txt-has-one-block test "$(grep -c '>>> edge-dms' /boot/firmware/config.txt)" = 1

# Only if it runs: process 0 would be this script itself.
[ "$(main_pid)" = 0 ] || kill -STOP "$(main_pid)"
for _ in $(seq 40); do
  sleep 1
  [ "$(systemctl show -p NRestarts --value edge-dms.service)" = 1 ] && break
done
check a-hung-daemon-is-started-again sh -c "test $(systemctl show -p NRestarts --value edge-dms.service) = 1"
check no-reboot-for-one-failure test ! -e /var/lib/edge-dms-boot/reboots
check the-watchdog-did-it sh -c 'journalctl -u edge-dms.service | grep -q "Watchdog timeout"'
check runs-again wait_until 30 is_active

# What a phone wrote on the boot partition.
mkdir -p /boot/firmware/edge-dms/credentials
cat >/boot/firmware/edge-dms/edge-dms.yaml <<'YAML'
version: 2
camera: {source: synthetic, fps: 15}
mqtt:
  host: 127.0.0.1
  username: van-07
  password_file: /run/credentials/edge-dms.service/edge-dms_mqtt-password
service: {log_level: debug}
YAML
printf 'key' >/boot/firmware/edge-dms/credentials/client.key
check starts-with-what-lies-on-the-boot-partition systemctl restart edge-dms.service
check boot-partition-was-taken grep -q debug /etc/edge-dms/edge-dms.yaml
check its-mode-and-group-are-right test "$(stat -c '%a %G' /etc/edge-dms/edge-dms.yaml)" = '640 edge-dms'
check new-credential-is-handed-over test -e /run/credentials/edge-dms.service/edge-dms_client.key
check no-credential-is-left-on-the-boot-partition test ! -e /boot/firmware/edge-dms/credentials/client.key

# As the unit runs: what cannot be tried without a camera or an accelerator, tried on what they need.
printf 'frame' >/srv/node && chgrp video /srv/node && chmod 660 /srv/node
hardened=(systemd-run --quiet --wait --pipe -p User=edge-dms -p PrivateUsers=yes -p MemoryDenyWriteExecute=yes)
check rights-of-its-groups-survive-the-user-namespace says frame "${hardened[@]}" cat /srv/node
check callbacks-of-a-delegate-need-no-writable-code says called "${hardened[@]}" \
  python3 -c 'import ctypes; ctypes.CFUNCTYPE(None)(lambda: print("called"))()'

pid=$(main_pid)
check reads-its-configuration-again systemctl reload edge-dms.service
sleep 3
check the-same-process-after-it test "$(main_pid)" = "$pid"
check doctor-finds-the-service says '"service"' sh -c 'edge-dms doctor --json --config /etc/edge-dms/edge-dms.yaml || true'
check a-verb-asks-the-hardened-daemon says 'not named' edge-dms calibrate --show --config /etc/edge-dms/edge-dms.yaml

respin broken 'raise SystemExit("a release that cannot start")'
check broken-update-is-taken-back refuses_saying 'was taken back' bash broken/install.sh
check the-old-release-is-back points_to "$first"
check the-old-release-runs active
respin newer '# the next release'
check good-update-is-switched says ' runs' bash newer/install.sh
check good-update-is-current refuses points_to "$first"
check rollback says 'back to' bash bundle/install.sh --rollback
check rollback-switched points_to "$first"
check rollback-runs active
check two-releases-are-kept test "$(find /opt/edge-dms/releases -mindepth 1 -maxdepth 1 | wc -l)" = 2

# An update that was cut off between switch and proof, on a release that cannot start.
bash broken/install.sh --no-start
readlink /opt/edge-dms/previous >/opt/edge-dms/unproven
systemctl restart edge-dms.service
for _ in $(seq 240); do
  sleep 1
  points_to "$first" && [ "$(active)" = active ] && break
done
check cut-off-update-is-taken-back points_to "$first"
check cut-off-update-runs-again active

# A configuration that somebody spoilt by hand: no reboot can mend it.
cp -p /etc/edge-dms/edge-dms.yaml good.yaml && cp wrong.yaml /etc/edge-dms/edge-dms.yaml
systemctl restart edge-dms.service
for _ in $(seq 240); do
  sleep 1
  [ -e /var/lib/edge-dms-boot/safe-mode ] && break
done
check a-refused-configuration-ends-in-safe-mode grep -q refused /var/lib/edge-dms-boot/safe-mode
check safe-mode-does-not-reboot test ! -e /var/lib/edge-dms-boot/reboots
# The timer is armed right after the note of safe mode is written.
tries_again_later() {
  for _ in $(seq 20); do
    systemctl list-timers --all --no-legend 'run-*' | grep -q run- && return 0
    sleep 1
  done
  return 1
}
check safe-mode-tries-again-later tries_again_later
check doctor-tells-of-safe-mode says 'in safe mode' sh -c 'edge-dms doctor || true'
cp -p good.yaml /etc/edge-dms/edge-dms.yaml
check safe-mode-is-left /usr/lib/edge-dms/escalate --settled
check runs-after-safe-mode systemctl restart edge-dms.service

check uninstalls says 'stay' bash bundle/install.sh --uninstall
check nothing-is-left sh -c '! ls -d /opt/edge-dms /etc/systemd/system/edge-dms* /usr/lib/edge-dms /usr/local/bin/edge-dms /etc/udev/rules.d/60-edge-dms.rules /usr/share/doc/edge-dms /usr/share/bash-completion/completions/edge-dms'
check config.txt-is-as-before test "$(cat /boot/firmware/config.txt)" = arm_64bit=1
check configuration-stays test -e /etc/edge-dms/edge-dms.yaml
check package-installs dpkg -i /bundles/*.deb
check package-runs active
check package-goes dpkg -r edge-dms
check package-leaves-the-configuration test -e /etc/edge-dms/edge-dms.yaml
check package-purges dpkg -P edge-dms
check purge-leaves-nothing sh -c '! ls -d /etc/edge-dms /var/lib/edge-dms'
echo 'done' >>/results/checks
