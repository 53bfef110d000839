"""Everything that crosses a border between rooms: frozen, typed, without arrays, clocks or I/O.

Two borders matter. The *stream* (`StreamMember`) is the replay border: the pure half turns the same stream into
byte-identical decisions. The *decision* (`Decision`) is what the pure half emits; identifiers, wall time and
latency are added outside.

Conventions: times are integer nanoseconds of a monotonic clock (`_ns`); angles are degrees relative to the camera
unless a name says otherwise; `None` means "not seen", never zero; left and right are the *driver's*, not the image's.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

EXPRESSIONS: Final = ("neutral", "happiness", "sadness", "anger", "surprise", "disgust", "fear")
"""The published classes, in canonical order: the displayed expression, not the emotion."""

ObservabilityReason = Literal[
    "ok",
    "no_face",
    "multi_face",
    "eyes_occluded",
    "sunglasses",
    "glare",
    "dark",
    "blur",
    "head_turn",
    "covered",
    "frozen",
    "low_fps",
    "thermal",
    "model_error",
]
LearningWait = (
    ObservabilityReason
    | Literal[
        "standing",
        "no_frames",
        "eyes_closed",
        "mouth_unseen",
        "pose_unseen",
        "expression_unread",
        "speech",
        "yawn",
        "laughter",
    ]
)
"""Why a moment teaches nothing of the driver."""
CameraState = Literal[
    "ok", "stalled", "frozen", "covered", "garbled", "moved", "ir_fault", "slowed", "thermal", "model_error"
]
"""`garbled`: noise, or torn lines; `moved`: the picture stands on its head; `slowed`: watched with the fewest frames
that still tell a closure; `thermal`: too hot, nobody is watched."""
AlertKind = Literal[
    "eyes_closed",
    "microsleep",
    "sleep",
    "unresponsive",
    "fatigue",
    "distraction",
    "vats",
    "displayed_anger",
    "driver_absent",
    "health",
]
EventName = Literal["blink", "slow_blink", "long_closure", "yawn", "nod", "look_away", "face_absent"]
Phase = Literal["opened", "updated", "closed"]
Level = int
"""0 none, 1 notice (display, LED), 2 warning (tone), 3 urgent (loud, repeats), 4 alarm, 5 emergency."""
NOTICE: Final[Level] = 1
WARNING: Final[Level] = 2
URGENT: Final[Level] = 3
ALARM: Final[Level] = 4
EMERGENCY: Final[Level] = 5


class Quality(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the face in one frame can be trusted. Every field may be unknown."""

    face_px: float | None = None
    """Width of the face box in pixels of the frame."""
    sharpness: float | None = None
    """Variance of the Laplacian of the contrast-normalised face crop, >= 0."""
    brightness_ratio: float | None = None
    """Mean grey of the face crop, 0 black to 1 white."""
    clipped_ratio: float | None = None
    """Share of face pixels at full white, 0 to 1: glare."""
    faces: int | None = None
    """Number of faces seen in the frame."""
    glasses: bool | None = None
    """Whether the driver wears glasses, clear or dark; unknown until enough looks agree."""
    reason: ObservabilityReason | None = None
    """Why the eyes or the face are not usable in this frame; `ok` or unknown otherwise."""


class FaceObservation(msgspec.Struct, frozen=True, omit_defaults=True, tag="face"):
    """What vision saw in one frame. A frame without a face is an observation too (`face` is None)."""

    t_ns: int
    face: float | None = None
    """Confidence that the driver's face is there, 0 to 1; None when no face was found."""
    face_box: tuple[float, float, float, float] | None = None
    """x, y, width, height as shares of the frame, origin top left."""
    eye_openness_left: float | None = None
    """0 closed, 1 the population's open eye, before the driver's own baseline; None when the eye was not seen."""
    eye_openness_right: float | None = None
    eye_certainty_left: float | None = None
    """How sure the measure of this eye is, 0 to 1; None counts as equally sure."""
    eye_certainty_right: float | None = None
    mouth_ratio: float | None = None
    """Outer mouth height divided by mouth width; about 0.2 to 0.4 closed, above 0.6 wide open."""
    yawn_probability: float | None = None
    """How surely the mouth is opened as in a yawn, 0 to 1, by one frame alone; None when no network looked."""
    yaw_deg: float | None = None
    """Head yaw relative to the camera; positive when the face turns towards the image's right side."""
    pitch_deg: float | None = None
    """Head pitch; positive up, negative down."""
    roll_deg: float | None = None
    """Head roll; positive when the head leans towards the image's right side (clockwise in the image)."""
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    expression: dict[str, float] | None = None
    """Calibrated probabilities over `EXPRESSIONS`, sum 1; None when the network did not run or abstained on quality."""
    valence: float | None = None
    arousal: float | None = None
    quality: Quality | None = None


