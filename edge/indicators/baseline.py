"""What is known of one driver: open eyes, resting mouth, neutral pose, alert blinks, resting face.

Learnt once from 60 s of valid driving, then frozen: a running baseline would learn the drowsiness away [S]. Until then
the population's values serve. Eyes and resting face are kept per glasses state. Everything has its provenance; what was
learnt last can be rolled back, and the whole can be given out and taken back for a driver who returns. [D]

`baseline_eyes`, `baseline_mouth`, `baseline_pose`, `baseline_neutral_expression`: how far each part is learnt, 0 to 1.
How: `eye_baseline.py`, `rest_baseline.py`, `alert_blinks.py`, `neutral.py`.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from edge.indicators.alert_blinks import AlertBlinkLearner
from edge.indicators.eye_baseline import POPULATION, EyeLearner
from edge.indicators.neutral import NeutralExpression, trusted
from edge.indicators.rest_baseline import MOUTH_NEUTRAL_MAX, POPULATION_MOUTH, MouthLearner, PoseLearner
from edge.indicators.window import NS_PER_S, ns
from edge.types import DriverBaseline, EyeBaseline, Glasses, MouthBaseline, NeutralFace, PoseBaseline

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.indicators.sample import Sample
    from edge.indicators.vigilance import Blink

GLASSES_SETTLE_NS: Final = 5 * NS_PER_S
"""Glasses put on or off are believed after so long [D]."""
STEPS_KEPT: Final = 8
"""So many steps can be rolled back: every part once, and some rises of the eyes [D]."""
NOTHING: Final = DriverBaseline()


class BaselineLearner:
    """Learns, freezes, keeps, gives out and takes back."""

    def __init__(
        self, rules: Rules, neutral_yaw_deg: float, neutral_pitch_deg: float, *, expression_enabled: bool = True
    ) -> None:
        self._configured_yaw_deg = neutral_yaw_deg
        self._configured_pitch_deg = neutral_pitch_deg
        self._expression_enabled = expression_enabled
        self.revision = 0
        """Rises whenever what is known of the driver changes."""
        self._steps: list[DriverBaseline] = []
        self._glasses: Glasses = "unknown"
        self._glasses_ns = 0
        self._eye_learner = EyeLearner(rules)
        self.eyes = POPULATION
        """Of the present state of glasses."""
        self.neutral: NeutralExpression | None = None
        """The same; None where expressions are switched off."""
        self.configure(rules)
        self._set(NOTHING)

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on; what is frozen stays."""
        self._learn_ns = ns(rules.baseline.learn_s)
        self._margin_deg = rules.baseline.pose_margin_deg
        self._eye_learner.configure(rules)

    @property
    def frozen(self) -> bool:
        """Whether the driver's own eyes are known."""
        return self.eyes.provenance is not None

    @property
    def progress(self) -> float:
        """How far the eyes are learnt, 0 to 1: most of what is judged depends on them."""
        return 1.0 if self.frozen else self._eye_learner.progress

    def progress_by_part(self) -> dict[str, float]:
        """How far each part is learnt, 0 to 1; without a resting face where expressions are switched off."""
        parts = {
            "eyes": self.progress,
            "mouth": 1.0 if self._mouth is not None else min(self._mouth_learner.valid_ns / self._learn_ns, 1.0),
            "pose": 1.0 if self._pose is not None else min(self._pose_learner.valid_ns / self._learn_ns, 1.0),
        }
        if self.neutral is not None:
            parts["neutral_expression"] = self.neutral.progress
        return parts

    def refused_by_part(self) -> dict[str, int]:
        """How many full minutes of each part taught nothing: a mouth at no rest, a head that looked elsewhere."""
        return {"mouth": self._mouth_learner.refused, "pose": self._pose_learner.refused}

    def given(self) -> DriverBaseline:
        """Return all that is known of the driver."""
        eyes, neutrals = dict(self._kept_eyes), dict(self._kept_neutrals)
        if self.frozen:
            eyes[self._glasses] = self.eyes
        if self.neutral is not None and self.neutral.known is not None:
            neutrals[self._glasses] = self.neutral.known
        return DriverBaseline(eyes=eyes, mouth=self._mouth, pose=self._pose, neutral_expression=neutrals)

    def take(self, baseline: DriverBaseline | None) -> None:
        """Take over what is known of the driver who is there now; None: nothing, learn anew.

        Nothing from outside is believed beyond what could have been learnt here: the floors hold, a pose or a mouth
        that is none is learnt anew.
        """
        self._steps.clear()
        self._eye_learner.first = None
        self._set(NOTHING if baseline is None else self._believed(baseline))
        self._eye_learner.first = next(iter(self._kept_eyes.values()), None) or (self.eyes if self.frozen else None)

    @property
    def before(self) -> DriverBaseline | None:
        """What a rollback would return to; None when there is nothing to return to."""
        return self._steps[-1] if self._steps else None

    def rollback(self) -> bool:
        """Return to what stood before the last thing that was learnt; False when there is nothing to return to."""
        if not self._steps:
            return False
        self._set(self._steps.pop())
        return True

    def spoil(self) -> None:
        """Start the present minute of the eyes anew: the driver is not alert, so it must raise nothing."""
        if self.frozen and self._eye_learner.valid_ns:
            self._eye_learner.begin()

    def blink(self, minimum: float | None, duration_ns: int) -> None:
        """Learn from a blink of normal length that ended; `minimum` is the lowest raw openness in it."""
        if not self.frozen:
            self._eye_learner.blink(minimum, duration_ns)

    def measured_blink(self, blink: Blink, t_ns: int) -> None:
        """Learn from a blink that was measured, of any length, in a vehicle that moves."""
        if self.frozen and self.eyes.alert_blinks is None:
            learnt = self._alert_blinks.add(blink, t_ns)
            if learnt is not None:
                self._note_step()
                self.eyes = replace(self.eyes, alert_blinks=learnt)

    def resting_face(self, probabilities: tuple[float, ...], duration_ns: int, end_ns: int) -> None:
        """Learn from a face that showed this, neither speaking nor yawning, up to `end_ns`."""
        neutral = self.neutral
        if neutral is None or neutral.known is not None:
            return
        before = self.given() if neutral.valid_ns + duration_ns >= self._learn_ns else NOTHING
        if neutral.advance(probabilities, duration_ns, end_ns=end_ns):
            self._note_step(before)

    def advance(self, start_ns: int, end_ns: int, sample: Sample, *, closed: bool) -> None:
        """Hold one sample with a face, of a vehicle that moves; `closed` while a closure runs."""
        duration_ns = end_ns - start_ns
        if sample.glasses is not None:
            self._see_glasses("glasses" if sample.glasses else "bare", duration_ns)
        self._eye_learner.pass_time(duration_ns)
        if closed:
            return
        if self._eye_learner.advance(sample, duration_ns):
            self._conclude_eyes(end_ns)
        if self._pose is None:
            self._learn_pose(sample, end_ns, duration_ns)
        if self._mouth is None:
            self._learn_mouth(sample.mouth_ratio, end_ns, duration_ns)

    def _set(self, baseline: DriverBaseline) -> None:
        """Make this all that is known; what is missing is learnt from the start."""
        self.revision += 1
        self._kept_eyes = dict(baseline.eyes)
        self._kept_neutrals = dict(baseline.neutral_expression)
        self._mouth: MouthBaseline | None = baseline.mouth
        self._pose: PoseBaseline | None = baseline.pose
        self._mouth_learner = MouthLearner()
        self._pose_learner = PoseLearner(self._configured_yaw_deg, self._configured_pitch_deg)
        self._alert_blinks = AlertBlinkLearner()
        self._wear(self._glasses)
        self._publish_rest()

    def _publish_rest(self) -> None:
        mouth, pose = self._mouth, self._pose
        self.mouth_ratio = POPULATION_MOUTH if mouth is None else mouth.mouth_ratio
        self.yaw_deg = self._configured_yaw_deg if pose is None else pose.yaw_deg
        self.pitch_deg = self._configured_pitch_deg if pose is None else pose.pitch_deg

    def _wear(self, glasses: Glasses) -> None:
        """Take out what is kept for this state of glasses."""
        self._glasses = glasses
        self._glasses_ns = 0
        self._eye_learner.begin()
        self._alert_blinks.clear()
        self.eyes = self._kept_eyes.pop(glasses, POPULATION)
        if self._expression_enabled:
            self.neutral = NeutralExpression(self._learn_ns, self._kept_neutrals.pop(glasses, None))

    def _see_glasses(self, glasses: Glasses, duration_ns: int) -> None:
        if glasses == self._glasses:
            self._glasses_ns = 0
            return
        if self._glasses == "unknown":
            self._name_glasses(glasses)
            return
        self._glasses_ns += duration_ns
        if self._glasses_ns >= GLASSES_SETTLE_NS:
            self._keep_present()
            self._wear(glasses)

    def _name_glasses(self, glasses: Glasses) -> None:
        """Vision tells for the first time what the driver wears: what was learnt so far was learnt with it."""
        if not self.frozen and glasses in self._kept_eyes:
            self._wear(glasses)
        self._glasses = glasses

    def _keep_present(self) -> None:
        if self.frozen:
            self._kept_eyes[self._glasses] = self.eyes
        if self.neutral is not None and self.neutral.known is not None:
            self._kept_neutrals[self._glasses] = self.neutral.known

    def _note_step(self, before: DriverBaseline | None = None) -> None:
        """Remember what stands, because something is learnt now."""
        self.revision += 1
        self._steps.append(self.given() if before is None else before)
        del self._steps[:-STEPS_KEPT]

    def _conclude_eyes(self, t_ns: int) -> None:
        eyes = self._eye_learner.conclude(self.eyes, t_ns)
        if eyes != self.eyes:
            self._note_step()
            self.eyes = eyes

    def _learn_pose(self, sample: Sample, end_ns: int, duration_ns: int) -> None:
        yaw, pitch = sample.yaw_deg, sample.pitch_deg
        seen = None if yaw is None or pitch is None else (yaw, pitch)
        pose = self._pose_learner.advance(seen, end_ns, duration_ns, self._learn_ns, self._margin_deg)
        if pose is not None:
            self._note_step()
            self._pose = pose
            self._publish_rest()

    def _learn_mouth(self, mouth_ratio: float | None, end_ns: int, duration_ns: int) -> None:
        mouth = self._mouth_learner.advance(mouth_ratio, end_ns, duration_ns, self._learn_ns)
        if mouth is not None:
            self._note_step()
            self._mouth = mouth
            self._publish_rest()

    def _believed(self, baseline: DriverBaseline) -> DriverBaseline:
        eyes = {glasses: self._believed_eyes(one) for glasses, one in baseline.eyes.items() if _is_usable(one)}
        mouth, pose = baseline.mouth, baseline.pose
        neutrals: dict[Glasses, NeutralFace] = {}
        for glasses, face in baseline.neutral_expression.items():
            believed = trusted(face) if self._expression_enabled else None
            if believed is not None:
                neutrals[glasses] = believed
        return DriverBaseline(
            eyes=eyes,
            mouth=mouth if mouth is not None and 0.0 <= mouth.mouth_ratio <= MOUTH_NEUTRAL_MAX else None,
            pose=pose if pose is not None and self._pose_learner.trusted(pose, self._margin_deg) else None,
            neutral_expression=neutrals,
        )

    def _believed_eyes(self, eyes: EyeBaseline) -> EyeBaseline:
        blinks = eyes.alert_blinks
        if blinks is not None and not (
            all(isfinite(value) for value in blinks.mean) and all(0.0 < value < 1e3 for value in blinks.deviation)
        ):
            eyes = replace(eyes, alert_blinks=None)
        return self._eye_learner.bounded(eyes)


def _is_usable(eyes: EyeBaseline) -> bool:
    return eyes.provenance is not None and all(map(isfinite, (eyes.open_left, eyes.open_right, eyes.closed)))
