"""One readable line a message: what a fleet manager sees in a terminal."""

from __future__ import annotations

from typing import Any, Final

import msgspec

LEVEL_NAMES: Final = ("none", "notice", "warning", "urgent", "alarm", "emergency")
_UNREADABLE: Final = "not readable"


def describe(topic: str, payload: bytes) -> str:
    """Return one line for a message of this contract; anything else is shown as what it is, never an exception."""
    levels = topic.split("/")
    if len(levels) < 5:
        return f"{topic}: {len(payload)} bytes"
    vehicle, name = f"{levels[2]}/{levels[3]}", "/".join(levels[4:])
    if not payload:
        return f"{vehicle}  {name} cleared"
    try:
        kind = "rsp" if name.startswith("rsp/") else name
        text = _DESCRIPTIONS.get(kind, _other)(msgspec.json.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError, IndexError, ValueError):
        text = f"{name}: {_UNREADABLE}, {len(payload)} bytes"
    return f"{vehicle}  {text}"


def _alert(document: dict[str, Any]) -> str:
    data = document["data"]
    parts = [
        f"{str(data['phase']).upper():<7} {data['kind']}  L{data['level']} {LEVEL_NAMES[data['level']]}",
    ]
    if "duration_s" in data:
        parts.append(f"{data['duration_s']:.1f} s")
    if "reason" in data:
        parts.append(str(data["reason"]))
    if data["phase"] != "closed":
        parts += [_inequality(item) for item in data.get("evidence", ())[:2]]
    speed_kmh = data.get("vehicle", {}).get("speed_kmh")
    if speed_kmh is not None:
        parts.append(f"{speed_kmh:.0f} km/h")
    if data.get("displayed_expression_only"):
        parts.append("displayed expression only")
    if data.get("replayed"):
        parts.append("delivered late")
    return f"{_clock(document['time'])}  " + ", ".join(parts)


def _inequality(evidence: dict[str, Any]) -> str:
    if evidence["value"] is None or evidence["threshold"] is None:
        return f"{evidence['name']} unknown"
    return f"{evidence['name']} {evidence['value']:.3g} (limit {evidence['threshold']:.3g})"


def _status(document: dict[str, Any]) -> str:
    reason = f" ({document['reason']})" if "reason" in document else ""
    return f"{str(document['status']).upper()}{reason}  session {document['session_id']}"


def _info(document: dict[str, Any]) -> str:
    models = ", ".join(model["name"] for model in document.get("models", ())) or "none"
    return f"info  software {document['software']}, profile {document['profile']}, models {models}"


def _state(document: dict[str, Any]) -> str:
    levels = dict(document["alert_levels"])
    overlay = document.get("Vehicle.Driver.DisplayedExpression.AngerAlertLevel")
    if overlay is not None:
        levels["displayed anger"] = overlay
    raised = [f"{name} L{level}" for name, level in levels.items() if level]
    parts = [", ".join(raised) or "no warning"]
    fatigue = document.get("Vehicle.Driver.FatigueLevel")
    if fatigue is not None:
        parts.append(f"fatigue {fatigue:.0f} %")
    seen = document["observability"]
    if document.get("privacy"):
        return f"{_clock(document['time'])}  state  nobody is observed: the vehicle stands"
    parts.append("driver seen" if seen == "ok" else f"view {seen} ({document['reason']})")
    return f"{_clock(document['time'])}  state  " + ", ".join(parts)


def _active(document: dict[str, Any]) -> str:
    alerts = [f"{alert['kind']} L{alert['level']}" for alert in document["alerts"]]
    return f"open alerts: {', '.join(alerts) or 'none'}"


def _health(document: dict[str, Any]) -> str:
    parts = [f"camera {document['camera']}"]
    if "fps" in document:
        parts.append(f"{document['fps']:.1f} fps")
    if "inference_ms" in document:
        parts.append(f"{document['inference_ms']:.1f} ms")
    if "delegate" in document:
        parts.append(str(document["delegate"]))
    if "temperature_c" in document:
        parts.append(f"{document['temperature_c']:.0f} °C")
    outbox = document.get("outbox")
    if outbox is not None:
        parts.append(f"{outbox['depth']} waiting")
    faults = document.get("faults", ())
    if faults:
        parts.append("FAULTS " + ", ".join(faults))
    return "health  " + ", ".join(parts)


def _trip(document: dict[str, Any]) -> str:
    parts = [f"{document['duration_s'] / 60:.0f} min"]
    observed = document.get("observed_ratio")
    if observed is not None:
        parts.append(f"driver observed {100 * observed:.0f} %")
    alerts = [f"{count} {kind}" for kind, count in document["alerts"].items()]
    return f"{_clock(document['ended'])}  trip over  {', '.join(parts)}; alerts: {', '.join(alerts) or 'none'}"


def _response(document: dict[str, Any]) -> str:
    error = document.get("error")
    said = document["status"] if error is None else f"refused: {error['text']}"
    result = "".join(f", {name} {value}" for name, value in (document.get("result") or {}).items())
    return f"answers {document['command']}: {said}{result}"


def _reported(document: dict[str, Any]) -> str:
    errors = [f"{error['path']}: {error['msg']}".removeprefix(": ") for error in document.get("errors", ())]
    version = document.get("applied_version", "of the file")
    return "; ".join([f"settings {document['status']}, in force {version}", *errors])


def _other(document: object) -> str:
    return msgspec.json.encode(document)[:120].decode(errors="replace")


def _clock(time: str) -> str:
    return time[11:19]


_DESCRIPTIONS: Final = {
    "alert": _alert,
    "status": _status,
    "info": _info,
    "state": _state,
    "alerts/active": _active,
    "health": _health,
    "trip": _trip,
    "rsp": _response,
    "config/reported": _reported,
}
