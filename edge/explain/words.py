"""One plain paragraph about an alert: what, why, against what, how it ended, and whether its numbers agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from edge.explain.account import Account, Entry
    from edge.explain.judge import Judged, Judgement

LEVELS: Final = ("none", "notice", "warning", "urgent", "alarm", "emergency")
KINDS: Final = {
    "eyes_closed": "Eyes closed",
    "microsleep": "Microsleep",
    "sleep": "Sleep",
    "unresponsive": "Driver does not respond",
    "fatigue": "Fatigue",
    "distraction": "Distraction",
    "vats": "Many looks away",
    "displayed_anger": "Displayed anger",
    "driver_absent": "No driver to be seen",
    "health": "Driver cannot be observed",
}
_REASONS: Final = {
    "recovered": "the driver recovered",
    "escalated": "a more severe alert took over",
    "gap": "the observations were interrupted",
    "speed": "the vehicle became too slow for it",
    "standstill": "the vehicle stood",
    "seat_empty": "the seat was left",
    "handover": "another driver took the wheel",
    "shutdown": "the system was switched off",
    "restart": "the system restarted, so nobody knows when",
    "privacy": "the system stopped observing",
}


class Name(NamedTuple):
    """How an inequality is said."""

    label: str
    """Over its bar in the drawing."""
    saying: str
    """A clause; {value} and {threshold} come with their units."""
    unit: str
    """`s`, `share`, `count`, `points` or `m/s2`."""


NAMES: Final = {
    "eyes_closed_s": Name("Eyes closed for", "the eyes had been closed for {value} (limit {threshold})", "s"),
    "deep_share": Name(
        "Deeply closed", "of that time {value} were deeply closed (at least {threshold} needed)", "share"
    ),
    "since_warning_s": Name("Since the warning", "the last warning was {value} ago (limit {threshold})", "s"),
    "off_road_s": Name("Off the road for", "the driver had looked off the road for {value} (limit {threshold})", "s"),
    "vats_s": Name("Off the road, summed up", "looks off the road added up to {value} (limit {threshold})", "s"),
    "attention_buffer": Name("Attention left", "the attention buffer had run down to {value} (limit {threshold})", "s"),
    "perclos60": Name(
        "PERCLOS, 1 min", "the eyes were deeply closed for {value} of the last minute (limit {threshold})", "share"
    ),
    "perclos180": Name(
        "PERCLOS, 3 min", "the eyes were deeply closed for {value} of the last 3 min (limit {threshold})", "share"
    ),
    "microsleep_rate": Name(
        "Long closures, 10 min", "there were {value} closures of 1 s or more in 10 min (limit {threshold})", "count"
    ),
    "fatigue_level": Name(
        "Fatigue level", "all signs of fatigue together made {value} of 100 points (limit {threshold})", "points"
    ),
    "independent_cues": Name(
        "Independent signs", "{value} independent signs spoke for it (at least {threshold} needed)", "count"
    ),
    "displayed_anger": Name(
        "Anger displayed, 30 s", "anger was displayed for {value} of the last 30 s (limit {threshold})", "share"
    ),
    "displayed_anger60": Name(
        "Anger displayed, 1 min", "anger was displayed for {value} of the last minute (limit {threshold})", "share"
    ),
    "episodes": Name("Episodes, 10 min", "it was episode {value} within 10 min (limit {threshold})", "count"),
    "harsh_mps2": Name("Harsh manoeuvre", "the vehicle braked or accelerated with {value} (limit {threshold})", "m/s2"),
    "driver_absent": Name("No face for", "no face had been seen for {value} (limit {threshold})", "s"),
    "observability": Name(
        "Observable, 10 s", "face and eyes were usable for {value} of the last 10 s (less than {threshold})", "share"
    ),
    "blind_s": Name("Unobservable for", "that had lasted for {value} (limit {threshold})", "s"),
    "camera_health": Name("Camera", "the camera had reported a fault", "count"),
    "camera_silent_s": Name("No picture for", "no picture had come for {value} (limit {threshold})", "s"),
    "alert_budget": Name(
        "Audible alerts, 1 h", "it was audible alert {value} within an hour (more than {threshold})", "count"
    ),
}


def quantity(entry: Entry, number: float | None) -> str:
    """Return a number of this inequality with its unit."""
    if number is None:
        return "unknown"
    unit = NAMES[entry.name].unit if entry.name in NAMES else ""
    if unit == "s":
        return f"{round(number, 2 if number < 10 else 1):g} s"
    if unit == "share":
        percent = 100.0 * number
        return f"{percent:.0f} %" if percent >= 10 or percent == round(percent) else f"{percent:.1f} %"
    if unit == "m/s2":
        return f"{number:.1f} m/s²"
    return f"{number:.4g}"


def title(account: Account) -> str:
    """Return the kind of the alert in words."""
    return KINDS.get(account.kind, account.kind)


def moment(account: Account) -> str:
    """Return when the alert began."""
    text = account.started
    return f"{text[:10]} {text[11:19]} UTC" if text.endswith("Z") else f"{text} of the stream's clock"


def paragraph(account: Account, judgement: Judgement) -> str:
    """Return the whole account as one paragraph."""
    sentences = [
        _opening(account),
        _why(judgement),
        *_sight(account),
        *_reference(account),
        *_end(account),
        *_flags(account),
        verdict(judgement),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def verdict(judgement: Judgement) -> str:
    """Return whether the alert is right by its own numbers."""
    if not judgement.judged:
        return "The message carries no inequality, so there is nothing to evaluate."
    if judgement.holds:
        return "Evaluated anew from the sums in the message, it holds."
    return "Evaluated anew from the sums in the message, it does not hold: " + "; ".join(
        _finding(one) for one in judgement.judged if not one.verdict.holds
    )


def _finding(one: Judged) -> str:
    entry, found = one.entry, one.verdict
    said, limit = quantity(entry, entry.value), quantity(entry, entry.threshold)
    if found.finding == "value_differs":
        return f"{entry.name} is said to be {said}, the sums give {quantity(entry, found.value)}."
    if found.finding == "not_reached":
        return f"{entry.name} is {quantity(entry, found.value)}, and {entry.relation} {limit} is not so."
    if found.finding == "no_terms":
        return f"{entry.name} comes without the sums it was worked out from."
    return f"{entry.name} is not known to this version; update edge-dms."


def _opening(account: Account) -> str:
    level = f"level {account.peak}, {LEVELS[account.peak]}" if 0 <= account.peak < len(LEVELS) else "unknown level"
    where = f" in {account.source.removeprefix('dms/1/')}" if account.source else ""
    vehicle = account.vehicle
    speed = ""
    if vehicle is not None and vehicle.speed_kmh is not None:
        by = f" (by {vehicle.speed_source})" if vehicle.speed_source else ""
        speed = f", at {vehicle.speed_kmh:.0f} km/h{by}"
    return f"{title(account)} ({level}){where}, raised at {moment(account)}{speed}."


def _why(judgement: Judgement) -> str:
    clauses = []
    for one in judgement.judged:
        entry = one.entry
        said, limit = quantity(entry, entry.value), quantity(entry, entry.threshold)
        if entry.name in NAMES:
            clauses.append(NAMES[entry.name].saying.format(value=said, threshold=limit))
        else:
            clauses.append(f"{entry.name} was {said} (limit {limit})")
    if not clauses:
        return ""
    text = clauses[0] if len(clauses) == 1 else ", ".join(clauses[:-1]) + ", and " + clauses[-1]
    return f"The reason: {text}."


def _sight(account: Account) -> list[str]:
    told = []
    fraction = account.evidence[0].valid_fraction if account.evidence else None
    if fraction is not None:
        told.append(f"{min(fraction, 1.0):.0%} of that time could be judged")
    if account.observability is not None:
        told.append(f"the driver was observable for {account.observability:.0%} of the last 10 s")
    if account.confidence is not None:
        told.append(f"the confidence is {account.confidence:.2f} of 1")
    if not told:
        return []
    text = "; ".join(told).replace("%", " %")
    return [f"{text[0].upper()}{text[1:]}."]


def _reference(account: Account) -> list[str]:
    terms = account.terms
    if account.kind == "displayed_anger":
        if terms.get("neutral_anger_learnt"):
            return ["The expressions are measured against this driver's own neutral face."]
        return ["The driver's neutral face had not been learnt yet."]
    looks = {"off_road_s", "vats_s", "attention_buffer"}
    if "neutral_yaw_deg" in terms and any(entry.name in looks for entry in account.evidence):
        yaw, pitch = terms["neutral_yaw_deg"], terms.get("neutral_pitch_deg", 0.0)
        return [f"Looking ahead is a head {_turned(yaw, pitch)}, as the camera sees it."]
    if "baseline_frozen" not in terms:
        return []
    if not terms["baseline_frozen"]:
        return ["Nothing had been learnt of this driver's eyes yet: the average driver's served."]
    left, right = terms.get("baseline_open_left", 1.0), terms.get("baseline_open_right", 1.0)
    valid_s = terms.get("baseline_valid_ns", 0) / 1e9
    own = f"open at {left:.2f} (left) and {right:.2f} (right) of the average driver's, learnt from {valid_s:.0f} s"
    return [f"The eyes are measured against the driver's own: {own}."]


def _turned(yaw_deg: float, pitch_deg: float) -> str:
    vertical = "level" if abs(pitch_deg) < 0.5 else f"{abs(pitch_deg):.0f}° {'up' if pitch_deg > 0 else 'down'}"
    return f"{abs(yaw_deg):.0f}° to the side and {vertical}"


def _end(account: Account) -> list[str]:
    if account.phase != "closed":
        return ["It was open when this was told."]
    after = "" if account.duration_s is None else f" after {account.duration_s:.1f} s"
    reason = account.reason
    if reason == "escalated" and account.evidence_strip is None:
        return [f"It closed{after}: a more severe alert took over, and with it the minute of numbers."]
    why = "" if reason is None else f": {_REASONS.get(reason, reason.replace('_', ' '))}"
    return [f"It closed{after}{why}."]


def _flags(account: Account) -> list[str]:
    told = []
    if account.contested:
        told.append("The driver called it wrong.")
    if account.nuisance_suspect:
        told.append("It came on top of the hour's budget of audible alerts: it may be a nuisance.")
    if account.kind == "displayed_anger":
        told.append("This is the displayed expression, not the emotion.")
    return told
