"""What quantizing changed in the decisions, on made-up outputs, and through the real command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import quantize
from quantize_report import decisions, golden_decisions, golden_inputs, wilson

from edge.inference.golden import FRAMES
from tests.support.tiny_net import TinyNet

LOGITS = np.array([[2, 1, 0, 9], [0, 3, 1, 9], [1, 0, 4, 9], [5, 0, 0, 9]], np.float32)
TURNED = np.array([[2, 1, 0, 9], [0, 1, 3, 9], [1, 0, 4, 9], [5, 0, 0, 9]], np.float32)


def test_decisions_are_compared_among_the_classes_that_compete() -> None:
    (found,) = decisions(["top:logits:3"], {"logits": LOGITS}, {"logits": TURNED})
    assert (found.count, found.same, found.points_lost) == (4, 0.75, None)
    assert "LESS THAN 0.98" in found.text()
    (found,) = decisions(["top:logits"], {"logits": LOGITS}, {"logits": TURNED})
    assert found.same == 1.0
    assert "LESS" not in found.text()


def test_labels_say_how_much_accuracy_was_lost_and_minus_one_is_no_label() -> None:
    labels = np.array([0, 1, -1, 1])
    (found,) = decisions(["top:logits:3"], {"logits": LOGITS}, {"logits": TURNED}, labels)
    assert (found.float_right, found.int8_right, found.labelled) == (pytest.approx(2 / 3), pytest.approx(1 / 3), 3)
    assert found.points_lost == pytest.approx(100 / 3)
    assert "MORE THAN 0.5 POINTS LOST" in found.text()


def test_thresholds_are_compared_at_their_place() -> None:
    rules = ["above:logits:0.5:0:1"]
    (found,) = decisions(rules, {"logits": LOGITS}, {"logits": LOGITS - [[0.6, 0, 0, 0]] * 4})
    # Differences 1, -3, 1, 5 less 0.6: the first and the third fall below 0.5.
    assert found.same == 0.5


def test_wilson_holds_what_is_known_of_few_pictures() -> None:
    assert wilson(1.0, 10) == (pytest.approx(0.7225, abs=1e-4), pytest.approx(1.0))
    low, high = wilson(0.98, 1000)
    assert (low, high) == (pytest.approx(0.9693, abs=1e-3), pytest.approx(0.987, abs=1e-3))


def test_golden_frames_show_where_the_two_part() -> None:
    (pictures,) = golden_inputs([(1, 16, 16, 1)], -1.0, 1.0)
    assert pictures.shape == (len(FRAMES), 16, 16, 1)
    real = np.tile(np.array([[1.0, 0.0]], np.float32), (len(FRAMES), 1))
    other = real.copy()
    other[FRAMES.index("eye_closed")] = [0.0, 1.0]
    found = golden_decisions(["top:out", "top:out@face"], {"out": real}, {"out": other})
    assert found["top:out"]["eye_closed"] == [0, 1]
    assert found["top:out"]["face"] == [0, 0]
    assert found["top:out@face"] == {"face": [0, 0]}


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    net = TinyNet((1, 8, 8, 1))
    (tmp_path / "float.tflite").write_bytes(net.finish(net.conv(net.input, "logits", 3, size=8, stride=8)))
    pictures = np.random.default_rng(2).uniform(-1, 1, (60, 8, 8, 1)).astype(np.float32)
    np.savez(tmp_path / "calibration.npz", inputs=pictures[:30])
    np.savez(tmp_path / "check.npz", inputs=pictures[30:], labels=np.zeros(30, np.int64))
    names = ("float.tflite", "int8.tflite", "--calibration", "calibration.npz", "--check", "check.npz")
    return ["quantize.py", *(name if name.startswith("--") else str(tmp_path / name) for name in names)]


def test_the_command_writes_one_document(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [*command, "--json"])
    assert quantize.main() == 0
    document = json.loads(capsys.readouterr().out)
    assert Path(document["file"]).stat().st_size == document["bytes"]
    assert document["decisions"][0]["rule"] == "top:logits"
    assert document["decisions"][0]["labelled"] == 30
    assert set(document["golden"]["top:logits"]) == set(FRAMES)
    assert document["one_partition"] is True


def test_a_rule_that_fits_nothing_is_one_sentence_and_no_file(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [*command, "--decide", "top:openness"])
    assert quantize.main() == 1
    assert "give top or above and one of the outputs logits" in capsys.readouterr().err
    assert not Path(command[2]).exists()
