#!/usr/bin/env bash
# Runs inside a clean Debian with a real systemd: the shipped unit from its start to safe mode, over four boots.
# /bundles holds the archive, the film and the accelerator's library; the figures go to /results/figures.
set -u
export EDGE_DMS_SETTLE_S=3 HOME=/root
exec 2>&1
cd /root || exit 1
# shellcheck source=tests/system/clean_root/checks.sh
. /checks.sh

health() { mosquitto_sub -h 127.0.0.1 -u fleet -P fleet-secret -t 'dms/1/test/van-1/health' -C 1 -W 60; }
nice_health() { health | grep -q '"camera":"ok"'; }
restarts() { systemctl show -p NRestarts --value edge-dms.service; }
# Before everybody else on this machine, as on a board that has nothing else to do: systemd, and what it starts.
first_in_line() { chrt --rr -p 1 1; }
back_in_line() {
  chrt --other -p 0 1
  chrt --all-tasks --other -p 0 "$(main_pid)"
}
restarted_since() { [ "$(restarts)" -gt "$1" ] && is_active; }
# What happened between a moment and the daemon's return: seconds to the watchdog's timeout, from there to READY=1.
watchdog_times() {
  journalctl -u edge-dms.service -o json --no-pager | python3 -c '
import json, subprocess, sys
begun = float(sys.argv[1])
lines = [json.loads(line) for line in sys.stdin]
acted = [int(e["__MONOTONIC_TIMESTAMP"]) / 1e6 for e in lines if "Watchdog timeout" in str(e.get("MESSAGE"))][-1]
show = ["systemctl", "show", "-p", "ActiveEnterTimestampMonotonic", "--value", "edge-dms.service"]
ready = int(subprocess.run(show, capture_output=True, text=True, check=True).stdout) / 1e6
print(f"{acted - begun:.2f} {ready - acted:.2f}")' "$1"
}
after_hang() { # after_hang WHAT MOMENT
  local times
  times=$(watchdog_times "$2")
  figure real_systemd "hang to the watchdog's end of it, $1" "${times% *}" s
  figure real_systemd "from there to watching again, $1" "${times#* }" s
}

boots=$(cat boots 2>/dev/null || echo 0)
echo $((boots + 1)) >boots

