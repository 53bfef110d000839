"""Alerts on what cannot be seen: driver_absent and health.

- driver_absent: no face at all while the camera is well and the vehicle moves (unknown speed moves): L1 after 3 s, L2
  after 6 s; leaves when a face has been there for 1 s. [D]
- health (L1): a fault of the camera, or frames that stopped, at once; BLIND for 10 s with its reason, unless the seat
  of a standing vehicle is empty. Leaves when the cause has been gone for 1 s. [S Euro NCAP]
- health (L2), while the vehicle moves: a fault that blinds lasts for 1 s, or a picture in which nothing is to be seen
  (dark, blurred) for 60 s. Not every cab has a light; the device does not stop watching unheard. What the driver does
  himself, such as putting on sunglasses, stays a light. [D]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.decision.alerts import ORDER
from edge.decision.inequality import inequality
from edge.decision.judge import Judge
from edge.indicators.camera import STALL_NS
from edge.indicators.window import NS_PER_S, ns
from edge.types import NOTICE, WARNING

if TYPE_CHECKING:
    from edge.config.rules import Rules
    from edge.types import Evidence

LEFT_NS: Final = 10 * NS_PER_S
"""A seat of a standing vehicle that is empty for so long has been left: the driver's alerts end [D]."""
HEARD_FAULT_NS: Final = NS_PER_S
"""A fault that blinds is heard when it lasts: with the second until frames count as stopped, within three [S]."""
HEARD_BLIND_NS: Final = 60 * NS_PER_S
BLIND_PICTURE: Final = frozenset({"dark", "blur", "covered", "frozen"})
"""A picture like this for so long is a lamp, a lens or a mounting that failed, although no fault was found [D]."""
RENAMED_NS: Final = 5 * NS_PER_S
"""Another reason for the same blindness is told once it has stood for so long: a driver with sunglasses who looks about
is no news every second [D]."""
WELL_NS: Final = NS_PER_S
"""So long without the cause, the health alert closes [D]."""


class AbsenceRules(Judge):
    """Opens, raises and closes driver_absent."""

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        self._notice_ns = ns(rules.presence.absent_notice_s)
        self._warning_ns = ns(rules.presence.absent_warning_s)

    def evaluate(self, t_ns: int, *, moving: bool) -> bool:
        """Judge the seat at the time to which the bank has been advanced; True when the driver has left it."""
        presence, book = self._bank.presence, self._book
        if not moving and presence.absent_ns >= LEFT_NS and not book.quiet:
            return self._left(t_ns)
        self._judge(t_ns, moving=moving)
        return False

    def _left(self, t_ns: int) -> bool:
        """Close what was open about a driver who got out of a standing vehicle, or it would sound on without him."""
        was_open = False
        for kind in ORDER:
            if kind != "health" and self._book.level(kind):
                self._book.close(kind, t_ns, "seat_empty")
                was_open = True
        return was_open

    def _judge(self, t_ns: int, *, moving: bool) -> None:
        presence, book = self._bank.presence, self._book
        level = book.level("driver_absent")
        if level:
            if not moving:
                book.close("driver_absent", t_ns, "standstill")
                return
            if presence.returned:
                book.close("driver_absent", t_ns, "recovered", presence.present_since_ns)
                return
        if not moving or presence.absent_ns < self._notice_ns:
            return
        terms = {"absent_ns": presence.absent_ns}
        if not level:
            book.open(
                "driver_absent",
                NOTICE,
                t_ns,
                evidence=(inequality("driver_absent", terms, self._notice_ns / NS_PER_S),),
                terms=terms,
                over_ns=self._bank.over_ns(presence.absent_ns, self._notice_ns),
            )
            level = NOTICE
        if level == NOTICE and presence.absent_ns >= self._warning_ns:
            evidence = (inequality("driver_absent", terms, self._warning_ns / NS_PER_S),)
            book.change("driver_absent", WARNING, t_ns, evidence=evidence, terms=terms)