class VehicleSample(msgspec.Struct, frozen=True, omit_defaults=True, tag="vehicle"):
    """One reading of the vehicle bus."""

    t_ns: int
    speed_kmh: float | None = None
    ignition: bool | None = None
    acceleration_mps2: float | None = None
    """Longitudinal, negative when braking."""
    speed_source: str | None = None
    location: tuple[float, float] | None = None
    """Latitude and longitude in degrees (WGS 84), only where the owner has switched it on."""


class CameraHealth(msgspec.Struct, frozen=True, omit_defaults=True, tag="camera"):
    """The camera's condition, sent when it changes and at least once a second while it is not `ok`."""

    t_ns: int
    state: CameraState = "ok"
    fps: float | None = None
    detail: str | None = None


class Button(msgspec.Struct, frozen=True, omit_defaults=True, tag="button"):
    """The driver pressed something: `ack` (seen) or `wrong` (this alert is mistaken)."""

    t_ns: int
    name: Literal["ack", "wrong"] = "ack"
    key: str | None = None
    """Of the alert that is meant, where somebody could name it; None: the one that sounds."""
    remote: bool = False
    """Pressed by somebody who is not in the cab: then an alarm, level 4 and above, sounds on."""


class Tick(msgspec.Struct, frozen=True, omit_defaults=True, tag="tick"):
    """No frame came in time. What was seen last holds up to here and no further."""

    t_ns: int


class SettingsChange(msgspec.Struct, frozen=True, omit_defaults=True, tag="settings"):
    """Rules changed while running: dotted key of the `rules` section to new value, already validated."""

    t_ns: int
    changes: dict[str, float | int | bool | str] = {}


Glasses = Literal["unknown", "bare", "glasses"]
"""Whether the driver wears glasses; `unknown` until vision tells."""
BlinkMeasures = tuple[float, float, float, float]
"""Of a blink: frequency (1/min), amplitude (openness), duration (s), opening velocity (openness a second)."""


class PartLearning(msgspec.Struct, frozen=True):
    """How far one part of a driver's baseline is learnt at this moment."""

    part: str
    """`eyes`, `mouth`, `pose`, `neutral_expression`."""
    progress: float
    """0 to 1."""
    waits_for: LearningWait | None
    """Why this moment teaches nothing; None while it does, and once the part is learnt."""
    refused: int
    """How many full minutes were thrown away: a mouth open all along, a head that was mostly turned elsewhere."""


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """When, from how much and how well a part of a baseline was learnt."""

    learnt_ns: int
    """When, on the clock of the stream it was learnt from."""
    valid_ns: int
    """From how much valid driving time."""
    quality: float
    """Valid share of the driving time that took, 0 to 1."""


class AlertBlinks(msgspec.Struct, frozen=True):
    """What a driver's blinks are like when he is alert."""

    mean: BlinkMeasures
    deviation: BlinkMeasures
    blinks: int
    """From how many."""
    learnt_ns: int


class EyeBaseline(msgspec.Struct, frozen=True, omit_defaults=True):
    """A driver's eyes under one state of glasses; the defaults are the population's."""

    open_left: float = 1.0
    """Raw openness of the left eye when alert and open."""
    open_right: float = 1.0
    closed: float = 0.0
    """Raw openness of the closed eyes."""
    blink_mean_ns: int = 200_000_000
    """Mean closure of an alert blink."""
    blinks: int = 0
    """How many blinks it was learnt from."""
    alert_blinks: AlertBlinks | None = None
    """Learnt after the eyes, which are their unit; None before."""
    provenance: Provenance | None = None
    """None for the population's values."""


class MouthBaseline(msgspec.Struct, frozen=True):
    """A driver's resting mouth."""

    mouth_ratio: float
    provenance: Provenance


class PoseBaseline(msgspec.Struct, frozen=True):
    """Where the camera sees the head of a driver who looks at the road."""

    yaw_deg: float
    pitch_deg: float
    provenance: Provenance


class NeutralFace(msgspec.Struct, frozen=True):
    """A driver's resting face: what each displayed probability is multiplied with, in the order of `EXPRESSIONS`."""

    factors: tuple[float, ...]
    provenance: Provenance