install_and_watch() {
  tar -xzf /bundles/*.tar.gz && mv edge-dms-* bundle
  install -m 644 /bundles/drive.mp4 /srv/drive.mp4
  cat >config.yaml <<'YAML'
version: 2
camera: {source: files, path: /srv/drive.mp4, loop: true}
vehicle: {source: fixed, speed_kmh: 80}
mqtt:
  host: 127.0.0.1
  fleet: test
  vehicle: van-1
  username: van-1
  password_file: /run/credentials/edge-dms.service/edge-dms_mqtt-password
outbox: {health_s: 1}
YAML
  printf 'listener 1883 127.0.0.1\nallow_anonymous false\npassword_file /etc/mosquitto/passwords\n' \
    >/etc/mosquitto/conf.d/test.conf
  touch /etc/mosquitto/passwords
  mosquitto_passwd -b /etc/mosquitto/passwords van-1 canary-of-the-van
  mosquitto_passwd -b /etc/mosquitto/passwords fleet fleet-secret
  chown mosquitto /etc/mosquitto/passwords
  check broker-starts systemctl restart mosquitto.service

  mkdir -p /etc/edge-dms/credentials && chmod 700 /etc/edge-dms/credentials
  printf 'canary-of-the-van' >/etc/edge-dms/credentials/mqtt-password
  check installs says ' runs' bash bundle/install.sh --config config.yaml --no-apt
  check broker-knows-it-by-its-credential wait_until 60 nice_health
  check credential-is-for-nobody-else refuses runuser -u nobody -- \
    cat /run/credentials/edge-dms.service/edge-dms_mqtt-password
  check credential-is-not-shown refuses grep -rqa canary-of-the-van \
    <(systemctl show edge-dms.service; journalctl -u edge-dms.service; cat "/proc/$(main_pid)/environ")

  said=$(systemd-analyze verify --man=no /etc/systemd/system/edge-dms*.{service,timer,path} 2>&1 >/dev/null)
  printf '%s\n' "$said" >>/results/log
  figure unit_file "lines that systemd $(systemctl --version | awk 'NR == 1 {print $2}') has to say of the units" \
    "$(printf '%s' "$said" | grep -c .)" ''
  figure unit_file "exposure of the running unit" \
    "$(systemd-analyze security --no-pager edge-dms.service | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')" 'of 10'
}

start_to_ready() {
  systemctl stop edge-dms.service
  local begun
  first_in_line
  begun=$(monotonic)
  check starts systemctl start edge-dms.service # Type=notify: comes back with READY=1
  figure real_systemd "start to READY=1" "$(python3 -c "import time; print(round(time.monotonic() - $begun, 2))")" s
  back_in_line
}

every_write() {
  strace -f -y -qq -s 512 -e trace=execve,clone,clone3,fork,vfork,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,truncate,mknod,mknodat \
    -o /results/trace -p 1 &
  local tracer=$!
  sleep 2
  check starts-under-observation systemctl restart edge-dms.service
  check works-under-observation wait_until 60 nice_health
  sleep 25
  check reads-again-under-observation systemctl reload edge-dms.service
  sleep 3
  check stops-under-observation systemctl stop edge-dms.service
  kill "$tracer"
  wait "$tracer"
  systemctl start edge-dms.service
}

reload() {
  local pid
  pid=$(main_pid)
  printf 'rules: {openness: {closed_below: 0.32}}\n' >>/etc/edge-dms/edge-dms.yaml
  check reload-is-asked systemctl reload edge-dms.service
  check reload-takes-a-threshold wait_until 20 sh -c 'journalctl -u edge-dms.service | grep -q "in force now: rules.openness.closed_below"'
  printf 'camera: {fps: 500}\n' >>/etc/edge-dms/edge-dms.yaml
  check reload-of-a-mistake-is-asked systemctl reload edge-dms.service
  check reload-refuses-a-mistake wait_until 20 sh -c 'systemctl show -p StatusText edge-dms.service | grep -q "the running one is kept"'
  check reload-keeps-the-process test "$(main_pid)" = "$pid"
  check reload-keeps-it-watching nice_health
  install -m 640 -g edge-dms config.yaml /etc/edge-dms/edge-dms.yaml
  systemctl reload edge-dms.service
}

hang() {
  local before begun
  before=$(restarts)
  first_in_line
  begun=$(monotonic)
  kill -STOP "$(main_pid)"
  check a-stopped-process-is-started-again wait_until 60 restarted_since "$before"
  back_in_line
  after_hang "the whole process stopped" "$begun"
}

hang_in_the_accelerator() {
  local networks
  networks=$(echo /opt/edge-dms/current/venv/lib/python3.*/site-packages/edge/_models)
  install -m 644 /bundles/libedgetpu.so.1 "/usr/lib/$(uname -m)-linux-gnu/"
  install -m 644 /bundles/*_edgetpu.tflite /bundles/manifest.json "$networks/"
  mkdir -p /etc/systemd/system/edge-dms.service.d
  printf '[Service]\nEnvironment=EDGE_DMS_ACCELERATOR=hangs@/srv/from-now-on\n' \
    >/etc/systemd/system/edge-dms.service.d/mood.conf
  systemctl daemon-reload
  check starts-on-the-accelerator systemctl restart edge-dms.service
  check uses-the-accelerator says edgetpu health
  local before begun
  before=$(restarts)
  first_in_line
  begun=$(monotonic)
  touch /srv/from-now-on
  check one-hung-thread-ends-it wait_until 120 restarted_since "$before"
  back_in_line
  after_hang "one thread hung in the accelerator" "$begun"
  check works-on-the-processor says delegate_degraded health
  check says-why says 'brought the process down' health
  rm -r /etc/systemd/system/edge-dms.service.d "$networks"/*_edgetpu.tflite /srv/from-now-on
  systemctl daemon-reload
  check runs-without-it systemctl restart edge-dms.service
}

memory() {
  local bytes
  bytes=$(systemctl show -p MemoryPeak --value edge-dms.service)
  case $bytes in
    '' | *[!0-9]*) ;; # no memory controller in this container
    *) figure real_systemd 'memory of the unit at its peak' "$((bytes / 1048576))" MiB ;;
  esac
}

crash_loop_begins() {
  # The host's uptime is the container's; a board's begins anew with each boot.
  echo '120.00 0.00' >/srv/uptime
  mkdir -p /etc/systemd/system/edge-dms-escalate.service.d
  printf '[Service]\nEnvironment=EDGE_DMS_UPTIME=/srv/uptime\n' >/etc/systemd/system/edge-dms-escalate.service.d/uptime.conf
  systemctl daemon-reload
  systemctl reset-failed edge-dms.service
  mv /srv/drive.mp4 /srv/gone.mp4
  monotonic >loop-began
  systemctl restart edge-dms.service || true
}

if [ "$boots" = 0 ]; then
  install_and_watch
  start_to_ready
  reload
  every_write
  hang
  memory
  hang_in_the_accelerator
  crash_loop_begins
fi
# Until the board boots again and this script with it, or stays up in safe mode.
if ! wait_until 240 test -e /var/lib/edge-dms-boot/safe-mode; then
  check ends-in-safe-mode false
  exit
fi
figure real_systemd 'reboots before safe mode' "$boots" ''
check ends-in-safe-mode grep -q '3 reboots within an hour did not help' /var/lib/edge-dms-boot/safe-mode
figure real_systemd 'crash loop to safe mode' "$(python3 -c "import time; print(round(time.monotonic() - $(cat loop-began)))")" s
figure real_systemd 'starts of each boot before systemd gives up' \
  "$(journalctl -b -u edge-dms.service -o cat | grep -c '^edge-dms.service: Main process exited')" ''
check safe-mode-tries-again-later sh -c 'systemctl list-timers --all --no-legend "run-*" | grep -q run-'
mv /srv/gone.mp4 /srv/drive.mp4
check safe-mode-is-left /usr/lib/edge-dms/escalate --settled
check runs-after-safe-mode systemctl restart edge-dms.service
check watches-after-safe-mode wait_until 60 nice_health
echo 'done' >>/results/checks
