"""The manifest's entries: written for any network, kept where nothing new is said, refused where they make no sense."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path
from typing import Any

import pytest

from edge.inference.gate import examine, reference_ratio
from edge.inference.interpreter import Net
from edge.inference.manifest import Manifest
from edge.inference.parity import judge
from tests.unit.tools.test_quantize import TOOLS, load

manifest_entry = load("manifest_entry_under_test", TOOLS / "manifest_entry.py")

LABELS = ("neutral", "happiness", "sadness", "anger", "surprise", "disgust", "fear", "contempt")


@pytest.fixture
def network(tmp_path: Path, checkout: Path) -> Path:
    """Our own network with the manifest beside it, in a folder of its own."""
    shutil.copy(checkout / "models" / "manifest.json", tmp_path)
    return Path(shutil.copy(Manifest.load().resolve("expression"), tmp_path))


def write(monkeypatch: pytest.MonkeyPatch, name: str, file: Path, *options: str) -> int:
    monkeypatch.setattr("sys.argv", ["manifest_entry.py", name, str(file), "--ratio", "0.5", *options])
    return int(manifest_entry.main())


def entry_of(file: Path, name: str) -> dict[str, Any]:
    models = json.loads((file.parent / "manifest.json").read_text(encoding="utf-8"))["models"]
    (found,) = [model for model in models if model["name"] == name]
    return dict(found)


def test_the_command_of_the_card_still_writes_the_same_network(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = entry_of(network, "expression")
    options = ("--temperature", "0.714", "--abstain", "0.72", "--labels", *LABELS)
    assert write(monkeypatch, "expression", network, *options) == 0
    after = entry_of(network, "expression")
    same = ("file", "sha256", "bytes", "licence", "inputs", "outputs", "labels", "temperature", "abstain_below")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    for key in ("seed", "low", "high", "tolerance", "outputs"):
        assert after["golden"][key] == before["golden"][key]
    order = [model["name"] for model in json.loads((network.parent / "manifest.json").read_text())["models"]]
    assert order == list(Manifest.load().models)


def test_a_new_network_has_its_own_card_licence_purpose_outputs_and_decisions(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("--licence", "MIT", "--purpose", "tells moods", "--outputs", "moods:8", "--decide", "top:moods:7@face")
    assert write(monkeypatch, "moods", network, *said) == 0
    model = Manifest.read(network.parent / "manifest.json")["moods"]
    assert (model.licence, model.card, model.purpose) == ("MIT", "moods.card.md", "tells moods")
    assert model.outputs[0].name == model.golden.outputs[0].name == "moods"
    (decision,) = model.golden.decisions
    assert (decision.frame, decision.among, decision.expected) == ("face", 7, LABELS.index("neutral"))
    assert model.reference_ratio == {platform.machine(): 0.5}
    net = Net.open(network, "xnnpack", model=model)
    assert judge(examine(net, network, model, timed=False), reference_ratio(model)).fault is None


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
    rules = ("top:logits:7@face,mouth_closed", "above:logits:2.3:0@face")
    assert write(monkeypatch, "expression", network, "--decide", *rules) == 0
    decisions = entry_of(network, "expression")["golden"]["decisions"]
    assert [(one["rule"], one["frame"]) for one in decisions] == [("top", "face")]
    said = capsys.readouterr().err
    assert said.count("left out, 1.19 needed") == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--decide", "largest:logits"), "give top or above and one of the outputs logits"),
        (("--decide", "top:gaze"), "one of the outputs logits"),
        (("--decide", "above:logits"), "after the output come threshold:at:minus"),
        (("--decide", "top:logits:seven"), "seven are no numbers"),
        (("--decide", "top:logits@sunset"), "the frames are noise, face"),
        (("--decide", "above:logits:2.3:0@face"), "no decision is clear"),
        (("--outputs", "logits", "affect"), "names 2 outputs, the network has 1"),
        (("--outputs", "logits:3"), "fits 0 outputs of logits"),
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
    assert write(monkeypatch, "expression", network, *options) == 1
    assert said in capsys.readouterr().err
    assert (network.parent / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in network.parent.iterdir()) == ["expression_int8.tflite", "manifest.json"]


def test_several_outputs_are_ordered_named_and_tolerated_each() -> None:
    found = [{"name": f"out:{i}", "shape": [1, size], "dtype": "int8"} for i, size in enumerate((2, 8, 7))]
    ordered = manifest_entry._declared(found, ["logits:8", "fer2013:7", "out:0"])
    assert [(one["name"], one["shape"]) for one in ordered] == [
        ("logits", [1, 8]),
        ("fer2013", [1, 7]),
        ("out:0", [1, 2]),
    ]
    with pytest.raises(manifest_entry.MistakeError, match="logits fits 0 outputs"):
        manifest_entry._declared(found, ["logits", "fer2013:7", "out:0"])


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
    options = manifest_entry.parser().parse_args(["expression", str(network)])
    assert manifest_entry.LEAST_RATIO <= manifest_entry._reference_ratio(options) < 1.0
