"""Real networks on doctored runtimes: who answers wrongly or slowly is found out, said and left."""

from __future__ import annotations

import contextlib
import platform
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from edge.inference.delegates import DelegateChoice
from edge.inference.gate import (
    DOUBTFUL_ROUNDS,
    MOST_ROUNDS,
    enough_for,
    examine,
    open_trusted,
    reference_ratio,
)
from edge.inference.interpreter import Net
from edge.inference.journal import CrashJournal
from edge.inference.manifest import Manifest, Model, ModelError
from edge.inference.parity import USUAL_RATIO, Evidence
from edge.inference.runtime import load_runtime
from edge.inference.timing import Instant, invoke_times

ON_XNNPACK: Final = "AUTO"
ON_CPU: Final = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"


class Doctored:
    """The real runtime, but for what a test makes wrong of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wrong: set[str] = set()
        """Kernels whose answers are shifted by one place."""
        self.late_s: dict[str, float] = {ON_CPU: 0.02}
        """Kernels that take so much longer. The plain ones do, so that how fast this machine is plays no part."""
        self.absent = False
        """XNNPACK takes no operator, without a word."""
        self.tells = True
        """Whether the runtime lets one see who runs an operator."""
        real, doctored = load_runtime(), self

        class Interpreter(real.Interpreter):  # type: ignore[misc,name-defined]
            def __init__(self, **given: Any) -> None:
                kernels = given["experimental_op_resolver_type"]
                self.on = kernels.name
                if doctored.absent:
                    given["experimental_op_resolver_type"] = real.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                super().__init__(**given)
                if not doctored.tells:
                    self._get_ops_details = None
                elif self.on == ON_XNNPACK and not doctored.absent:
                    # The older runtime leaves int8 networks to the plain kernels: here it takes them, as the other.
                    self._get_ops_details = lambda: [{"op_name": "DELEGATE"}]

            def invoke(self) -> None:
                super().invoke()
                if self.on in doctored.late_s:
                    time.sleep(doctored.late_s[self.on])

            def get_tensor(self, index: int, *rest: int) -> Any:
                answer = super().get_tensor(index, *rest)
                return np.roll(answer, 1, axis=-1) if self.on in doctored.wrong else answer

        fake = SimpleNamespace(Interpreter=Interpreter, OpResolverType=real.OpResolverType)
        monkeypatch.setattr("edge.inference.delegates.load_runtime", lambda: fake)
        # Both runtimes keep the promises below; that the older one runs int8 on plain kernels has its own test.
        monkeypatch.setattr("edge.inference.gate.runtime_name", lambda: "ai_edge_litert")


@pytest.fixture
def doctored(monkeypatch: pytest.MonkeyPatch) -> Doctored:
    return Doctored(monkeypatch)


@pytest.fixture
def model() -> Model:
    # A bar that neither side reaches because of what else the processor does.
    return msgspec.structs.replace(Manifest.load()["expression"], reference_ratio={platform.machine(): 0.3})


@pytest.fixture
def path() -> Path:
    return Manifest.load().resolve("expression")


def test_a_healthy_back_end_stays_and_its_invokes_are_not_counted(doctored: Doctored, path: Path, model: Model) -> None:
    net = open_trusted(path, "auto", model)
    assert (net.choice.name, net.choice.degraded_reason, net.choice.faults) == ("xnnpack", None, ())
    assert net.invokes == 0


def test_xnnpack_that_answers_differently_is_left_for_the_plain_kernels(
    doctored: Doctored, path: Path, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    doctored.wrong = {ON_XNNPACK}
    net = open_trusted(path, "auto", model)
    assert (net.choice.name, net.choice.faults) == ("cpu", ("delegate_mismatch",))
    assert "xnnpack: decides differently: logits on " in str(net.choice.degraded_reason)
    assert "network expression on xnnpack: decides differently" in caplog.text


def test_numbers_alone_are_a_mismatch_too(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.wrong = {ON_XNNPACK}
    undecided = msgspec.structs.replace(model, golden=msgspec.structs.replace(model.golden, decisions=()))
    net = open_trusted(path, "xnnpack", undecided)
    assert (net.choice.name, net.choice.faults) == ("cpu", ("delegate_mismatch",))
    assert "times the tolerance" in str(net.choice.degraded_reason)


def test_a_network_that_answers_wrongly_everywhere_is_refused_with_the_remedy(
    doctored: Doctored, path: Path, model: Model
) -> None:
    doctored.wrong = {ON_XNNPACK, ON_CPU}
    with pytest.raises(ModelError, match=r"expression answers wrongly on every back end.*; reinstall ai-edge-litert"):
        open_trusted(path, "auto", model)


def test_xnnpack_that_is_slow_is_left_for_the_plain_kernels(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.late_s = {ON_XNNPACK: 0.2}
    net = open_trusted(path, "auto", model)
    assert (net.choice.name, net.choice.faults) == ("cpu", ("slow_inference",))
    assert "of the built-in kernels' time, 0.60 allowed" in str(net.choice.degraded_reason)


def test_one_that_is_slow_and_still_faster_than_the_plain_kernels_is_kept_and_said(
    doctored: Doctored, path: Path, model: Model
) -> None:
    doctored.late_s = {ON_XNNPACK: 0.1, ON_CPU: 0.2}
    net = open_trusted(path, "auto", msgspec.structs.replace(model, reference_ratio={platform.machine(): 0.15}))
    assert (net.choice.name, net.choice.faults) == ("xnnpack", ("slow_inference",))
    assert "kept as these would be slower still" in str(net.choice.degraded_reason)


def test_a_machine_that_is_slow_in_all_is_not_a_slow_back_end(doctored: Doctored, path: Path, model: Model) -> None:
    # Kernels and delegate wait alike, as under heat or a low clock; only their ratio counts.
    doctored.late_s = {ON_XNNPACK: 0.02, ON_CPU: 0.2}
    net = open_trusted(path, "auto", model)
    assert (net.choice.name, net.choice.faults) == ("xnnpack", ())


def test_xnnpack_that_is_silently_missing_is_found_out(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.absent = True
    net = open_trusted(path, "auto", model)
    assert (net.choice.name, net.choice.faults) == ("cpu", ("slow_inference",))
    assert "no operator was handed over" in str(net.choice.degraded_reason)


def test_its_time_gives_it_away_where_the_runtime_does_not_tell(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.absent, doctored.tells, doctored.late_s = True, False, {}
    net = open_trusted(path, "auto", model)
    # The kernels against themselves: about 1, where 0.6 is allowed.
    assert (net.choice.name, net.choice.faults) == ("cpu", ("slow_inference",))
    assert "of the built-in kernels' time" in str(net.choice.degraded_reason)


def test_without_time_to_take_time_answers_are_still_compared(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.late_s = {ON_XNNPACK: 0.2}
    assert open_trusted(path, "xnnpack", model, timed=False).choice.name == "xnnpack"
    doctored.wrong = {ON_XNNPACK}
    assert open_trusted(path, "xnnpack", model, timed=False).choice.faults == ("delegate_mismatch",)


def test_plain_kernels_are_the_measure_and_never_timed(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.late_s = {ON_CPU: 0.05}
    net = open_trusted(path, "cpu", model)
    assert (net.choice.name, net.choice.degraded_reason, net.choice.faults) == ("cpu", None, ())
    assert examine(net, path, model).ratio is None


def test_a_runtime_that_never_accelerates_int8_is_said_without_a_fault(
    doctored: Doctored, path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctored.absent = True
    monkeypatch.setattr("edge.inference.gate.runtime_name", lambda: "tflite_runtime")
    net = open_trusted(path, "auto", model)
    assert (net.choice.name, net.choice.faults) == ("cpu", ())
    assert net.choice.degraded_reason == "xnnpack: this runtime leaves int8 networks to the built-in kernels"


def test_a_reason_from_before_the_gate_is_kept(doctored: Doctored, path: Path, model: Model) -> None:
    doctored.wrong = {ON_XNNPACK}
    net = open_trusted(path, "edgetpu", model)
    assert str(net.choice.degraded_reason).startswith("edgetpu: no expression_int8_edgetpu.tflite beside the model; ")
    assert "xnnpack: decides differently" in str(net.choice.degraded_reason)


def test_an_accelerator_is_in_the_crash_journal_while_it_is_compared_and_used(
    path: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = Net.open(path, "cpu", model=model)
    net.choice = DelegateChoice("edgetpu")
    noted: list[bool] = []

    def look(*_: object, **__: object) -> Evidence:
        noted.append((tmp_path / "trying-edgetpu").is_file())
        return Evidence()

    monkeypatch.setattr("edge.inference.gate.Net.open", lambda *_, **__: net)
    monkeypatch.setattr("edge.inference.gate.examine", look)
    with contextlib.closing(CrashJournal(tmp_path)) as journal:
        assert open_trusted(path, "edgetpu", model, journal=journal).choice.name == "edgetpu"
        assert noted == [True]
        assert (tmp_path / "trying-edgetpu").exists(), "it may bring the process down at any later invoke"
    assert not (tmp_path / "trying-edgetpu").exists()


def test_the_reference_ratio_is_this_machine_s_or_the_usual_one(model: Model) -> None:
    assert reference_ratio(model) == 0.3
    assert reference_ratio(msgspec.structs.replace(model, reference_ratio={"pdp11": 0.1})) == USUAL_RATIO


class Timed:
    """A network that moves the time by what its invokes take."""

    now = Instant(0, 0, 0)

    def __init__(self, *spent: Instant) -> None:
        self._spent, self.invokes = spent, 0

    def bare_invoke(self) -> None:
        spent = self._spent[min(self.invokes, len(self._spent) - 1)]
        Timed.now = Instant(*(a + b for a, b in zip(Timed.now, spent, strict=True)))
        self.invokes += 1


def undisturbed(ns: int) -> Instant:
    return Instant(ns, ns, 0)


def ratio_of(fast: tuple[Instant, ...], plain: tuple[Instant, ...], well: float) -> tuple[float, int]:
    one, other = Timed(*fast), Timed(*plain)
    times = invoke_times(
        one,  # type: ignore[arg-type]
        other,  # type: ignore[arg-type]
        most_rounds=MOST_ROUNDS,
        enough=enough_for(well),
        now=lambda: Timed.now,
    )
    assert one.invokes == other.invokes
    return times.ratio, one.invokes


def test_one_round_is_enough_where_all_is_well() -> None:
    assert ratio_of((undisturbed(20),), (undisturbed(100),), 0.4) == (0.2, 1)


def test_a_cold_first_invoke_is_not_held_against_a_back_end() -> None:
    assert ratio_of((undisturbed(900), undisturbed(20)), (undisturbed(100),), 0.4) == (0.2, 2)


def test_what_is_slower_than_usual_and_not_yet_slow_gets_a_second_and_a_third_look() -> None:
    assert ratio_of((undisturbed(60),), (undisturbed(100),), 0.4) == (0.6, DOUBTFUL_ROUNDS)
    cold = (undisturbed(200), undisturbed(100))
    assert ratio_of((undisturbed(100),), cold, 0.4) == (1.0, MOST_ROUNDS), "a cold measure does not hide slowness"


def test_a_slow_back_end_gets_all_its_rounds_and_its_best() -> None:
    slow = tuple(undisturbed(ns) for ns in (120, 110, 95))
    assert ratio_of(slow, (undisturbed(100),), 0.4) == (0.95, MOST_ROUNDS)


def test_a_processor_that_others_keep_busy_is_not_held_against_a_back_end() -> None:
    assert ratio_of((Instant(9000, 20, 0),), (undisturbed(100),), 0.4) == (0.2, 1)


def test_nor_does_it_hide_that_the_kernels_run_against_themselves() -> None:
    assert ratio_of((undisturbed(100),), (Instant(9000, 100, 0),), 0.4) == (1.0, MOST_ROUNDS)


def test_waiting_for_a_device_is_the_back_end_s_own_time() -> None:
    assert ratio_of((Instant(500, 20, 1),), (undisturbed(100),), 0.4) == (5.0, MOST_ROUNDS)
