"""An installation, wired: camera, lamp, vehicle and networks in front of the wizard's session.

One thread measures and decides; another reads the camera and keeps the newest frame only, so that what is seen is never
late. What is pressed on screens comes in through a queue. The lamp has a thread of its own, as in the daemon. It ends
when the last step is done, the vehicle moves, nobody presses anything for long, or the camera is lost.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from typing import TYPE_CHECKING, Final, Self

import msgspec

from edge.aim.judge import Lamp
from edge.aim.measures import Measures
from edge.aim.session import MOVES, Session
from edge.camera.base import CameraError
from edge.camera.ir_control import ir_control_for
from edge.offline import Perception
from edge.runtime.clock import NS_PER_S, SystemClock
from edge.runtime.slot import LatestSlot
from edge.types import FaceObservation
from edge.vehicle.open import vehicle_for
from edge.vision.face_light import distance_mm, face_light

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from edge.aim.session import Action
    from edge.camera.base import Frame
    from edge.config.schema import Config
    from edge.runtime.clock import Clock

LAMP_TAU_S: Final = 5.0
"""The lamp follows sooner than while driving [S: `camera.ir.tau_s`]."""
LISTEN_S: Final = 4.0
"""A bus that is awake tells its speed ten times a second, gpsd once [D]."""
POLL_S: Final = 0.05
WAKE_S: Final = 0.2
"""Without frames it looks so often for presses, the vehicle and the time."""
JOIN_S: Final = 2.0
"""A driver that does not return must not keep the process."""


class VehicleMovesError(Exception):
    """The vehicle moves before anything was opened."""


class Aiming:
    """A context manager; opening raises `CameraError`, `ModelError` or `VehicleMovesError`."""

    def __init__(self, config: Config, timeout_s: float, clock: Clock | None = None) -> None:
        """`timeout_s`: so long without a press ends it."""
        self.presses: queue.SimpleQueue[Action] = queue.SimpleQueue()
        """What was pressed, from any thread."""
        self.picture = (config.camera.width, config.camera.height)
        """Width and height in pixels, as they come."""
        # The displayed expression has no say in where a camera is mounted.
        self._config = msgspec.structs.replace(
            config, expression=msgspec.structs.replace(config.expression, enabled=False)
        )
        self._clock: Clock = clock or SystemClock()
        self._timeout_ns = round(timeout_s * NS_PER_S)
        self._pressed_ns = self._clock.monotonic_ns()
        self._undo = contextlib.ExitStack()
        self._slot: LatestSlot[Frame] = LatestSlot()
        self._lost: CameraError | None = None
        self._vehicle = vehicle_for(config.vehicle)
        self._lamp = ir_control_for(msgspec.structs.replace(config.camera.ir, tau_s=LAMP_TAU_S), self._clock)
        self.session = Session(config.camera, config.rules, lamp_driven=self._lamp is not None)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            self._vehicle.start()
            undo.callback(self._vehicle.close)
            self._hear_vehicle()
            self._perception = undo.enter_context(Perception(None, self._config))
            if self._lamp is not None:
                undo.enter_context(self._lamp.following())
            reader = threading.Thread(target=self._read, name="capture", daemon=True)
            reader.start()
            # Closing the source ends the reading; both bear being closed twice.
            undo.callback(reader.join, JOIN_S)
            undo.callback(self._perception.source.close)
            undo.callback(self._slot.close)
            self._undo = undo.pop_all()
        self._pressed_ns = self._clock.monotonic_ns()
        return self

    def __exit__(self, *exc: object) -> None:
        self._undo.close()

    @property
    def left_s(self) -> float:
        """How long it goes on without a press."""
        return max(0.0, (self._timeout_ns - (self._clock.monotonic_ns() - self._pressed_ns)) / NS_PER_S)

    def rounds(self) -> Iterator[tuple[Frame, FaceObservation]]:
        """Yield each frame that was looked at and what was seen in it, until the session is over."""
        while not self.session.over:
            frame = self._slot.get(WAKE_S)
            self._poll_vehicle()
            self._take_presses()
            if frame is not None:
                self.picture = (frame.gray.shape[1], frame.gray.shape[0])
                yield frame, self._look_at(frame)
            elif self._slot.exhausted and not self.session.over:
                why = "has ended" if self._lost is None else f"was lost: {self._lost}"
                self.session.ended = f"The camera {why}. Nothing was stored."

    def _read(self) -> None:
        """Put every frame into the slot: the target of the thread."""
        try:
            for frame in self._perception.frames():
                if self._lamp is not None:
                    self._lamp.frame(frame)
                self._slot.put(frame)
                if self._slot.closed:
                    return
        except CameraError as error:
            self._lost = error
        finally:
            self._slot.close()

    def _look_at(self, frame: Frame) -> FaceObservation:
        if self._lamp is not None:
            fault = self._lamp.condition.detail if self._lamp.condition.state != "ok" else None
            self.session.lamp = Lamp(lit=self._lamp.lit, fault=fault)
        members = self._perception.perceive(frame)
        face = next(member for member in members if isinstance(member, FaceObservation))
        measures = measures_of(face, self._perception.mesh_points(), frame.gray, self._config.camera.fov_deg)
        self.session.frame(frame.t_ns, measures, face.quality.reason if face.quality is not None else None)
        return face

    def _take_presses(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self.session.press(self.presses.get_nowait())
                self._pressed_ns = self._clock.monotonic_ns()
        if self.left_s <= 0.0 and not self.session.over:
            minutes = self._timeout_ns / NS_PER_S / 60
            self.session.ended = f"Nobody pressed anything for {minutes:.3g} minutes; nothing was stored."

    def _hear_vehicle(self) -> None:
        """Listen to the vehicle before anything is opened: one that moves is left alone."""
        if self._config.vehicle.source == "none":
            return
        never = threading.Event()
        ends_ns = self._clock.monotonic_ns() + round(LISTEN_S * NS_PER_S)
        while self.session.speed_kmh is None and self._clock.monotonic_ns() < ends_ns:
            self._poll_vehicle()
            self._clock.wait(never, POLL_S)
        if self.session.ended is not None:
            raise VehicleMovesError(f"{MOVES} It tells {self.session.speed_kmh:.0f} km/h")

    def _poll_vehicle(self) -> None:
        sample = self._vehicle.poll(self._clock.monotonic_ns())
        if sample is not None and sample.speed_kmh is not None:
            self.session.vehicle(sample.speed_kmh)


def measures_of(
    face: FaceObservation, points: NDArray[np.float32] | None, gray: NDArray[np.uint8], fov_deg: float | None
) -> Measures | None:
    """Return what one frame tells about the mounting; None without a face.

    `points` is the mesh (468, 2) in pixels of the grey frame (height, width); without `fov_deg`, the lens's horizontal
    field of view, there is no distance and the line of sight is taken for the lens's axis.
    """
    if face.face_box is None or points is None:
        return None
    height, width = gray.shape
    x, y, w, h = face.face_box
    quality, light = face.quality, face_light(gray, points)
    off_x, off_y = x + w / 2 - 0.5, y + h / 2 - 0.5
    view_yaw, view_pitch, distance_cm = face.yaw_deg, face.pitch_deg, None
    if fov_deg is not None and view_yaw is not None and view_pitch is not None:
        # A camera mounted upright turns its picture: the lens's horizontal is always the longer side.
        focal_px = max(width, height) / 2 / math.tan(math.radians(fov_deg) / 2)
        view_yaw += math.degrees(math.atan2(off_x * width, focal_px))
        view_pitch -= math.degrees(math.atan2(off_y * height, focal_px))
        distance_cm = distance_mm(points, view_yaw, focal_px) / 10
    face_px = quality.face_px if quality is not None else None
    return Measures(
        yaw_deg=face.yaw_deg,
        pitch_deg=face.pitch_deg,
        view_yaw_deg=view_yaw,
        view_pitch_deg=view_pitch,
        roll_deg=face.roll_deg,
        distance_cm=distance_cm,
        face_px=face_px,
        face_ratio=None if face_px is None else face_px / width,
        margin_ratio=min(x, y, 1 - x - w, 1 - y - h),
        off_x_ratio=off_x,
        off_y_ratio=off_y,
        sharpness=quality.sharpness if quality is not None else None,
        brightness_ratio=quality.brightness_ratio if quality is not None else None,
        clipped_ratio=quality.clipped_ratio if quality is not None else None,
        evenness_ratio=light.evenness_ratio,
        glint_ratio=light.glint_ratio,
    )
