"""Every setting of the schema, spoilt in several ways: refused at its place; a running daemon keeps what it has."""

from __future__ import annotations

import pytest
from msgspec import inspect

from edge.config.load import ConfigError, load_text
from edge.config.schema import Config
from edge.config.typed import _leaves, _struct_type, _unwrapped
from edge.reload import REFUSED, ConfigReload

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


@pytest.mark.parametrize("section", sorted({key.partition(".")[0] for key in LEAVES}))
def test_every_bad_value_is_refused_where_it_stands(section: str) -> None:
    running = Config()
    for key, info in LEAVES.items():
        if key.partition(".")[0] != section:
            continue
        for value in bad_values(info):
            text, line = spoilt(key, value)
            with pytest.raises(ConfigError) as caught:
                load_text(text, "c.yaml")
            at_place = [problem for problem in caught.value.problems if problem.line == line]
            names = (key, f"{key}[", f"{key}.", "(file)")
            assert any(problem.key.startswith(names) for problem in at_place), f"{text}\n{caught.value}"
            assert all(problem.column >= 1 and problem.message for problem in caught.value.problems)
        text, _ = spoilt(key, ".nan")
        reload = ConfigReload(running, lambda text=text: load_text(text), pytest.fail, pytest.fail)
        reload.again()
        assert reload.running is running
        assert reload.faults() == [REFUSED]


def test_there_are_many_of_them() -> None:
    assert sum(len(bad_values(info)) for info in LEAVES.values()) >= 1000
