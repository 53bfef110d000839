"""Every way in which an Edge TPU can be missing ends in a working network and a reason."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from edge.inference.delegates import DelegateError, edgetpu_file, open_interpreter
from edge.inference.journal import CrashJournal
from edge.inference.manifest import Manifest
from edge.inference.runtime import load_runtime

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Our own network in a folder of its own."""
    return Path(shutil.copy(Manifest.load().resolve("expression"), tmp_path / "net.tflite"))


@pytest.fixture
def compiled(model: Path) -> Path:
    """What stands for its compiled twin."""
    return Path(shutil.copy(model, model.with_name("net_edgetpu.tflite")))


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, *, where: str = "load_delegate") -> None:
    real = load_runtime()

    def fail(*_: object, **__: object) -> Any:
        raise error

    fake = SimpleNamespace(
        Interpreter=real.Interpreter, OpResolverType=real.OpResolverType, load_delegate=lambda _: object()
    )
    if where == "load_delegate":
        fake.load_delegate = fail
    else:
        only_delegated = real.Interpreter
        fake.Interpreter = lambda **given: fail() if "experimental_delegates" in given else only_delegated(**given)
    monkeypatch.setattr("edge.inference.delegates.load_runtime", lambda: fake)
    monkeypatch.setattr("edge.inference.delegates.ctypes.CDLL", lambda _: object())


def test_the_compiled_twin_is_found_by_name(model: Path, compiled: Path) -> None:
    assert edgetpu_file(model) == compiled
    compiled.unlink()
    assert edgetpu_file(model) is None


@pytest.mark.parametrize("requested", ["auto", "edgetpu"])
def test_the_edge_tpu_runs_the_compiled_twin_that_lies_beside_the_model(
    model: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch, requested: Any
) -> None:
    real, opened = load_runtime(), []

    def interpreter(**given: Any) -> Any:
        opened.append((given["model_path"], given.pop("experimental_delegates")))
        return real.Interpreter(**given)

    fake = SimpleNamespace(Interpreter=interpreter, OpResolverType=real.OpResolverType, load_delegate=lambda _: "tpu")
    monkeypatch.setattr("edge.inference.delegates.load_runtime", lambda: fake)
    monkeypatch.setattr("edge.inference.delegates.ctypes.CDLL", lambda _: object())
    _, choice = open_interpreter(model, requested)
    assert (choice.name, choice.degraded_reason) == ("edgetpu", None)
    assert opened == [(str(compiled), ["tpu"])]


@pytest.mark.parametrize("delegate", ["xnnpack", "cpu"])
def test_what_can_be_had_is_not_degraded(model: Path, delegate: Any) -> None:
    _, choice = open_interpreter(model, delegate)
    assert (choice.name, choice.degraded_reason) == (delegate, None)


def test_auto_without_a_compiled_twin_is_xnnpack_without_complaint(model: Path) -> None:
    assert open_interpreter(model, "auto")[1].degraded_reason is None


def test_an_edge_tpu_asked_for_without_a_compiled_twin_is_said(model: Path) -> None:
    _, choice = open_interpreter(model, "edgetpu")
    assert choice.name == "xnnpack"
    assert choice.degraded_reason == "edgetpu: no net_edgetpu.tflite beside the model"


def test_a_missing_library_is_really_met_and_said(model: Path, compiled: Path) -> None:
    _, choice = open_interpreter(model, "edgetpu", library="libno-such-delegate.so.1")
    assert choice.name == "xnnpack"
    assert "libno-such-delegate.so.1 is not installed" in str(choice.degraded_reason)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ((ValueError(""), "load_delegate"), "no Edge TPU answers, or another process holds it"),
        ((ValueError("device busy"), "load_delegate"), "(device busy)"),
        ((AttributeError("no symbol"), "load_delegate"), "is not a TFLite delegate"),
        ((RuntimeError("unresolved custom op: edgetpu-custom-op"), "interpreter"), "another Edge TPU runtime"),
        ((RuntimeError("transfer failed\nstack"), "interpreter"), "transfer failed"),
    ],
)
def test_each_failure_has_its_words(
    model: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch, failure: tuple[Exception, str], said: str
) -> None:
    failing(monkeypatch, failure[0], where=failure[1])
    _, choice = open_interpreter(model, "auto")
    assert choice.name == "xnnpack"
    assert said in str(choice.degraded_reason)


def test_a_file_that_is_no_network_is_an_error_with_every_attempt(tmp_path: Path) -> None:
    path = tmp_path / "no.tflite"
    path.write_bytes(b"not a network at all")
    with pytest.raises(DelegateError, match=r"cannot be opened \(xnnpack: .*; cpu: "):
        open_interpreter(path)


def test_the_journal_lies_on_disk_while_a_delegate_is_tried_and_not_after(
    model: Path, compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    real = load_runtime()

    def look(_: str) -> object:
        seen.append((tmp_path / "state" / "trying-edgetpu").is_file())
        raise ValueError

    fake = SimpleNamespace(Interpreter=real.Interpreter, OpResolverType=real.OpResolverType, load_delegate=look)
    monkeypatch.setattr("edge.inference.delegates.load_runtime", lambda: fake)
    monkeypatch.setattr("edge.inference.delegates.ctypes.CDLL", lambda _: object())
    open_interpreter(model, "edgetpu", journal=CrashJournal(tmp_path / "state"))
    assert seen == [True]
    assert list((tmp_path / "state").iterdir()) == []


def test_a_delegate_that_took_the_process_down_is_skipped_for_ten_minutes(
    model: Path, compiled: Path, tmp_path: Path, dies: Callable[..., Path]
) -> None:
    note = dies("about_to_try")
    _, choice = open_interpreter(model, "edgetpu", journal=CrashJournal(tmp_path))
    assert "brought the process down" in str(choice.degraded_reason)
    past = time.time() - 601
    os.utime(note, (past, past))
    _, choice = open_interpreter(model, "edgetpu", journal=CrashJournal(tmp_path))
    assert "brought the process down" not in str(choice.degraded_reason)
