"""All indicators of one driver, fed with one stream.

All accumulation is by time. At an observation every tracker first advances to its time with what the previous sample
showed (each sample holds until the next one; a tick ends the hold), the decisions look at that, and only then the new
sample is taken over. So splitting a sample in two changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.indicators.anger import AngerTracker
from edge.indicators.baseline import BaselineLearner
from edge.indicators.blink import BlinkTracker
from edge.indicators.blink_window import BlinkWindow
from edge.indicators.camera import CameraWatch, FrameRate
from edge.indicators.closure import ClosureTracker, FinishedClosure
from edge.indicators.expression import ExpressionTracker
from edge.indicators.fatigue import Cues, fatigue_level
from edge.indicators.gaze import GazeTracker, View, view_of
from edge.indicators.nod import NodTracker
from edge.indicators.openness import eye_openness
from edge.indicators.perclos import PerclosTracker
from edge.indicators.presence import PresenceTracker
from edge.indicators.sample import PICTURE_UNUSABLE
from edge.indicators.speech import SpeechTracker
from edge.indicators.window import NS_PER_S, FaceLog, ValiditySums, ns
from edge.indicators.yawn import YawnTracker
from edge.types import Event, EventName, ObservabilityReason

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.indicators.sample import Sample
    from edge.types import BaselineChange

COUNT_NS: Final = 600 * NS_PER_S
JUDGE_NS: Final = NS_PER_S // 4
"""Shares of windows of 10 s and more are worked out so often: nothing in them changes faster [D]."""
HEAD_TURN_DEG: Final = 30.0
"""Eyes that are not seen beyond this camera yaw are lost to the turned head [D]."""


class IndicatorBank:
    """Runs the trackers and holds what they say. `rules` may be replaced while running."""

    def __init__(
        self,
        rules: Rules,
        *,
        neutral_yaw_deg: float = 0.0,
        neutral_pitch_deg: float = 0.0,
        expression_enabled: bool = True,
    ) -> None:
        self.rules = rules
        self._dozing_ns = ns(rules.closure.microsleep_s)
        self.baseline = BaselineLearner(
            rules, neutral_yaw_deg, neutral_pitch_deg, expression_enabled=expression_enabled
        )
        self.closure = ClosureTracker(rules.openness, rules.closure)
        self.perclos = PerclosTracker(rules.perclos)
        self.blink = BlinkTracker(rules.blink, rules.closure)
        self.blink_window = BlinkWindow(rules.openness, rules.closure)
        self.gaze = GazeTracker(rules.distraction)
        self.yawn = YawnTracker(rules.yawn)
        self.nod = NodTracker(rules.nod)
        self.presence = PresenceTracker(rules.presence)
        self.faces = FaceLog()
        self.face_frames = FrameRate()
        self.camera = CameraWatch()
        self.expression = ExpressionTracker() if expression_enabled else None
        self.anger = AngerTracker(rules.anger, self.baseline) if expression_enabled else None
        self._speech = SpeechTracker()
        self._valid = ValiditySums(COUNT_NS, 4)
        """Watched at all, eyes, mouth, pitch seen."""
        self.judged_ns: int | None = None
        """Since when shares have not been worked out."""
        self.judge_span_ns = 0
        """How long it took to the last working out; 0 when there was none at this observation."""
        self.now_ns = 0
        self.held_ns = 0
        """How long the last sample was held."""
        self.sample: Sample | None = None
        """What is held; None when no frame came."""
        self.openness: float | None = None
        self.view: View | None = None
        self.speaking = False
        """Whether the mouth moved as in speech, up to `now_ns`."""
        self.events: list[Event] = []
        """Events since they were last taken."""
        self._down = False
        self._blinded = False
        self._minimum: float | None = None
        self.fatigue_level: float | None = None
        self.cues = Cues()

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on; the windows are kept."""
        self.rules = rules
        self._dozing_ns = ns(rules.closure.microsleep_s)
        self.baseline.configure(rules)
        self.closure.configure(rules.openness, rules.closure)
        self.perclos.configure(rules.perclos)
        self.blink.configure(rules.blink, rules.closure)
        self.blink_window.configure(rules.openness, rules.closure)
        self.gaze.configure(rules.distraction)
        self.yawn.configure(rules.yawn)
        self.nod.configure(rules.nod)
        self.presence.configure(rules.presence)
        if self.anger is not None:
            self.anger.configure(rules.anger)

    def reset(self, t_ns: int) -> None:
        """Forget the windows after a gap in the observations, keep what was learnt of the driver."""
        self.flush()
        for tracker in (
            self.closure,
            self.perclos,
            self.blink,
            self.blink_window,
            self.gaze,
            self.yawn,
            self.nod,
            self.presence,
            self.face_frames,
            self._speech,
        ):
            tracker.reset()
        self.faces.clear()
        self._valid.clear()
        self.judged_ns = None
        self.judge_span_ns = 0
        if self.expression is not None and self.anger is not None:
            self.expression.reset()
            self.anger.reset()
        self.now_ns = t_ns
        self.sample = self.openness = self.view = None
        self.speaking = self._down = False
        self._minimum = None
        self.fatigue_level = None
        self.cues = Cues()

    def change_baseline(self, change: BaselineChange) -> bool:
        """Exchange what is known of the driver, from now on; False when there was nothing to roll back to.

        What runs goes on: no exchange ever ends a closure. Blinks and displayed expressions that were measured against
        the former baseline are forgotten.
        """
        if change.action == "rollback":
            if not self.baseline.rollback():
                return False
        else:
            self.baseline.take(change.baseline if change.action == "restore" else None)
        self.blink_window.reset()
        if self.anger is not None:
            self.anger.forget()
        return True

    def hand_over(self) -> None:
        """Forget what the windows hold of the driver before; a closure or a look aside that runs goes on."""
        for tracker in (self.perclos, self.blink, self.blink_window, self.yawn, self.nod):
            tracker.reset()
        self.fatigue_level = None
        self.cues = Cues()

    def flush(self) -> None:
        """End what is running at the time it was last seen; events long enough are recorded."""
        closure = self.closure.flush()
        if closure is not None:
            self._closure_finished(closure)
        self._event("yawn", self.yawn.flush())
        self._event("look_away", self.gaze.flush())
        self._event("face_absent", self.presence.flush(self.now_ns))

    def advance(self, t_ns: int, *, moving: bool) -> None:
        """Hold the present sample up to `t_ns`. `moving` is whether the vehicle moves: only then is learnt."""
        start_ns = self.now_ns
        self.now_ns = t_ns
        self.held_ns = t_ns - start_ns
        sample = self.sample
        openness = self.openness
        watched = sample is not None
        fast_enough = self.face_frames.at_least(self.rules.perclos.min_fps)
        closure = self.closure
        finished = closure.advance(start_ns, t_ns, openness, down=self._down, watched=watched)
        self._advance_perclos(start_ns, t_ns, openness, fast_enough=fast_enough)
        if finished is not None:
            self._closure_finished(finished)
        self._advance_blinks(start_ns, t_ns, openness, moving=moving)
        if self.view is not None or self.gaze.away_ns:
            for from_ns, until_ns, claimed in closure.claims(start_ns, t_ns):
                self._event("look_away", self.gaze.advance(from_ns, until_ns, self.view, frozen=claimed))
        self._advance_presence(start_ns, t_ns, sample)
        self._advance_mouth(start_ns, t_ns, sample, moving=moving)
        if sample is not None and sample.face is not None:
            self.faces.add(start_ns, t_ns, sample.face)
            mouth_seen, pitch_seen = sample.mouth_ratio is not None, sample.pitch_deg is not None
            self._valid.add(start_ns, t_ns, (True, openness is not None, mouth_seen, pitch_seen))
            if pitch_seen:
                self._event("nod", self.nod.advance(start_ns, t_ns, sample.pitch_deg, self.perclos.counted_ns))
            if moving:
                self.baseline.advance(start_ns, t_ns, sample, closed=closure.start_ns is not None)
        elif watched:
            self._valid.add(start_ns, t_ns, (True, False, False, False))
        self.judge_span_ns = 0
        slow = not fast_enough or self.camera.slowed
        if self.judged_ns is None or t_ns - self.judged_ns >= JUDGE_NS:
            self._judge(start_ns, t_ns, seen=openness is not None, slow=slow)
        elif self.presence.settling:
            self.presence.judge(t_ns, slow=slow)

    @property
    def dozing(self) -> bool:
        """Whether the eyes have been shut for as long as nobody shuts them who is awake."""
        return self.closure.start_ns is not None and self.closure.length_ns >= self._dozing_ns

    def _judge(self, start_ns: int, t_ns: int, *, seen: bool, slow: bool) -> None:
        """Work out what is slow to change."""
        self.judge_span_ns = t_ns - (start_ns if self.judged_ns is None else self.judged_ns)
        self.judged_ns = t_ns
        self.presence.judge(t_ns, slow=slow)
        self.blink.trim(t_ns)
        if self.anger is not None:
            self.anger.judge(t_ns)
        if seen:
            self.perclos.judge(t_ns)
            self._judge_fatigue(t_ns)

    def valid_shares(self) -> tuple[float, float, float]:
        """Return the valid shares of eyes, mouth and pitch in what was watched of the last 10 min."""
        watched, *seen = self._valid.sums_ns(self.now_ns)
        eyes, mouth, pitch = ((part / watched if watched else 0.0) for part in seen)
        return eyes, mouth, pitch

    def _advance_perclos(self, start_ns: int, t_ns: int, openness: float | None, *, fast_enough: bool) -> None:
        valid = deep = False
        if openness is not None:
            valid, deep = fast_enough, openness < self.rules.openness.deep_below
        self.perclos.advance(start_ns, t_ns, self.closure, valid=valid, deep=deep)

    def _advance_blinks(self, start_ns: int, t_ns: int, openness: float | None, *, moving: bool) -> None:
        fast_enough = self.face_frames.at_least(self.rules.blink.min_fps)
        if openness is not None and fast_enough:
            self.blink.advance(start_ns, t_ns)
        blink = self.blink_window.advance(start_ns, t_ns, openness, fast_enough=fast_enough)
        if blink is not None and moving:
            self.baseline.measured_blink(blink, t_ns)

    @property
    def unseen_for(self) -> ObservabilityReason | None:
        """Why the eyes of the present moment cannot be used; None while they can."""
        sample = self.sample
        if sample is None:
            return self.camera.reason
        if sample.face is None:
            return self.camera.reason if self.camera.blinding else sample.reason or _faceless(sample)
        return None if self.openness is not None else sample.reason or _eyeless(sample)

    def _advance_presence(self, start_ns: int, t_ns: int, sample: Sample | None) -> None:
        if self.camera.blinding != self._blinded:
            self._blinded = self.camera.blinding
            self.presence.forget_observability()
        face = None if sample is None else sample.face is not None
        healthy = sample is not None
        if sample is not None and sample.face is None:
            healthy = not self.camera.blinding and sample.reason not in PICTURE_UNUSABLE
        self._event("face_absent", self.presence.advance_face(start_ns, t_ns, face=face, healthy=healthy))
        self.presence.advance_observability(start_ns, t_ns, self.unseen_for)

    def _advance_mouth(self, start_ns: int, t_ns: int, sample: Sample | None, *, moving: bool) -> None:
        mouth_ratio = None if sample is None else sample.mouth_ratio
        yawn_probability = None if sample is None else sample.yawn_probability
        neutral_ratio = self.baseline.mouth_ratio
        self._event("yawn", self.yawn.advance(start_ns, t_ns, mouth_ratio, neutral_ratio, yawn_probability))
        if self.expression is None or self.anger is None:
            return
        self.speaking = speaking = self._speech.advance(t_ns, mouth_ratio)
        expression = self.expression
        probabilities = expression.probabilities
        affect = (expression.valence, expression.arousal)
        until_ns = expression.advance(start_ns, t_ns)
        if speaking or self.yawn.opening or until_ns == start_ns:
            probabilities = None
        # A sleeper's face is at rest, but not as his face is when he drives.
        self.anger.advance(start_ns, until_ns, probabilities, affect, learning=moving and not self.dozing)

    def apply(self, t_ns: int, sample: Sample) -> None:
        """From `t_ns` on this is what is seen; nothing is, while the camera's picture is none of now."""
        self.now_ns = t_ns
        self.camera.frame(t_ns)
        self.face_frames.frame(t_ns)
        if self.camera.tells_nothing:
            self._see_nothing(t_ns)
            return
        self.sample = sample
        if self.expression is not None:
            self.expression.apply(sample)
        if sample.face is None:
            openness = self.view = None
            self._down = False
        else:
            rules = self.rules
            baseline = self.baseline
            openness = eye_openness(sample, baseline.eyes, rules.openness)
            self.view = view_of(sample, baseline.yaw_deg, baseline.pitch_deg, rules)
            pitch = sample.pitch_deg
            self._down = pitch is not None and pitch - baseline.pitch_deg <= rules.closure.down_pitch_deg
        self.openness = openness
        finished = self.closure.apply(t_ns, openness)
        if finished is not None:
            self._closure_finished(finished)
        if openness is not None and self.closure.start_ns is not None:
            self._note_minimum(sample)

    def lose(self, t_ns: int) -> None:
        """No frame came by `t_ns`: from here on nothing is seen."""
        self.now_ns = t_ns
        self.camera.no_frame(t_ns)
        self._see_nothing(t_ns)

    def _see_nothing(self, t_ns: int) -> None:
        self.sample = self.openness = self.view = None
        self._down = False
        if self.expression is not None:
            self.expression.lose()
        self.closure.apply(t_ns, None)

    def over_ns(self, value_ns: int, threshold_ns: int) -> int:
        """By how much a running time is past its threshold; 0 when it passed it before the last observation."""
        over_ns = value_ns - threshold_ns
        return over_ns if 0 <= over_ns < self.held_ns else 0

    def confidence(self, valid_fraction: float, window_ns: int) -> float | None:
        """`confidence` of an alert: valid fraction times mean face confidence over its deciding window."""
        mean = self.faces.mean(self.now_ns, window_ns)
        return None if mean is None else min(valid_fraction, 1.0) * mean

    def _note_minimum(self, sample: Sample) -> None:
        eyes = [eye for eye in (sample.left, sample.right) if eye is not None]
        if eyes:
            raw = sum(eyes) / len(eyes)
            self._minimum = raw if self._minimum is None else min(self._minimum, raw)

    def _closure_finished(self, finished: FinishedClosure) -> None:
        self.perclos.closure_finished()
        minimum, self._minimum = self._minimum, None
        name = self.blink.event_name(finished)
        if name is not None:
            self._event(name, (finished.start_ns, finished.end_ns))
        if name == "blink":
            self.baseline.blink(minimum, finished.end_ns - finished.start_ns)
        elif name is not None:
            self.baseline.spoil()
        if self.face_frames.at_least(self.rules.blink.min_fps):
            self.blink.closure_finished(finished)

    def _event(self, name: EventName, span: tuple[int, int] | None) -> None:
        if span is not None:
            self.events.append(Event(t_ns=self.now_ns, name=name, start_ns=span[0], end_ns=span[1]))

    def _judge_fatigue(self, t_ns: int) -> None:
        blink = self.blink
        fast = self.face_frames.at_least(self.rules.blink.min_fps)
        self.blink_window.judge(t_ns, self.baseline.eyes.alert_blinks)
        perclos_rate = self.face_frames.at_least(self.rules.perclos.min_fps)
        self.cues = cues = Cues(
            perclos60=self.perclos.perclos60 if perclos_rate else None,
            perclos180=self.perclos.perclos180 if perclos_rate else None,
            mean_closure_ratio=blink.mean_closure_ratio(t_ns, self.baseline.eyes.blink_mean_ns) if fast else None,
            long_blink_share=blink.long_blink_share(t_ns) if fast else None,
            microsleep_rate=blink.microsleep_rate(t_ns),
            yawns10=self.yawn.yawns10(t_ns),
            nods10=self.nod.nods10(t_ns),
            heaviness=self.blink_window.heaviness if fast else None,
        )
        self.fatigue_level = fatigue_level(cues, self.rules)


def _faceless(sample: Sample) -> ObservabilityReason:
    return "multi_face" if sample.faces is not None and sample.faces > 1 else "no_face"


def _eyeless(sample: Sample) -> ObservabilityReason:
    return "head_turn" if sample.yaw_deg is not None and abs(sample.yaw_deg) > HEAD_TURN_DEG else "eyes_occluded"
