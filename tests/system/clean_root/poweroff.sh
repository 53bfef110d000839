#!/usr/bin/env bash
# In a clean Debian with a real systemd: the board goes off on a fresh wish, and not because of one that was left behind.
set -euo pipefail
trap 'echo "failed in line $LINENO" >>/results/log' ERR
cp /bundles/edge-dms-poweroff.path /bundles/edge-dms-poweroff.service /etc/systemd/system/
mkdir -p /var/lib/edge-dms
echo 'of an earlier drive' >/var/lib/edge-dms/poweroff
systemctl daemon-reload
systemctl start edge-dms-poweroff.path
sleep 2
systemctl is-active edge-dms-poweroff.path >>/results/log
[ -e /var/lib/edge-dms/poweroff ] && echo 'a stale wish is left alone' >>/results/log
rm /var/lib/edge-dms/poweroff
sleep 2
echo 'its removal is none' >>/results/log
echo 'the ignition is off' >/var/lib/edge-dms/poweroff.new
mv /var/lib/edge-dms/poweroff.new /var/lib/edge-dms/poweroff
sleep 30
echo 'still on' >>/results/log