class DriverBaseline(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that was learnt of one driver: a few numbers with their provenance, nothing that identifies him.

    The pure half gives it out when it has changed and takes it back for a driver who returns. What is missing is
    learnt anew.
    """

    eyes: dict[Glasses, EyeBaseline] = {}
    mouth: MouthBaseline | None = None
    pose: PoseBaseline | None = None
    neutral_expression: dict[Glasses, NeutralFace] = {}


class BaselineChange(msgspec.Struct, frozen=True, omit_defaults=True, tag="baseline"):
    """The driver's baseline is exchanged.

    `restore`: another driver took the wheel, this is his (None: nothing is known of him, learn anew); `rollback`: back
    to what stood before the last thing that was learnt; `relearn`: forget it and learn anew.
    """

    t_ns: int
    action: Literal["restore", "rollback", "relearn"]
    baseline: DriverBaseline | None = None
    handover: bool = False
    """The wheel went from one named driver to another: in a vehicle that stands, the fatigue and the displayed anger of
    the one before are not told of him."""


StreamMember = FaceObservation | VehicleSample | CameraHealth | Button | Tick | SettingsChange | BaselineChange


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """One indicator's value. `value` is None when less than half of its window was valid."""

    value: float | None = None
    valid_fraction: float = 0.0
    reason: ObservabilityReason | None = None


class Indicators(msgspec.Struct, frozen=True, omit_defaults=True):
    """A snapshot of all indicators by their name in the specification (`perclos60`, `off_road_s`, ...)."""

    t_ns: int
    readings: dict[str, Reading] = {}


Relation = Literal[">=", ">", "<=", "<"]
AT_LEAST: Final[Relation] = ">="
"""One object for all defaults: a field that is its default is left out of the JSON."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One inequality that took part in a decision: `value relation threshold` over `window_s`."""

    name: str
    value: float
    threshold: float
    window_s: float | None = None
    valid_fraction: float | None = None
    relation: Relation = AT_LEAST
    """How value and threshold stand to each other when the inequality is true."""


class EvidenceStrip(msgspec.Struct, frozen=True, omit_defaults=True):
    """One minute of numbers around a decision, in equal steps: what the driver showed, without any picture.

    Each entry tells of one step of time; None where nothing was seen in it.
    """

    start_ns: int
    """Start of the first step, monotonic."""
    rate_hz: float
    """Steps a second."""
    openness: tuple[float | None, ...] = ()
    """Lowest openness within the step, 0 closed to 1 open by the driver's own baseline, in hundredths; empty when
    fatigue is switched off."""
    yaw_deg: tuple[float | None, ...] = ()
    """Head yaw relative to the camera, in tenths of a degree; empty, as the pitch, when fatigue and distraction are
    switched off."""
    pitch_deg: tuple[float | None, ...] = ()
    """Head pitch relative to the camera, in tenths of a degree; negative down."""
    anger_frame: tuple[float | None, ...] = ()
    """Displayed hostility, 0 to 1, in hundredths; empty when displayed expression is switched off."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag="event"):
    """Something that happened and ended: a blink, a yawn, a look aside. Emitted when it is over."""

    t_ns: int
    name: EventName
    start_ns: int
    end_ns: int


class AlertChange(msgspec.Struct, frozen=True, omit_defaults=True, tag="alert"):
    """An alert was opened, changed its level or flags, or was closed.

    `key` is deterministic and unique within a stream (`microsleep-3`); the delivered alert id is made from it outside.
    """

    t_ns: int
    key: str
    phase: Phase
    kind: AlertKind
    level: Level
    """The level after this change; on `closed` the peak level."""
    peak_level: Level
    started_ns: int
    revision: int = 0
    ended_ns: int | None = None
    evidence: tuple[Evidence, ...] = ()
    decision_state: dict[str, int | float] = {}
    """Window sums and baselines of the moment that `evidence` is from: enough to evaluate its inequalities anew."""
    confidence: float | None = None
    observability: float | None = None
    reason: str | None = None
    """On `closed`: recovered, escalated, gap, shutdown, ...; on health: the fault."""
    acknowledged: bool = False
    contested: bool = False
    """The driver says that it is mistaken."""
    nuisance_suspect: bool = False
    """Audible beyond the hour's `alert_budget`: one of too many, so perhaps none that was needed."""


class CabWarning(msgspec.Struct, frozen=True, omit_defaults=True, tag="warning"):
    """What the cab should do now: start or repeat the sound and light of a level, or fall silent."""

    t_ns: int
    action: Literal["start", "repeat", "stop"]
    kind: AlertKind
    level: Level
    """How to give it: 1, a light, for an alert of any level that has had its sound."""
    key: str


class DriverState(msgspec.Struct, frozen=True, omit_defaults=True, tag="state"):
    """The judged state. Emitted when a level changes; the shell also asks for it for its heartbeat."""

    t_ns: int
    observability: Literal["ok", "degraded", "blind"] = "blind"
    reason: ObservabilityReason = "no_face"
    closure_alert_level: Level = 0
    """Highest open level among eyes_closed, microsleep, sleep and unresponsive."""
    fatigue_alert_level: Level = 0
    distraction_alert_level: Level = 0
    """Highest open level among distraction and vats."""
    displayed_anger_alert_level: Level = 0
    absence_alert_level: Level = 0
    fatigue_level: float | None = None
    """The fused score, 0 to 100 (not an alert level)."""
    kss_estimate: str | None = None
    """`<=5`, `6`, `7` or `8+`: always an estimate."""
    eyes_on_road: bool | None = None
    attentive_ratio: float | None = None
    """`attention_buffer` over its full size, 0 to 1."""
    baseline: Literal["population", "frozen"] = "population"
    baseline_progress: float = 0.0
    privacy: bool = False
    """Nobody is observed: the vehicle stands for long, or its ignition is off."""
    """How far the driver's open eyes are learnt, 0 to 1."""


Decision = Event | AlertChange | CabWarning | DriverState
