"""The choice between float and int8: by measured time, by configuration, and when one of them cannot be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.inference.delegates import DelegateChoice
from edge.inference.manifest import Golden, Model, ModelError
from edge.inference.timing import Instant
from edge.inference.variant import ROUNDS, SpeedNotes, choose


def model(name: str, sha256: str) -> Model:
    golden = Golden(seed=1, low=0.0, high=1.0, tolerance=0.1, outputs=())
    return Model(name, f"{name}.tflite", sha256 * 64, 1, "committed", "Apache-2.0", (), (), golden)


MODELS = model("floats", "a"), model("ints", "b")


class Clock:
    """Stands still but for what the networks take."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> Instant:
        return Instant(self.now_ns, self.now_ns, 0)


class TimedNet:
    """Takes so many milliseconds an invoke; the first one takes ten times as long, the third is disturbed."""

    def __init__(self, clock: Clock, ms: float, delegate: str = "xnnpack") -> None:
        self.choice = DelegateChoice(delegate)
        self._clock, self._ms = clock, ms
        self.invokes = 0

    def bare_invoke(self) -> None:
        self.invokes += 1
        factor = {1: 10, 3: 50}.get(self.invokes, 1)
        self._clock.now_ns += int(self._ms * 1e6) * factor


class Machine:
    """Opens networks that take given times."""

    def __init__(self, float_ms: float, int8_ms: float | None, delegate: str = "xnnpack") -> None:
        self.clock = Clock()
        self.opened: list[str] = []
        self._ms = {"floats": float_ms, "ints": int8_ms}
        self._delegate = delegate

    def open(self, name: str) -> TimedNet:
        self.opened.append(name)
        ms = self._ms[name]
        if ms is None:
            raise ModelError(f"network {name} is not installed", "run `edge-dms models fetch`")
        return TimedNet(self.clock, ms, self._delegate if name == "ints" else "xnnpack")


def choice(machine: Machine, requested: str = "auto", notes: SpeedNotes | None = None) -> tuple[str, str]:
    variant = choose(requested, MODELS, machine.open, notes=notes, now=machine.clock)
    return variant.kind, variant.reason


@pytest.mark.parametrize(
    ("float_ms", "int8_ms", "kind"), [(10.0, 7.0, "int8"), (7.0, 10.0, "float"), (10.0, 9.5, "float")]
)
def test_the_quicker_one_runs_and_float_where_the_gain_is_small(float_ms: float, int8_ms: float, kind: str) -> None:
    found, reason = choice(Machine(float_ms, int8_ms))
    assert found == kind
    assert f"int8 takes {int8_ms / float_ms:.2f} of float's time on xnnpack, measured" in reason


@pytest.mark.parametrize("kind", ["float", "int8"])
def test_what_the_configuration_asks_for_is_opened_alone_and_not_timed(kind: str) -> None:
    machine = Machine(1.0, 9.0)
    assert choice(machine, kind) == (kind, "as configured")
    assert machine.opened == [{"float": "floats", "int8": "ints"}[kind]]
    assert machine.clock.now_ns == 0


def test_without_an_int8_file_float_runs_and_the_reason_says_what_to_do() -> None:
    kind, reason = choice(Machine(9.0, None))
    assert kind == "float"
    assert reason == "no int8 twin: network ints is not installed; run `edge-dms models fetch`"


def test_an_int8_file_asked_for_must_be_there() -> None:
    with pytest.raises(ModelError, match="models fetch"):
        choice(Machine(9.0, None), "int8")


def test_the_first_invoke_and_disturbed_ones_do_not_count() -> None:
    machine = Machine(8.0, 2.0)
    opened: list[TimedNet] = []

    def remembered(name: str) -> TimedNet:
        opened.append(machine.open(name))
        return opened[-1]

    assert "0.25 of float's time" in choose("auto", MODELS, remembered, now=machine.clock).reason
    assert [net.invokes for net in opened] == [ROUNDS + 1, ROUNDS + 1]


def test_a_long_measurement_is_kept_for_the_next_start_on_the_same_back_end(tmp_path: Path) -> None:
    notes = SpeedNotes(tmp_path / "state")
    assert choice(Machine(20.0, 14.0), notes=notes)[0] == "int8"
    later = Machine(14.0, 20.0)
    kind, reason = choice(later, notes=notes)
    assert (kind, later.clock.now_ns) == ("int8", 0)
    assert "at an earlier start" in reason
    other = Machine(14.0, 20.0, delegate="edgetpu")
    assert choice(other, notes=notes)[0] == "float"
    assert other.clock.now_ns > 0


def test_a_short_measurement_is_made_anew_each_time(tmp_path: Path) -> None:
    notes = SpeedNotes(tmp_path)
    choice(Machine(0.2, 0.1), notes=notes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[1]", "{broken", json.dumps({"anything": "fast"}), '{"a": -1.0}'])
def test_notes_that_cannot_be_read_are_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "variants.json").write_text(content)
    notes = SpeedNotes(tmp_path)
    assert choice(Machine(20.0, 14.0), notes=notes)[0] == "int8"
    assert choice(Machine(14.0, 20.0), notes=notes)[1].count("at an earlier start") == 1


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes = SpeedNotes(tmp_path / "file" / "state")
    assert choice(Machine(20.0, 14.0), notes=notes)[0] == "int8"
