"""Which networks are opened: the expression's only when it is switched on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.schema import Expression, Inference
from edge.inference.manifest import Manifest
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
    assert set(nets.names()) == {"face_short_range", "face_full_range", "face_mesh", "iris", "eye_state", "mouth"}


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
    assert reason.count("_edgetpu.tflite beside the model") == 6
