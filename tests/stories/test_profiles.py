"""Each profile proved by its own vectors; and the weakest rules that the safety floors allow still wake a sleeper."""

from __future__ import annotations

import msgspec
import pytest

from edge.config import profiles
from edge.config.consistency import rule_contradictions
from edge.config.floors import floors_of
from edge.config.rules import Rules
from tests.stories.builder import Drive, Told, drowsy

NAMES = profiles.names()
LADDER = ("eyes_closed", "microsleep", "sleep", "unresponsive")


def under(name: str) -> Rules:
    return profiles.load(name).rules


def warned_after_s(drive: Drive, rules: Rules, looked_away_s: float) -> float | None:
    """When a warning about looking away came, seconds after the look began; None without one."""
    starts = [story.start_s for story in drive.judge(rules).alerts("distraction") if story.level >= 2]
    return starts[0] - looked_away_s if starts else None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length_s", [0.4, 0.9, 1.4, 1.6, 2.9, 3.1, 5.9, 6.1])
def test_closed_eyes_are_judged_alike_under_every_profile(name: str, length_s: float) -> None:
    told = Drive(fps=15).at_speed(80.0).ahead(3).closed(length_s).ahead(5).judge(under(name))
    steps = ((1.0, "eyes_closed"), (1.5, "microsleep"), (3.0, "sleep"), (6.0, "unresponsive"))
    expected = [(kind, pytest.approx(3 + after_s, abs=0.2)) for after_s, kind in steps if length_s > after_s]
    assert [(story.kind, story.start_s) for story in told.alerts(*LADDER)] == expected


@pytest.mark.parametrize(
    ("name", "speed_kmh", "after_s"),
    [
        ("euro-ncap-2026", 80.0, 3.0),
        ("euro-ncap-2026", 30.0, 3.0),
        ("euro-ncap-2026", None, 3.0),
        ("euro-ncap-2026", 15.0, None),
        ("eu-addw", 80.0, 3.5),
        ("eu-addw", 51.0, 3.5),
        ("eu-addw", 49.0, 6.0),
        ("eu-addw", 21.0, 6.0),
        ("eu-addw", None, 6.0),
        ("eu-addw", 19.0, None),
        ("us-ddws", 80.0, 3.0),
        ("quiet", 80.0, 4.0),
        ("quiet", 30.0, 6.0),
    ],
)
@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_looking_away_warns_when_the_profile_says(
    name: str, speed_kmh: float | None, after_s: float | None, fps: float
) -> None:
    drive = Drive(fps=fps).at_speed(speed_kmh).ahead(3).aside(8).ahead(3)
    found = warned_after_s(drive, under(name), 3.0)
    assert found is None if after_s is None else found == pytest.approx(after_s, abs=0.2)


@pytest.mark.parametrize("name", ["eu-addw", "quiet"])
def test_a_look_that_ends_before_the_limit_of_the_profile_is_no_warning(name: str) -> None:
    rules = under(name)
    for speed_kmh, limit_s in ((80.0, rules.distraction.warning_s), (30.0, rules.distraction.slow_warning_s)):
        drive = Drive(fps=15).at_speed(speed_kmh).ahead(3).aside(limit_s - 0.2).ahead(3)
        assert warned_after_s(drive, rules, 3.0) is None


def fatigue(name: str, share: float, *, speed_kmh: float = 80.0) -> int:
    """Level of the fatigue alert after three minutes at this PERCLOS, in closures so short that nothing else speaks."""
    told: Told = drowsy(Drive(fps=15).at_speed(speed_kmh), 200, share, 0.3).judge(under(name))
    return max((story.level for story in told.alerts("fatigue")), default=0)


def test_us_ddws_warns_at_12_percent_over_three_minutes() -> None:
    def bout(name: str) -> int:
        drive = drowsy(drowsy(Drive(fps=15).at_speed(80.0), 130, 0.07, 0.3), 58, 0.19, 0.3)
        told = drive.judge(under(name))
        assert told.reading("perclos60") > 0.15
        assert 0.10 < told.reading("perclos180") < 0.12
        level = told.reading("fatigue_level")
        assert level is not None
        return max((story.level for story in told.alerts("fatigue")), default=0)

    assert bout("euro-ncap-2026") == 2
    assert bout("us-ddws") == 1
    assert fatigue("us-ddws", 0.20) == 2


def test_us_ddws_is_active_from_30_miles_an_hour() -> None:
    assert fatigue("us-ddws", 0.12, speed_kmh=48.5) >= 1
    assert fatigue("euro-ncap-2026", 0.12, speed_kmh=48.5) == 0


def test_quiet_tells_later_of_drowsiness_but_does_tell() -> None:
    assert fatigue("euro-ncap-2026", 0.09) == 1
    assert fatigue("quiet", 0.09) == 0
    assert fatigue("quiet", 0.20) == 2
    assert fatigue("quiet", 0.40) == 3


def weakest() -> Rules:
    """Every threshold at its safety floor at once."""
    values = msgspec.to_builtins(Rules())
    for path, floor in floors_of(Rules).items():
        section, _, name = path.partition(".")
        values[section][name] = floor.bound
    return msgspec.convert(values, Rules)


def test_the_weakest_rules_are_allowed_as_a_whole() -> None:
    assert [one.message for one in rule_contradictions(weakest())] == []


@pytest.mark.parametrize("camera", [{"fps": 10.0}, {"fps": 30.0, "jitter": 0.3, "seed": 4}])
def test_the_weakest_rules_still_wake_a_sleeper(camera: dict[str, float]) -> None:
    told = Drive(**camera).at_speed(80.0).ahead(3).closed(8).ahead(5).judge(weakest())
    starts = {story.kind: story.start_s - 3 for story in told.alerts(*LADDER)}
    assert starts["microsleep"] <= 2.0 + 0.2
    assert starts["sleep"] <= 3.0 + 0.2
    assert starts["unresponsive"] <= 6.0 + 0.2


def test_the_weakest_rules_still_see_who_looks_away_nods_off_or_is_gone() -> None:
    rules = weakest()
    assert warned_after_s(Drive(fps=15).at_speed(80.0).ahead(3).aside(8).ahead(3), rules, 3.0) <= 4.0 + 0.2
    told = drowsy(Drive(fps=15).at_speed(80.0), 200, 0.40).judge(rules)
    assert max(story.level for story in told.alerts("fatigue")) == 3
    (story,) = Drive(fps=15).at_speed(80.0).ahead(3).no_face(12).ahead(3).judge(rules).alerts("driver_absent")
    assert story.level == 2
