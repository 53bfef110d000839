"""The manifest's entries: written for any network, kept where nothing new is said, refused where they make no sense."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.inference.gate import examine, reference_ratio
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest, sha256_of
from edge.inference.parity import judge
from tests.support.float_tools import TOOLS, load, quantize, tflite_graph

manifest_entry = load("manifest_entry_under_test", TOOLS / "manifest_entry.py")

BRIGHTNESS_TO_LOGITS = np.array([[8.0], [0.0], [-8.0]], np.float32)
"""Bright pictures are class 0, dark ones class 2."""
BRIGHTNESS_TO_AFFECT = np.array([[1.0], [-1.0]], np.float32)


@pytest.fixture(scope="session")
def model() -> bytes:
    """An int8 network with two outputs that tells bright from dark."""
    graph = tflite_graph.FloatGraph("crop", (1, 16, 16, 1))
    same = np.ones((1, 1, 1, 1), np.float32)
    grey = graph.conv(graph.input, "stem", same, np.zeros(1, np.float32), stride=1, relu6=False)
    mean = graph.spatial_mean(grey, "mean")
    logits = graph.fully_connected(mean, "logits", BRIGHTNESS_TO_LOGITS, np.zeros(3, np.float32))
    affect = graph.fully_connected(mean, "affect", BRIGHTNESS_TO_AFFECT, np.zeros(2, np.float32))
    shades = np.linspace(-1.0, 1.0, 41, dtype=np.float32)[:, None, None, None]
    return bytes(quantize.quantize(graph.finish((logits, affect), "bright or dark"), np.tile(shades, (1, 16, 16, 1))))


@pytest.fixture
def network(tmp_path: Path, checkout: Path, model: bytes) -> Path:
    """The network with a copy of the committed manifest beside it, in a folder of its own."""
    shutil.copy(checkout / "models" / "manifest.json", tmp_path)
    file = tmp_path / "moods_int8.tflite"
    file.write_bytes(model)
    return file


def write(monkeypatch: pytest.MonkeyPatch, name: str, file: Path, *options: str) -> int:
    monkeypatch.setattr("sys.argv", ["manifest_entry.py", name, str(file), "--ratio", "0.5", *options])
    return int(manifest_entry.main())


def entry_of(file: Path, name: str) -> dict[str, Any]:
    models = json.loads((file.parent / "manifest.json").read_text(encoding="utf-8"))["models"]
    (found,) = [model for model in models if model["name"] == name]
    return dict(found)


def test_the_old_command_writes_an_entry_in_the_place_of_the_present_one(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--temperature", "0.714", "--abstain", "0.72", "--labels", "bright", "grey", "dark")
    assert write(monkeypatch, "expression", network, *options) == 0
    manifest = Manifest.read(network.parent / "manifest.json")
    assert list(manifest.models) == list(Manifest.load().models)
    ours = manifest["expression"]
    assert (ours.file, ours.bytes, ours.sha256) == (network.name, network.stat().st_size, sha256_of(network))
    assert (ours.labels, ours.temperature, ours.abstain_below) == (("bright", "grey", "dark"), 0.714, 0.72)
    assert (ours.inputs[0].shape, ours.inputs[0].dtype) == ((1, 16, 16, 1), "int8")
    assert (ours.golden.seed, ours.golden.low, ours.golden.high) == (1, -1.0, 0.9921875)


def test_a_new_network_has_its_own_card_licence_purpose_and_decisions(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("--licence", "MIT", "--purpose", "tells moods", "--decide", "top:logits@noise,mouth_closed")
    assert write(monkeypatch, "moods", network, *said, "above:affect:0:0:1@mouth_closed") == 0
    model = Manifest.read(network.parent / "manifest.json")["moods"]
    assert (model.licence, model.card, model.purpose, model.origin) == (
        "MIT",
        "moods.card.md",
        "tells moods",
        "committed",
    )
    # The noise is neither bright nor dark, skin is bright.
    assert [(one.frame, one.rule, one.expected) for one in model.golden.decisions] == [
        ("mouth_closed", "top", 0),
        ("mouth_closed", "above", True),
    ]
    assert model.reference_ratio == {platform.machine(): 0.5}
    net = Net.open(network, "xnnpack", model=model)
    assert judge(examine(net, network, model, timed=False), reference_ratio(model)).fault is None


def test_each_output_has_its_own_tolerance(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(monkeypatch, "moods", network)
    golden = Manifest.read(network.parent / "manifest.json")["moods"].golden
    logits, affect = golden.tolerance_of("logits"), golden.tolerance_of("affect")
    # 16 of 255 steps over 16 and over 2.
    assert (logits, affect) == (pytest.approx(1.0, rel=0.1), pytest.approx(0.125, rel=0.1))
    assert golden.tolerance == max(logits, affect)


def test_outputs_are_named_and_ordered_as_wanted(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert write(monkeypatch, "moods", network, "--outputs", "valence_arousal:2", "logits") == 0
    model = Manifest.read(network.parent / "manifest.json")["moods"]
    assert [(one.name, one.shape) for one in model.outputs] == [("valence_arousal", (1, 2)), ("logits", (1, 3))]
    net = Net.open(network, "cpu", model=model)
    assert net.output_shapes == ((1, 2), (1, 3))


def test_a_name_of_the_file_may_hold_a_colon() -> None:
    found = [{"name": f"out:{i}", "shape": [1, size], "dtype": "int8"} for i, size in enumerate((2, 8, 7))]
    ordered = manifest_entry._declared(found, ["logits:8", "fer2013:7", "out:0"])
    assert [(one["name"], one["shape"][1]) for one in ordered] == [("logits", 8), ("fer2013", 7), ("out:0", 2)]
    with pytest.raises(manifest_entry.MistakeError, match="logits fits 0 outputs"):
        manifest_entry._declared(found, ["logits", "fer2013:7", "out:0"])


def test_what_is_not_given_is_kept(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = network.parent / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    (ours,) = [model for model in document["models"] if model["name"] == "expression"]
    ours |= {"licence": "of its own", "card": "own.md", "purpose": "own", "reference_ratio": {"riscv64": 0.9}}
    path.write_text(json.dumps(document), encoding="utf-8")
    write(monkeypatch, "expression", network)
    after = entry_of(network, "expression")
    assert (after["licence"], after["card"], after["purpose"]) == ("of its own", "own.md", "own")
    assert after["reference_ratio"] == {"riscv64": 0.9, platform.machine(): 0.5}


def test_decisions_that_are_not_clear_are_left_out_and_said(
    network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = ("top:logits@noise", "top:logits@mouth_closed")
    assert write(monkeypatch, "moods", network, "--decide", *rules) == 0
    decisions = entry_of(network, "moods")["golden"]["decisions"]
    assert [one["frame"] for one in decisions] == ["mouth_closed"]
    said = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert len(said) == 1
    assert said[0].startswith("top:logits@noise on noise: ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--decide", "largest:logits"), "give top or above and one of the outputs logits, affect"),
        (("--decide", "top:gaze"), "one of the outputs logits, affect"),
        (("--decide", "above:logits"), "after the output come threshold:at:minus"),
        (("--decide", "top:logits:three"), "three are no numbers"),
        (("--decide", "top:logits@sunset"), "the frames are noise, face"),
        (("--decide", "top:logits@noise"), "no decision is clear"),
        (("--outputs", "logits"), "names 1 outputs, the network has 2"),
        (("--outputs", "logits", "affect:5"), "fits 0 outputs of logits"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    network: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    before = (network.parent / "manifest.json").read_bytes()
    assert write(monkeypatch, "moods", network, *options) == 1
    assert said in capsys.readouterr().err
    assert (network.parent / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in network.parent.iterdir()) == ["manifest.json", "moods_int8.tflite"]


@pytest.mark.models
def test_a_fetched_network_keeps_its_origin_and_tolerance(
    fetched_models: None, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Manifest.load().resolve("face_short_range")
    manifest = ("--manifest", str(network.parent / "manifest.json"))
    assert write(monkeypatch, "face_short_range", file, *manifest, "--low", "-1", "--high", "1") == 0
    before, after = Manifest.load()["face_short_range"], entry_of(network, "face_short_range")
    assert (after["origin"], after["licence"]) == (before.origin, before.licence)
    assert after["golden"]["tolerance"] == before.golden.tolerance
    assert "labels" not in after


def test_the_share_of_time_is_measured_where_none_is_given(network: Path) -> None:
    options = manifest_entry.parser().parse_args(["moods", str(network)])
    assert manifest_entry._reference_ratio(options) >= manifest_entry.LEAST_RATIO
