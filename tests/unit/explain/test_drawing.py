from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
import pytest

from edge.explain.account import Account, Entry
from edge.explain.drawing import WIDTH, draw
from edge.explain.judge import judge
from edge.types import EvidenceStrip
from tests.support.explained import ACCOUNT

SVG = "{http://www.w3.org/2000/svg}"
STRIP = EvidenceStrip(
    start_ns=0,
    rate_hz=10.0,
    openness=(None,) * 100 + (1.0,) * 400 + (0.02,) * 15 + (None,) * 5 + (1.0,) * 80,
    yaw_deg=(0.0,) * 600,
    pitch_deg=(None,) * 600,
    anger_frame=(0.2,) * 600,
)


def drawn(**changes: object) -> ET.Element:
    account: Account = msgspec.structs.replace(ACCOUNT, **changes)
    text = draw(account, judge(account))
    assert text == draw(account, judge(account))
    return ET.fromstring(text)  # noqa: S314 - made here


def rectangles(root: ET.Element, style: str) -> list[tuple[float, float]]:
    """Left and right end of the rectangles of a style."""
    return [
        (float(one.get("x", 0)), float(one.get("x", 0)) + float(one.get("width", 0)))
        for one in root.iter(f"{SVG}rect")
        if one.get("class") == style
    ]


def texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def test_the_value_passes_the_mark_of_the_threshold_when_it_holds() -> None:
    root = drawn()
    marks = [float(one.get("x1", 0)) for one in root.iter(f"{SVG}line") if one.get("class") == "limit"]
    bars = rectangles(root, "bar")
    assert len(bars) == len(marks) == 2
    assert all(mark <= right for mark, (_, right) in zip(marks, bars, strict=True))
    assert texts(root).count("✓") == 2


def test_the_budget_of_audible_alerts_is_drawn_only_where_it_is_wrong() -> None:
    budget = Entry("alert_budget", 2.0, 1.0, relation=">")
    right = drawn(evidence=(*ACCOUNT.evidence, budget), decision_state=ACCOUNT.decision_state | {"audible_alerts": 2})
    wrong = drawn(evidence=(*ACCOUNT.evidence, budget), decision_state=ACCOUNT.decision_state | {"audible_alerts": 1})
    assert (len(rectangles(right, "bar")), len(rectangles(wrong, "bar"))) == (2, 3)


def test_what_was_not_seen_is_grey_and_breaks_the_line() -> None:
    root = drawn(evidence_strip=STRIP, decision_state=ACCOUNT.decision_state | {"decided_ns": 51_500_000_000})
    assert len(rectangles(root, "unseen")) == 2
    eyes = [one for one in root.iter(f"{SVG}polyline") if "first" in one.get("class", "")]
    assert len(eyes) == 3, "two stretches of the eyes, one of the head"
    (start, end), _ = rectangles(root, "window")
    moments = {float(one.get("x1", 0)) for one in root.iter(f"{SVG}line") if one.get("class") == "moment"}
    assert moments == {end}
    assert start < end


def test_the_face_is_drawn_only_where_it_was_the_cause() -> None:
    assert not any("anger" in text for text in texts(drawn(evidence_strip=STRIP)))
    told = texts(drawn(evidence_strip=STRIP, kind="displayed_anger"))
    assert any("Displayed anger, a frame" in text for text in told)
    assert any("not the emotion" in text for text in told)


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": ()},
        {"evidence": tuple(Entry(f"x{number}", float(number), 1e12, relation="<") for number in range(20))},
        {"evidence": (Entry("eyes_closed_s", None, None),)},
        {"evidence": (Entry("<script>&", -5.0, -1.0),), "source": "dms/1/<b>/&"},
        {"evidence_strip": EvidenceStrip(start_ns=0, rate_hz=10.0)},
        {"evidence_strip": msgspec.structs.replace(STRIP, rate_hz=0.0)},
        {"evidence_strip": msgspec.structs.replace(STRIP, yaw_deg=(1e9,) * 3, start_ns=-(10**18))},
        {"peak": -3},
    ],
)
def test_strange_alerts_are_drawn_within_the_page(changes: dict[str, object]) -> None:
    root = drawn(**changes)
    height = float(root.get("height", 0))
    for one in root.iter(f"{SVG}text"):
        assert 0 <= float(one.get("x", -1)) <= WIDTH
        assert 0 <= float(one.get("y", -1)) <= height
    for style in ("bar", "window", "unseen"):
        assert all(0 <= left <= right <= WIDTH for left, right in rectangles(root, style))
