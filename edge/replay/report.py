"""The drive report: one HTML file that needs nothing else, neither a network nor a server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge import __version__
from edge.decision.engine import DecisionEngine
from edge.replay.learnt import baseline_parts
from edge.replay.play import END_REASON, play
from edge.replay.series import SeriesCollector
from edge.replay.stream import read_decisions, read_members
from edge.replay.summary import Summary
from edge.types import EXPRESSIONS

if TYPE_CHECKING:
    from edge.config.schema import Config

MAX_BYTES: Final = 700_000
"""Upper bound of a report, held by a test."""
MAX_EVENTS: Final = 4000
"""More ticks than a wide screen has pixels tell nothing; the counts stay exact [D]."""
_PAGE: Final = Path(__file__).with_name("report_page.html")
_MARK: Final = "/*DATA*/"
_ADVICE: Final = "Advisory, not type-approved."
_DISPLAYED: Final = " Displayed expression, not emotion."
_HEAT: Final = {"title": "Displayed expression", "rows": list(EXPRESSIONS), "marked": ["anger", "disgust"]}
"""Without the expression network no word of it is on the page."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """What a report shows."""

    summary: dict[str, Any]
    """The document of `edge.replay.summary`."""
    grids: dict[str, Any]
    """The lines, from `SeriesCollector.grids`."""
    config: Config
    neutral_yaw_deg: float = 0.0
    software: str = f"edge-dms {__version__}"


def write_report(path: Path, data: ReportData) -> None:
    """Write the report; the same data give the same bytes. Raises `OSError`."""
    path.write_text(render(data), encoding="utf-8")


def render(data: ReportData) -> str:
    """Return the page with its data inlined."""
    content = json.dumps(_content(data), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    # `<` could end the script element that holds the data.
    return _PAGE.read_text(encoding="utf-8").replace(_MARK, content.replace("<", "\\u003c"))


def report_from_files(
    stream: Path, decisions: Path | None, out: Path, *, config: Config, title: str | None = None
) -> ReportData:
    """Make the report of a recorded drive from its two files, for instance those of the daemon.

    The lines of the indicators are replayed from the stream; events and alerts are those that were really decided, or
    the replayed ones without a file of decisions. Raises `StreamError` and `OSError`.
    """
    camera = config.camera
    engine = DecisionEngine(
        config.rules,
        neutral_yaw_deg=camera.neutral_yaw_deg,
        neutral_pitch_deg=camera.neutral_pitch_deg,
        expression_enabled=config.expression.enabled,
        privacy_after_s=config.vehicle.privacy_after_s,
    )
    replayed = Summary(open_end_reason=END_REASON)
    collector = SeriesCollector(engine, expression=config.expression.enabled)
    play(read_members(stream), engine, [replayed, collector])
    if decisions is not None:
        replayed.forget_decisions()
        for decision in read_decisions(decisions):
            replayed.on_decision(decision)
    document = replayed.document(
        input_name=title or stream.name,
        baseline=engine.state().baseline,
        expression=config.expression.enabled,
        timing={},
    )
    document["baseline_parts"] = baseline_parts(engine, replayed.start_ns)
    data = ReportData(document, collector.grids(), config, neutral_yaw_deg=camera.neutral_yaw_deg)
    write_report(out, data)
    return data


def _content(data: ReportData) -> dict[str, Any]:
    summary, rules = data.summary, data.config.rules
    return {
        "input": Path(summary["input"]).name or summary["input"],
        "duration_s": summary["duration_s"],
        "frames": summary["frames"],
        "face_fraction": summary["face_fraction"],
        "baseline": summary["baseline"],
        "baseline_parts": summary.get("baseline_parts", {}),
        "profile": data.config.profile,
        "counts": summary["counts"],
        "events": _thinned(summary["events"]),
        "alerts": summary["alerts"],
        "health": summary["health"],
        "heat": _HEAT if data.config.expression.enabled else None,
        "advice": _ADVICE + (_DISPLAYED if data.config.expression.enabled else ""),
        "grids": data.grids,
        "marks": {
            "closed_below": rules.openness.closed_below,
            "perclos": [[rules.perclos.notice_ratio, "L1"], [rules.perclos.urgent60_ratio, "L3"]],
            "fatigue": [[rules.fatigue.notice_level, "L1"], [rules.fatigue.urgent_level, "L3"]],
            "neutral_yaw": data.neutral_yaw_deg,
            "yawn_floor": rules.yawn.floor_ratio,
        },
        "footer": _footer(data),
    }


def _footer(data: ReportData) -> str:
    return (
        f"{data.software}, rules {data.config.profile}, neutral yaw {data.neutral_yaw_deg:g}°. Each line shows the "
        "lowest and the highest value of its moment; a gap means not seen. PERCLOS has no value before half of its "
        f"window was valid. {_ADVICE}"
    )


def _thinned(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop blinks, evenly, beyond the limit; everything rarer stays."""
    surplus = len(events) - MAX_EVENTS
    if surplus <= 0:
        return events
    blinks = sum(event["type"] == "blink" for event in events)
    keep_every = max(2, -(-blinks // max(MAX_EVENTS - (len(events) - blinks), 1)))
    kept, seen = [], 0
    for event in events:
        if event["type"] == "blink":
            seen += 1
            if seen % keep_every:
                continue
        kept.append(event)
    return kept
