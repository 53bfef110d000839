"""The report: one file, no network, bounded, faithful, and silent about what is switched off."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from edge.config.load import load_text
from edge.config.schema import Config
from edge.replay.record import LineWriter
from edge.replay.report import MAX_BYTES, MAX_EVENTS, ReportData, render, report_from_files, write_report
from edge.replay.series import SeriesCollector
from edge.replay.summary import Summary
from edge.types import EXPRESSIONS, AlertChange, Event, Evidence, FaceObservation, Indicators, Reading

if TYPE_CHECKING:
    from pathlib import Path

S = 1_000_000_000


class Source:
    def indicators(self) -> Indicators:
        return Indicators(t_ns=0, readings={"perclos60": Reading(value=0.1), "perclos180": Reading(value=0.1)})


def report_data(frames: int = 300, name: str = "drive.mp4", config: Config | None = None) -> ReportData:
    config = config or Config()
    collector = SeriesCollector(Source(), expression=config.expression.enabled)
    summary = Summary(open_end_reason="shutdown")
    for i in range(frames):
        open_ratio = (i * 7919 % 100) / 100
        member = FaceObservation(
            t_ns=i * S // 30,
            face=1.0,
            eye_openness_left=open_ratio,
            yaw_deg=open_ratio * 90 - 45,
            pitch_deg=open_ratio * 60 - 30,
            mouth_ratio=open_ratio,
            expression=dict.fromkeys(EXPRESSIONS, 1 / 7) if config.expression.enabled else None,
        )
        collector.on_member(member)
        summary.on_member(member)
    summary.on_decision(Event(t_ns=2 * S, name="blink", start_ns=S, end_ns=S + S // 5))
    summary.on_decision(
        AlertChange(
            t_ns=2 * S,
            key="sleep-1",
            phase="opened",
            kind="sleep",
            level=4,
            peak_level=4,
            started_ns=S,
            evidence=(Evidence(name="eyes_closed_s", value=3.0, threshold=3.0),),
        )
    )
    document = summary.document(input_name=name, baseline="population", expression=config.expression.enabled, timing={})
    return ReportData(document, collector.grids(), config)


def content(page: str) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    loaded: dict[str, Any] = json.loads(match[1])
    return loaded


def test_the_page_holds_its_data_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    write_report(tmp_path / "r.html", report_data())
    page = (tmp_path / "r.html").read_text()
    data = content(page)
    assert data["input"] == "drive.mp4"
    assert data["alerts"][0]["kind"] == "sleep"
    assert data["events"] == [{"type": "blink", "start_s": 1.0, "end_s": 1.2}]
    assert len(data["grids"]["fast"]["lines"]["openness"]["lo"]) == 300
    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?:|fetch\(|XMLHttp""", page)
    assert "not type-approved" in page


def test_the_same_data_give_the_same_bytes() -> None:
    assert render(report_data()) == render(report_data())


def test_a_long_drive_stays_below_the_bound() -> None:
    page = render(report_data(frames=27_000))
    assert len(page.encode()) < MAX_BYTES


def test_a_hostile_name_stays_text() -> None:
    page = render(report_data(name="</script><script>alert(1)</script>"))
    assert "<script>alert" not in page
    assert content(page)["input"] == "script>"


def test_switched_off_means_no_word_of_it() -> None:
    page = render(report_data(config=load_text("expression: {enabled: false}")))
    assert not re.search("expression|anger|valence|emotion", page, re.IGNORECASE)
    assert "Displayed expression, not emotion" in render(report_data())


def test_a_day_of_blinks_is_thinned_and_rare_events_stay() -> None:
    data = report_data()
    blinks = [{"type": "blink", "start_s": float(i), "end_s": i + 0.2} for i in range(20_000)]
    yawns = [{"type": "yawn", "start_s": float(i), "end_s": i + 2.0} for i in range(50)]
    data.summary["events"] = [*blinks, *yawns]
    events = content(render(data))["events"]
    assert len(events) <= MAX_EVENTS
    assert sum(event["type"] == "yawn" for event in events) == 50


def test_a_report_from_the_daemons_files_shows_what_it_decided(tmp_path: Path) -> None:
    stream, decisions, out = tmp_path / "s.jsonl", tmp_path / "d.jsonl", tmp_path / "r.html"
    with stream.open("wb") as file:
        for i in range(90):
            LineWriter(file).write(FaceObservation(t_ns=S + i * S // 30, face=1.0, eye_openness_left=1.0))
    with decisions.open("wb") as file:
        LineWriter(file).write(Event(t_ns=3 * S, name="yawn", start_ns=2 * S, end_ns=3 * S))
    report_from_files(stream, decisions, out, config=Config(), title="a drive")
    data = content(out.read_text())
    assert data["input"] == "a drive"
    assert data["events"] == [{"type": "yawn", "start_s": 1.0, "end_s": 2.0}]
    assert data["counts"]["yawns"] == 1
    assert data["frames"] == 90
