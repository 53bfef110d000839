"""Settings put into a file: everything around them stays, and nothing else changes its meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.load import ConfigError, load_text
from edge.config.put import with_settings

SAMPLES = sorted((Path(__file__).parents[3] / "firmware_config").glob("*.yaml"))
ZONES = [
    {"name": "left_mirror", "yaw_deg": 40.5, "pitch_deg": -6.0, "half_width_deg": 8.0, "half_height_deg": 8.0},
    {"name": "cluster", "yaw_deg": 0.0, "pitch_deg": -18.0, "half_width_deg": 8.0, "half_height_deg": 9.5},
]
SETTINGS = {"camera.neutral_yaw_deg": 12.5, "camera.neutral_pitch_deg": -3.0, "rules.zones": ZONES}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a remark\n",
        "camera:\n",
        "camera:   # to be filled in\nexpression: {enabled: false}\n",
        "camera: {}\n",
        "camera: {fps: 25}\nrules: {closure: {microsleep_s: 1.2}}\n",
        "camera:\n  fps: 25",
        "camera:\n    fps: 25  # as the lens\n    neutral_yaw_deg: 3   # old\n\n# the end\n",
        "rules:\n  zones:\n  - name: old\n    yaw_deg: 4\n    pitch_deg: 2\n  # behind it\n  perclos: {}\n",
        "rules:\n  zones: []\n",
        'rules:\n  "zones":\n    - {name: old, yaw_deg: 1, pitch_deg: 1}\ncamera:\n  fps: 30\n',
        "{camera: {fps: 25}, expression: {enabled: false}}\n",
        "version: 1\ncamera: {driver_side: right}\n",
        *(sample.read_text() for sample in SAMPLES),
    ],
)
def test_what_was_asked_for_changes_and_nothing_else(text: str) -> None:
    new = with_settings(text, SETTINGS)
    config = load_text(new)
    assert config.camera.neutral_yaw_deg == 12.5
    assert [zone.name for zone in config.rules.zones] == ["left_mirror", "cluster"]
    for line in text.splitlines():
        remark = line.partition("#")[2].strip()
        assert remark in new
    assert with_settings(new, SETTINGS) == new, "put twice is put once"


def test_a_file_reads_as_somebody_would_write_it() -> None:
    text = "# mine\ncamera:\n  fps: 25        # slow\n  neutral_yaw_deg: 3   # old\nmqtt:\n  fleet: north\n"
    assert with_settings(text, SETTINGS) == (
        "# mine\ncamera:\n  fps: 25        # slow\n  neutral_yaw_deg: 12.5   # old\n  neutral_pitch_deg: -3\n"
        "mqtt:\n  fleet: north\n"
        "rules:\n  zones:\n"
        "    - {name: left_mirror, yaw_deg: 40.5, pitch_deg: -6, half_width_deg: 8, half_height_deg: 8}\n"
        "    - {name: cluster, yaw_deg: 0, pitch_deg: -18, half_width_deg: 8, half_height_deg: 9.5}\n"
    )


def test_a_file_that_is_refused_is_not_touched() -> None:
    with pytest.raises(ConfigError):
        with_settings("camera: {fpx: 3}\n", SETTINGS)


def test_a_value_that_is_refused_is_not_put() -> None:
    with pytest.raises(Exception, match="would be refused"):
        with_settings("camera: {fps: 25}\n", {"camera.neutral_yaw_deg": 99.0})
