# shellcheck shell=bash
# What the scenarios in a clean Debian share: each check writes "ok NAME" or "FAIL NAME" with what was said to /results.

check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "ok $name" >>/results/checks
  else
    printf 'FAIL %s\n%s\n' "$name" "$said" >>/results/checks
  fi
  printf '== %s\n%s\n' "$name" "$said" >>/results/log
}
refuses() { ! "$@"; }
says() {
  local text=$1 said status=0
  shift
  said=$("$@" 2>&1) || status=$?
  printf '%s\n' "$said"
  grep -qF -- "$text" <<<"$said" && return $status
  echo "(does not say: $text)"
  return 99
}
refuses_saying() {
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then
    printf '%s\n(did not refuse)\n' "$said"
    return 1
  fi
  printf '%s\n' "$said"
  grep -qF -- "$text" <<<"$said"
}
main_pid() { systemctl show -p MainPID --value edge-dms.service; }
active() { systemctl is-active edge-dms.service; }

wait_until() { # wait_until SECONDS COMMAND...
  local left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 1
  done
}
is_active() { [ "$(active)" = active ]; }

# figure ROW NAME VALUE UNIT: for the test outside, which knows the bounds.
figure() { printf '%s\t' "$@" >>/results/figures; echo >>/results/figures; }
monotonic() { python3 -c 'import time; print(time.monotonic())'; }
