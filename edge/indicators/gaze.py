"""Looking away from the road: `off_road_s`, `vats_s`, `attention_buffer`.

- View: with a gaze, off road is outside the ellipse of +-22 x 14 degrees; with the head alone, yaw beyond 23 degrees or
  pitch below -18 degrees, all from the neutral pose. A view off road that falls into a mirror or cluster zone is a zone
  view. [S openpilot, Euro NCAP]
- `off_road_s`: continuous time off road, seconds; the first second of a zone view is free; less than 0.3 s on road
  neither counts nor resets it (while an alert is open: less than 1 s).
- `vats_s`: off-road time of the last 30 s, reset by 2 s on road. [S Euro NCAP]
- `attention_buffer`: AttenD, 0 to 2 s: falls by 1/s off road, rises by 1/s on road after 0.1 s. [S]

Unseen time, and time in which closed eyes are the cause at hand, freezes all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from edge.indicators.window import NS_PER_S, TimeWindow, ns

if TYPE_CHECKING:
    from edge.config.rules import Distraction as DistractionRules
    from edge.config.rules import Rules
    from edge.indicators.sample import Sample

View = Literal["road", "zone", "off"]
UNSEEN_END_NS: Final = 2 * NS_PER_S
"""A look aside that is lost from sight for longer has ended where it was last seen [D]."""


def view_of(sample: Sample, neutral_yaw_deg: float, neutral_pitch_deg: float, rules: Rules) -> View | None:
    """Where one sample looks; None when neither gaze nor pose was seen."""
    limits = rules.distraction
    yaw, pitch = sample.gaze_yaw_deg, sample.gaze_pitch_deg
    if yaw is not None and pitch is not None:
        yaw -= neutral_yaw_deg
        pitch -= neutral_pitch_deg
        if (yaw / limits.gaze_yaw_deg) ** 2 + (pitch / limits.gaze_pitch_deg) ** 2 <= 1.0:
            return "road"
    else:
        yaw, pitch = sample.yaw_deg, sample.pitch_deg
        if yaw is None and pitch is None:
            return None
        yaw = 0.0 if yaw is None else yaw - neutral_yaw_deg
        pitch = 0.0 if pitch is None else pitch - neutral_pitch_deg
        if abs(yaw) <= limits.yaw_deg and pitch >= limits.pitch_down_deg:
            return "road"
    for zone in rules.zones:
        if abs(yaw - zone.yaw_deg) <= zone.half_width_deg and abs(pitch - zone.pitch_deg) <= zone.half_height_deg:
            return "zone"
    return "off"


class GazeTracker:
    """The running look aside and the windows over looks aside."""

    __slots__ = (
        "_buffer_latency_ns",
        "_clear_ns",
        "_flicker_ns",
        "_free_ns",
        "_glance_end_ns",
        "_glance_ns",
        "_glance_start_ns",
        "_look_away_ns",
        "_off_road",
        "_seen",
        "_unseen_ns",
        "_vats_reset_ns",
        "_zone_ns",
        "alerting",
        "away_ns",
        "buffer_max_ns",
        "buffer_ns",
        "counted_ns",
        "empty_ns",
        "on_road_ns",
        "on_road_since_ns",
        "zone_only",
    )

    def __init__(self, rules: DistractionRules) -> None:
        self._off_road = TimeWindow(ns(rules.vats_window_s))
        self._seen = TimeWindow(ns(rules.vats_window_s))
        self.configure(rules)
        self.alerting = False
        self.reset()

    def configure(self, rules: DistractionRules) -> None:
        """Take new thresholds from now on."""
        self._flicker_ns = ns(rules.flicker_s)
        self._clear_ns = ns(rules.clear_s)
        self._free_ns = ns(rules.zone_free_s)
        self._look_away_ns = ns(rules.look_away_s)
        self._vats_reset_ns = ns(rules.vats_reset_s)
        self.buffer_max_ns = ns(rules.buffer_s)
        self._buffer_latency_ns = ns(rules.buffer_latency_s)
        self._off_road.span_ns = self._seen.span_ns = ns(rules.vats_window_s)

    def reset(self) -> None:
        """Forget everything."""
        self._off_road.clear()
        self._seen.clear()
        self.buffer_ns = self.buffer_max_ns
        self.empty_ns = 0
        """How long the buffer has been empty."""
        self.on_road_ns = 0
        """Continuous seen time on road."""
        self.on_road_since_ns: int | None = None
        self._end_stretch()
        self._glance_start_ns: int | None = None
        self._glance_ns = 0
        self._glance_end_ns = 0
        self._unseen_ns = 0

    def _end_stretch(self) -> None:
        self.away_ns = 0
        """Continuous seen time off road or in a zone."""
        self.counted_ns = 0
        """... without the free time of zones: `off_road_s`."""
        self.zone_only = True
        """Whether all of it was spent on zones."""
        self._zone_ns = 0

    def advance(self, start_ns: int, end_ns: int, view: View | None, *, frozen: bool) -> tuple[int, int] | None:
        """Hold a view from `start_ns` to `end_ns`; start and end of a look aside when one is over.

        `frozen` when the eyes are closed and that is the cause at hand.
        """
        duration_ns = end_ns - start_ns
        if view is None or frozen:
            self._unseen_ns += duration_ns
            self._seen.sum_ns(end_ns)
            return self.flush() if self._unseen_ns >= UNSEEN_END_NS else None
        self._unseen_ns = 0
        self._seen.add(start_ns, end_ns)
        if view == "road":
            return self._on_road(start_ns, duration_ns)
        self.on_road_ns = 0
        self.on_road_since_ns = None
        counted_ns = duration_ns
        if view == "zone":
            used_ns = self._zone_ns
            self._zone_ns = used_ns + duration_ns
            counted_ns = max(0, self._zone_ns - max(used_ns, self._free_ns))
        else:
            self.zone_only = False
        self.away_ns += duration_ns
        if counted_ns:
            self.counted_ns += counted_ns
            self._off_road.add(end_ns - counted_ns, end_ns)
            self._off_road.sum_ns(end_ns)
            left_ns = self.buffer_ns - counted_ns
            self.buffer_ns = max(0, left_ns)
            self.empty_ns = self.empty_ns - left_ns if left_ns <= 0 else 0
        if self._glance_start_ns is None:
            self._glance_start_ns = start_ns
            self._glance_ns = 0
        self._glance_ns += duration_ns
        self._glance_end_ns = end_ns
        return None

    def _on_road(self, start_ns: int, duration_ns: int) -> tuple[int, int] | None:
        if self.on_road_since_ns is None:
            self.on_road_since_ns = start_ns
        before_ns = self.on_road_ns
        self.on_road_ns = on_road_ns = before_ns + duration_ns
        gained_ns = on_road_ns - max(before_ns, self._buffer_latency_ns)
        if gained_ns > 0:
            self.buffer_ns = min(self.buffer_max_ns, self.buffer_ns + gained_ns)
            self.empty_ns = 0
        if self.away_ns and on_road_ns >= (self._clear_ns if self.alerting else self._flicker_ns):
            self._end_stretch()
        if on_road_ns >= self._vats_reset_ns:
            self._off_road.clear()
        if self._glance_start_ns is not None and on_road_ns >= self._flicker_ns:
            return self.flush()
        return None

    def flush(self) -> tuple[int, int] | None:
        """End the running look aside where it was last seen; start and end if it was long enough for an event."""
        start_ns, self._glance_start_ns = self._glance_start_ns, None
        if start_ns is None or self._glance_ns < self._look_away_ns:
            return None
        return start_ns, self._glance_end_ns

    def vats_ns(self, now_ns: int) -> int:
        """Off-road time of the last 30 s, since the last reset."""
        return self._off_road.sum_ns(now_ns)

    def vats_valid_fraction(self, now_ns: int) -> float:
        """Share of the same 30 s in which it was seen where the driver looks, 0 to 1."""
        return self._seen.sum_ns(now_ns) / self._seen.span_ns
