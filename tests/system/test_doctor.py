"""`edge-dms doctor` as a technician runs it, on a machine where everything is missing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MISSING = """\
camera: {{source: v4l2, device: "97", ir: {{output: hardware_pwm, pwm_chip: 9}}}}
inference: {{delegate: edgetpu, models_dir: {folder}/nowhere}}
vehicle: {{source: can, can: {{bus: {{channel: can9}}, speed: {{id: "0x123", start_bit: 0, length: 16, scale: 0.01}}}}}}
mqtt: {{host: 127.0.0.1, port: {port}}}
cab: {{audio: {{device: "hw:97,0"}}}}
service: {{state_dir: {folder}/nowhere/state}}
"""
PROMISED_S = 10.0


def test_with_everything_missing_each_line_has_its_remedy_within_ten_seconds(tmp_path: Path) -> None:
    # A broker that takes the connection and never says a word is worse than none.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = tmp_path / "dms.yaml"
        config.write_text(MISSING.format(folder=tmp_path, port=silent.getsockname()[1]))
        begun_s = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "edge", "doctor", "--json", "--config", str(config)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        took_s = time.monotonic() - begun_s
    assert done.returncode == 2, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    wrong = {name for name, check in checks.items() if check["status"] == "fail"}
    assert {"camera", "frames", "accelerator", "broker", "vehicle_bus"} <= wrong, checks
    assert checks["models"]["status"] in {"warn", "fail"}, "the networks are not where they were said to be"
    assert all(check["remedy"] for check in checks.values() if check["status"] != "ok")
    assert took_s < PROMISED_S, "what is promised to whoever waits in front of it"
