"""Every setting of the schema with values that it may not take."""

from __future__ import annotations

from msgspec import inspect

from edge.config.schema import Config
from edge.config.typed import _leaves, _struct_type, _unwrapped

REQUIRED = {
    "mqtt.tls": "ca_file: ca.crt",
    "vehicle.can.speed": 'id: "0x1A0"',
    "vehicle.can.ignition": 'id: "0x1A0"',
}
"""What a section must hold beside the spoilt setting, so that nothing else is wrong."""
LEAVES = dict(_leaves(_struct_type(Config), ""))
ALWAYS = (".nan", "{a: 1}", "'\x07'", "!!binary aGk=", "*a", "&a 1")


def bad_values(info: inspect.Type) -> tuple[str, ...]:
    """Return texts that no setting of this kind may take."""
    expected, _ = _unwrapped(info)
    if isinstance(expected, (inspect.IntType, inspect.FloatType)):
        return ("1e3", "12:30", "010", "1_000", "on", "'1'", ".inf", "[1]", "9" * 30, "fast", *ALWAYS)
    if isinstance(expected, inspect.BoolType):
        return ("on", "no", "1", "'true'", "maybe", "[true]", *ALWAYS)
    if isinstance(expected, inspect.LiteralType):
        return ("on", "nonsense", "[a]", "2024-01-01", *ALWAYS)
    if isinstance(expected, inspect.StrType):
        return ("on", "1.5", "2024-01-01", "[a]", *ALWAYS)
    return ("1", "text", "{a: 1}", ".nan", "*a")


def spoilt(key: str, value: str) -> tuple[str, int]:
    """Return a configuration with one bad value, and the line of it."""
    *sections, name = key.split(".")
    lines = [f"{'  ' * depth}{section}:" for depth, section in enumerate(sections)]
    indent = "  " * len(sections)
    required = REQUIRED.get(".".join(sections))
    if required is not None and not required.startswith(f"{name}:"):
        lines.append(f"{indent}{required}")
    return "\n".join([*lines, f"{indent}{name}: {value}"]) + "\n", len(lines) + 1
