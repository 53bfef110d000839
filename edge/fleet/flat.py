"""Alert messages as flat rows: one type a column, ready for a spreadsheet, a data frame or Parquet."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Final

COLUMNS: Final[dict[str, type]] = {
    "time": str, "fleet": str, "vehicle": str, "source": str, "id": str, "alert_id": str, "phase": str, "revision": int,
    "kind": str, "level": int, "peak": int, "started": str, "ended": str, "duration_s": float, "reason": str,
    "confidence": float, "observability": float, "speed_kmh": float, "speed_source": str, "ignition": bool,
    "played": bool, "latency_ms": float, "acknowledged": bool, "contested": bool, "nuisance_suspect": bool,
    "replayed": bool, "displayed_expression_only": bool, "boot_id": str, "seq": int, "mono_ns": int,
    "clock_synced": bool, "clock_error_ms": float, "profile": str, "software": str, "config_hash": str, "evidence": str,
}  # fmt: skip
"""Column to the type of its values; an unknown value is null in JSON lines and empty in CSV."""
_FALSE_WHEN_ABSENT: Final = frozenset({"contested", "nuisance_suspect", "replayed", "displayed_expression_only"})
"""The contract leaves these out when they are false."""
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a text."""


def row(vehicle: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return one alert message as a row of all `COLUMNS`; what has another type than its column is unknown."""
    data = _object(document.get("data"))
    cab, place, clock = (_object(data.get(name)) for name in ("in_cab", "vehicle", "clock"))
    fleet, _, name = vehicle.partition("/")
    values = {
        **{key: data.get(key) for key in COLUMNS},
        **{key: False for key in _FALSE_WHEN_ABSENT if key not in data},
        **{key: place.get(key) for key in ("speed_kmh", "speed_source", "ignition")},
        **{key: cab.get(key) for key in ("played", "latency_ms")},
        "acknowledged": cab.get("acknowledged", False if cab else None),
        "clock_synced": clock.get("synced"),
        "clock_error_ms": clock.get("error_ms"),
        "time": document.get("time"),
        "source": document.get("source"),
        "id": document.get("id"),
        "fleet": fleet,
        "vehicle": name,
        "evidence": json.dumps(data.get("evidence", []), separators=(",", ":")),
    }
    return {key: _typed(values[key], kind) for key, kind in COLUMNS.items()}


def json_line(values: dict[str, Any]) -> bytes:
    """Return a row as one JSON line; every line has the same keys."""
    return json.dumps(values, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode() + b"\n"


def csv_line(values: dict[str, Any] | None = None) -> bytes:
    """Return a row as CSV (RFC 4180), or the heading without one; texts that look like formulas are defused."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS if values is None else [_cell(values[key]) for key in COLUMNS])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return "'" + value
    return value


def _typed(value: Any, kind: type) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) and kind is not bool:
        return None
    return value if isinstance(value, kind) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
