"""One minute of driving as a stream: something of everything, made by arithmetic alone."""

from __future__ import annotations

from typing import Final

from edge.types import FaceObservation, Quality, StreamMember, Tick, VehicleSample

S: Final = 1_000_000_000
FPS: Final = 30


def openness(t_s: float) -> float:
    if 20 <= t_s < 21.8 or 30 <= t_s < 33.5:
        return 0.04
    return 0.1 if t_s % 4 < 0.15 else 1.0 + 0.02 * ((t_s * 977) % 1)


def drive(start_ns: int = 0) -> list[StreamMember]:
    """A minute: blinks, closures of 1.8 and 3.5 s, a look aside, a yawn, 8 s without a face, silence, a sharp look."""
    stream: list[StreamMember] = []
    for i in range(60 * FPS):
        t_s, t_ns = i / FPS, start_ns + i * S // FPS
        if i % FPS == 0:
            stream.append(VehicleSample(t_ns=t_ns, speed_kmh=82.5, ignition=True))
        if 44 <= t_s < 52:
            stream.append(FaceObservation(t_ns=t_ns, quality=Quality(faces=0, reason="no_face")))
            continue
        if 56 <= t_s < 57.5:
            if i % 15 == 0:
                stream.append(Tick(t_ns=t_ns))
            continue
        stream.append(
            FaceObservation(
                t_ns=t_ns,
                face=0.97,
                eye_openness_left=openness(t_s),
                eye_openness_right=openness(t_s) * 0.98,
                mouth_ratio=0.9 if 37 <= t_s < 39.5 else 0.3,
                yaw_deg=40.0 if 10 <= t_s < 13.6 else 1.0 + (t_s * 31) % 2,
                pitch_deg=-2.0,
                roll_deg=0.5,
                expression={"neutral": 0.9, "anger": 0.1} if i % 3 == 0 else None,
                quality=Quality(face_px=180.0, faces=1),
            )
        )
    return stream
