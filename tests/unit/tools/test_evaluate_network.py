"""Which network is judged, and that a float file is given the values its int8 twin's bytes stand for."""

from __future__ import annotations

import json
from pathlib import Path

import evaluate
import numpy as np
import pytest
from evaluation.answers import Answer
from evaluation.expression import ExpressionJudge
from evaluation.network import FloatTwin, open_network
from evaluation.task import Request
from train.tflite_graph import FloatGraph

from edge.config.schema import Config, Inference
from edge.inference.manifest import Manifest
from edge.verbs.outcome import Complaint
from edge.vision.expression import network_input, probabilities
from tests.support.picture_sets import picture, write_set

SLOPES = np.array([0, 2, -2, 1, 0, 0, 0, 0], np.float32)
BIAS = np.array([1, 0, 0, 0, 0, 0, 0, -1], np.float32)
OLDER_BIAS = np.array([0, 0, 0, 3, 0, 0, 0], np.float32)
TEMPERATURE = Manifest.load()["expression"].temperature


@pytest.fixture(scope="module")
def float_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logits that depend on the mean of the input alone, and a head for the older labels that is always angry."""
    graph = FloatGraph("crop", (1, 48, 48, 1))
    one = np.ones((1, 1, 1, 1), np.float32)
    x = graph.conv(graph.input, "stem", one, np.zeros(1, np.float32), stride=1, relu6=False)
    mean = graph.spatial_mean(x, "mean")
    older = graph.fully_connected(mean, "fer2013", np.zeros((7, 1), np.float32), OLDER_BIAS)
    logits = graph.fully_connected(mean, "logits", SLOPES[:, None], BIAS)
    path = tmp_path_factory.mktemp("networks") / "float.tflite"
    path.write_bytes(graph.finish([older, logits], "test"))
    return path


def test_a_float_file_sees_grey_over_128_minus_one(float_file: Path) -> None:
    crop = picture(4)
    answer = ExpressionJudge(Request("expression", Path(), Config(), model=str(float_file))).of_crop(crop)
    logits = SLOPES * (network_input(crop).mean() / 128.0) + BIAS
    assert list(answer.probabilities.values()) == pytest.approx(probabilities(logits, TEMPERATURE), abs=1e-4)


def test_the_head_for_the_older_labels_is_found_by_its_name(float_file: Path) -> None:
    request = Request("expression", Path(), Config(), model=str(float_file), label_source="fer2013")
    answer: Answer = ExpressionJudge(request).of_crop(picture(4))
    assert len(answer.probabilities) == 7
    assert answer.probabilities["anger"] == pytest.approx(probabilities(OLDER_BIAS, TEMPERATURE)[3], abs=1e-4)


def test_an_answer_below_the_bar_is_abstained_and_counts(
    float_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a mean of nothing neutral has .58 of the published classes: less than the network must have to speak."""
    write_set(tmp_path, [{"file": "1.png", "label": "neutral"}, {"file": "2.png", "label": "fear"}])
    assert evaluate.main(["expression", str(tmp_path), "--json", "--model", str(float_file)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["abstained"], document["accuracy"]) == (2, 2, 0.5)
    assert document["network"]["input"] == "float32"


def test_bytes_and_floats_are_told_apart() -> None:
    class Taking:
        choice = None
        input_shapes = output_shapes = input_types = ()

        def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
            return inputs

    grey, shape = FloatTwin(Taking()).run((np.array([-128, 64], np.int8), np.array([5.0], np.float32)))
    assert (grey.tolist(), shape.tolist()) == ([-1.0, 0.5], [5.0])


def test_another_kind_of_network_is_refused(tmp_path: Path) -> None:
    graph = FloatGraph("crop", (1, 8, 8, 1))
    mean = graph.spatial_mean(graph.input, "mean")
    path = tmp_path / "other.tflite"
    path.write_bytes(graph.finish(graph.fully_connected(mean, "three", np.ones((3, 1), np.float32), BIAS[:3]), "test"))
    with pytest.raises(Complaint, match=r"other.tflite is no expression network \(it takes \(\(1, 8, 8, 1\),\)"):
        ExpressionJudge(Request("expression", Path(), Config(), model=str(path)))


def test_a_task_whose_network_is_not_there_says_so() -> None:
    with pytest.raises(Complaint, match=r"mouth needs a network 'nobody', which .* does not have; give one as --model"):
        open_network("mouth", "nobody", None, Inference())
