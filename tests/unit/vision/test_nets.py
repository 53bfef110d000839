"""Which networks are opened: the expression's only when it is switched on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.schema import Expression, Inference
from edge.inference.manifest import Manifest, ModelError
from edge.vision.nets import open_nets

pytestmark = pytest.mark.models


class Watched(Manifest):
    """Notes which files are asked for."""

    asked: list[str]

    def resolve(self, name: str) -> Path:
        self.asked.append(name)
        return super().resolve(name)


@pytest.fixture
def manifest(fetched_models: None) -> Watched:
    watched = Watched.load()
    assert isinstance(watched, Watched)
    watched.asked = []
    return watched


def test_the_expression_network_is_never_touched_when_it_is_off(manifest: Watched) -> None:
    nets = open_nets(Inference(), Expression(enabled=False), manifest=manifest)
    assert nets.expression is None
    assert "expression" not in manifest.asked
    detectors = {"face_short_range", "face_full_range"}
    assert set(nets.names()) == detectors | {"face_mesh", "iris", "eye_state", "eye_hidden", "mouth"}


def test_the_full_range_net_is_checked_at_once_and_opened_when_it_is_needed(manifest: Watched) -> None:
    nets = open_nets(Inference(), Expression(), manifest=manifest)
    assert "face_full_range" in manifest.asked
    assert "face_full_range" not in nets.by_name()
    net = nets.full_range()
    assert nets.full_range() is net
    assert nets.by_name()["face_full_range"] is net


def test_all_networks_open_on_the_back_end_asked_for(manifest: Watched) -> None:
    nets = open_nets(Inference(delegate="cpu"), Expression(), manifest=manifest)
    assert {net.choice.name for net in nets.by_name().values()} == {"cpu"}
    assert nets.degraded_reason() is None


def test_an_edge_tpu_that_is_not_there_is_said_for_each_network(manifest: Watched, tmp_path: Path) -> None:
    nets = open_nets(Inference(delegate="edgetpu"), Expression(), manifest=manifest, state_dir=str(tmp_path))
    used = {name: net.choice.name for name, net in nets.by_name().items()}
    assert used.pop("expression_fusion") == "cpu"
    assert set(used.values()) == {"xnnpack"}
    reason = nets.degraded_reason()
    assert reason is not None
    assert reason.count("_edgetpu.tflite beside the model") == 7


@pytest.mark.parametrize(("variant", "name"), [("float", "face_short_range"), ("int8", "face_short_range_int8")])
def test_the_detector_is_the_one_that_was_asked_for(manifest: Watched, variant: str, name: str) -> None:
    nets = open_nets(Inference(detector_variant=variant), Expression(enabled=False), manifest=manifest)
    assert (nets.short_range_name, nets.short_range_reason) == (name, "as configured")
    assert nets.by_name()[name] is nets.short_range
    assert name in nets.names()
    assert len({"face_short_range", "face_short_range_int8"} & set(manifest.asked)) == 1


def test_the_detector_is_timed_and_the_reason_says_what_was_found(manifest: Watched) -> None:
    nets = open_nets(Inference(), Expression(enabled=False), manifest=manifest)
    assert {"face_short_range", "face_short_range_int8"} <= set(manifest.asked)
    assert "of float's time on xnnpack, measured" in nets.short_range_reason


def test_a_manifest_without_the_int8_detector_still_works(manifest: Watched) -> None:
    del manifest.models["face_short_range_int8"]
    nets = open_nets(Inference(), Expression(enabled=False), manifest=manifest)
    assert nets.short_range_name == "face_short_range"
    assert nets.short_range_reason.startswith("no face_short_range_int8 in ")
    with pytest.raises(ModelError, match="no network named 'face_short_range_int8'"):
        open_nets(Inference(detector_variant="int8"), Expression(enabled=False), manifest=manifest)