class HealthRules(Judge):
    """Opens, updates and closes the health alert."""

    def configure(self, rules: Rules) -> None:
        """Take new thresholds from now on."""
        self._degraded_ratio = rules.presence.degraded_ratio
        self._window_s = rules.presence.window_s
        self._blind_alert_ns = ns(rules.presence.blind_alert_s)

    def reset(self) -> None:
        """Forget how long the driver has been unobservable."""
        self._blind_ns = 0
        self._fault_ns = 0
        self._well_ns = 0
        self._renamed_ns = 0
        self._reason: str | None = None
        self._of_fault = False
        """The reason that was told is a fault of the camera."""

    def evaluate(self, t_ns: int, duration_ns: int, *, moving: bool) -> None:
        """Judge camera and observability; `duration_ns` is the time since the last judgement."""
        presence, book = self._bank.presence, self._book
        # The empty seat of a standing vehicle is no blindness, and none to be told of when the driver is back.
        empty_seat = presence.reason == "no_face" and not moving
        self._blind_ns = self._blind_ns + duration_ns if presence.state == "blind" and not empty_seat else 0
        fault = self._bank.camera.fault
        self._fault_ns = self._fault_ns + duration_ns if self._bank.camera.blinding else 0
        reason: str | None = fault
        if reason is None and self._blind_ns >= self._blind_alert_ns:
            reason = presence.reason
        is_open = book.level("health") > 0
        if reason is None:
            self._well_ns += duration_ns
            if is_open and self._well_ns >= WELL_NS:
                book.close("health", t_ns, "recovered", t_ns - self._well_ns)
                self._reason = None
            return
        self._well_ns = 0
        level = max(book.level("health"), WARNING if self._is_heard(moving=moving) else NOTICE)
        if is_open and level == book.level("health") and not self._is_news(reason, fault, duration_ns):
            return
        self._reason, self._of_fault, self._renamed_ns = reason, fault is not None, 0
        evidence, terms = self._blindness() if fault is None else self._fault()
        if is_open:
            book.change("health", level, t_ns, evidence=evidence, terms=terms, reason=reason)
        else:
            book.open("health", level, t_ns, evidence=evidence, terms=terms, reason=reason)

    def _is_news(self, reason: str, fault: str | None, duration_ns: int) -> bool:
        """Tell whether the reason differs from the one that was told, by a fault or for long enough."""
        if reason == self._reason:
            self._renamed_ns = 0
            return False
        self._renamed_ns += duration_ns
        return fault is not None or self._of_fault or self._renamed_ns >= RENAMED_NS

    def _is_heard(self, *, moving: bool) -> bool:
        """Tell whether it has lasted long enough to be heard: not only a driver who looks at a light must know."""
        if not moving:
            return False
        blind_picture = self._blind_ns >= HEARD_BLIND_NS and self._bank.presence.reason in BLIND_PICTURE
        return blind_picture or self._fault_ns >= HEARD_FAULT_NS

    def _fault(self) -> tuple[tuple[Evidence, ...], dict[str, int]]:
        """Return what a fault of the camera rests on: its word, or how long it has been silent."""
        camera = self._bank.camera
        terms = {"camera_health": 0, "silent_ns": camera.silent_ns}
        if camera.fault == "stalled" and camera.stalled:
            return (inequality("camera_silent_s", terms, STALL_NS / NS_PER_S),), terms
        return (inequality("camera_health", terms, 0.0),), terms

    def _blindness(self) -> tuple[tuple[Evidence, ...], dict[str, int]]:
        presence = self._bank.presence
        terms = {
            "usable_ns": presence.usable_ns,
            "elapsed_ns": presence.elapsed_ns,
            "blind_ns": self._blind_ns,
        }
        seen = inequality("observability", terms, self._degraded_ratio, self._window_s)
        return (seen, inequality("blind_s", terms, self._blind_alert_ns / NS_PER_S)), terms
