"""The report: complete, readable YAML, and not a pixel in it."""

from __future__ import annotations

import yaml

from edge.aim.limits import LIMITS
from edge.aim.report import HEAD, When, report_of, report_text
from edge.config.schema import Camera, Mqtt
from tests.support.installation import Player


def made() -> dict[str, object]:
    player = Player(Camera(fov_deg=60.0, source="v4l2", device="/dev/video0"))
    player.to("result")
    return report_of(
        player.session,
        when=When("2026-11-26T10:28:00.000Z", synced=True),
        software="1.2.3",
        mqtt=Mqtt(fleet="north", vehicle="bus-7"),
        picture=(640, 480),
        configuration={"file": None, "written": False, "settings": player.session.settings()},
    )


def test_it_says_when_what_with_which_limits_and_whether_it_passes() -> None:
    report = yaml.safe_load(report_text(made()))
    assert report["passed"] is True
    assert report["made_at"] == "2026-11-26T10:28:00.000Z"
    assert report["software"] == "edge-dms 1.2.3"
    assert report["vehicle"]["name"] == "bus-7"
    assert report["camera"]["device"] == "/dev/video0"
    assert report["camera"]["picture"] == "640x480"
    measures = {line["name"]: line for line in report["measures"]}
    assert set(LIMITS) - {"glare"} <= set(measures)
    assert measures["distance"]["value"] == 80.0
    assert measures["distance"]["unit"] == "cm"
    assert measures["distance"]["limits"]["good"] == [60, 120]
    assert measures["distance"]["limits"]["source"].startswith("S: ")
    assert measures["left_mirror"]["limits"]["usable"] == [4, 80]
    assert measures["cluster"]["value"] == -18.0
    assert all({"light", "sentence"} <= set(line) for line in report["measures"])
    assert [zone["name"] for zone in report["zones"]] == ["left_mirror", "right_mirror", "inner_mirror", "cluster"]
    assert report["zones"][0]["how"] == "looked"
    assert report["look_ahead"] == {"yaw_deg": 12.0, "pitch_deg": 5.0}


def test_it_reads_back_as_it_was_and_is_small() -> None:
    text = report_text(made())
    assert text.startswith(HEAD)
    assert yaml.safe_load(text)["configuration"]["settings"]["camera.neutral_yaw_deg"] == 12.0
    assert len(text) < 10_000
