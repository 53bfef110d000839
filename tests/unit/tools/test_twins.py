"""Calibrating twins: ranges, losses, the search and the line between the frames of calibration and of measuring."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from twins.figures import Table, overlap
from twins.pictures import CALIBRATION_CLIPS, read_pictures
from twins.ranges import _part, free_tensors, gain_exponents, input_quantization, scale_and_zero
from twins.search import FACTORS, search
from twins.tasks import TASKS, detector_loss, detector_ranges, mesh_loss, with_nights

from edge.inference.conversion.quantized import simplified
from edge.vision.landmarks import EYE_CORNERS
from tests.support.tiny_net import detector_like

DETECTOR, MESH = TASKS["face_short_range"], TASKS["face_mesh"]


def detector_outputs(shift: float = 0.0, logit: float = 3.0, junk: float = -50.0) -> tuple[np.ndarray, ...]:
    """One anchor of the first layer sees a face 40 pixels wide."""
    near, far = np.full((512, 16), 900.0, np.float32), np.full((384, 16), -700.0, np.float32)
    near[100] = [5 + shift, 5, 40, 40, -8 + shift, -8, 8 + shift, -8, *[0] * 8]
    near_logits, far_logits = np.full(512, junk, np.float32), np.full(384, junk, np.float32)
    near_logits[100] = logit
    return (
        near.reshape(1, 16, 16, 32),
        far.reshape(1, 8, 8, 96),
        near_logits.reshape(1, 16, 16, 2),
        far_logits.reshape(1, 8, 8, 6),
    )


def test_a_twin_that_answers_alike_has_no_loss_whatever_the_other_anchors_say() -> None:
    assert detector_loss(detector_outputs(), detector_outputs()) == 0.0
    assert detector_loss(detector_outputs(junk=-50.0), detector_outputs(junk=-5.0)) == 0.0


def test_box_score_and_invented_faces_are_each_a_loss() -> None:
    real = detector_outputs()
    # Four of the eight numbers are off by 2 of 40 pixels.
    assert detector_loss(real, detector_outputs(shift=2.0)) == pytest.approx(0.5 * 3 / 4 * 2 / 40, rel=0.4)
    assert detector_loss(real, detector_outputs(logit=1.0)) > 0.02
    assert detector_loss(real, detector_outputs(junk=0.5)) > 100


def test_ranges_hold_what_faces_say_and_leave_the_rest_out() -> None:
    far_face = detector_outputs()
    far_face[1].reshape(384, 16)[7] = 30.0
    far_face[3].reshape(384)[7] = 2.0
    near, far, logits, same = detector_ranges([far_face])
    assert near == (pytest.approx(-8.8), pytest.approx(44.0))
    assert far == (pytest.approx(33.0), pytest.approx(33.0))
    assert logits == same == (pytest.approx(-3.3), pytest.approx(3.3))


def test_points_count_against_the_distance_of_the_eyes() -> None:
    points = np.zeros((468, 3), np.float32)
    points[EYE_CORNERS] = [[50, 90, 0], [150, 90, 0]]
    real = (points.reshape(1, 1, 1, -1), np.array([[5.0]], np.float32))
    moved = points.copy()
    moved[:, 1] += 1.0
    assert mesh_loss(real, real) == 0.0
    assert mesh_loss(real, (moved.reshape(1, 1, 1, -1), real[1])) == pytest.approx(0.02)
    assert mesh_loss(real, (real[0], np.array([[-5.0]], np.float32))) == pytest.approx(0.05, rel=0.05)


def test_grey_less_128_is_the_input_of_both() -> None:
    assert input_quantization(DETECTOR) == (pytest.approx(2 / 255), 0)
    assert input_quantization(MESH) == (pytest.approx(1 / 255), -128)


def test_a_range_always_holds_zero_exactly() -> None:
    for low, high in ((-3.0, 5.0), (2.0, 5.0), (-5.0, -2.0), (0.0, 0.0)):
        scale, zero = scale_and_zero(low, high)
        assert -128 <= zero <= 127
        assert scale * (127 - zero) >= high - scale
        assert scale * (-128 - zero) <= low + scale


def test_tensors_of_pooling_and_padding_have_no_range_of_their_own() -> None:
    graph = simplified(detector_like(), ("near", "far"))
    assert free_tensors(graph) == ["stem/relu", "filter1", "project1", "block1", "filter2", "project2", "block2"]


def test_gains_even_out_the_channels() -> None:
    graph = simplified(detector_like(), ("near", "far"))
    values = np.ones((200, 8), np.float32) * 2.0 ** np.array([0, 0, 0, 8, 0, 0, 0, -8], np.float32)
    filler = np.ones((200, 12), np.float32)
    found = gain_exponents(graph, {"filter1": values, "filter2": filler})
    assert found["filter1"][3] - found["filter1"][0] in (3, 4, 5)
    assert found["filter1"][7] - found["filter1"][0] in (-3, -4, -5)
    assert set(map(abs, found["filter2"])) <= {0, 1}


def test_only_the_face_is_looked_at() -> None:
    values = np.arange(64, dtype=np.float32).reshape(8, 8, 1)
    assert _part(values, (0.25, 0.5, 0.5, 0.75)).ravel().tolist() == [34, 35, 42, 43]
    assert _part(values, (-0.5, -0.5, 0.01, 0.01)).ravel().tolist() == [0]
    assert _part(values[:1, :1], (0.2, 0.2, 0.4, 0.4)).ravel().tolist() == [0]


def test_some_crops_come_once_more_in_little_light() -> None:
    crops = [np.full((4, 4), 200, np.uint8)] * 7
    assert [int(crop[0, 0]) for crop in with_nights(iter(crops))] == [200, 80, 200, 200, 200, 200, 200, 200, 80]


def test_the_search_keeps_what_helps_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    tried: list[str] = []

    def loss(ranges: dict[str, tuple[float, float]]) -> float:
        return abs(ranges["a"][1] - 1.8) + abs(ranges["b"][1] - 0.6)

    def stopping(names: list[str]) -> list[str]:
        return names[:1]

    start = {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}
    notebook = tmp_path / "search.json"
    first, _ = search(start, ["a", "b"], loss, notebook, sweeps=1, watched=stopping)
    assert (first["a"][1], first["b"][1]) == (1.8, 1.0)
    assert json.loads(notebook.read_text())["done"] == 1
    found, least = search(start, ["a", "b"], lambda r: tried.append("") or loss(r), notebook, sweeps=1, watched=list)
    assert (found["a"][1], found["b"][1]) == (1.8, 0.6)
    assert least == pytest.approx(0.0)
    assert len(tried) == 1 + len(FACTORS)


def test_figures_leave_out_what_could_not_be_measured() -> None:
    table = Table()
    for value in (0.1, 0.3, float("nan")):
        table.add("frame", {"shift": value, "found": 1.0})
    figures = table.figures()
    assert (figures["shift"]["n"], figures["shift"]["mean"]) == (2, pytest.approx(0.2))
    assert (figures["found"]["mean"], figures["found"]["high"]) == (1.0, 1.0)
    assert figures["found"]["low"] < 0.5


def test_overlap_of_boxes() -> None:
    assert overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1.0
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 1, 1), (2, 2, 3, 3)) == 0.0


@pytest.mark.data
@pytest.mark.full
def test_no_person_is_on_both_sides_of_the_line(data_dir: Path) -> None:
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    counts = {True: 0, False: 0}
    for picture in read_pictures(data_dir):
        counts[picture.calibration] += 1
        sides[picture.calibration].add(f"{picture.source}/{picture.group}")
    assert not sides[True] & sides[False]
    assert counts[True] > 300
    assert counts[False] > 1500
    assert not any(f"{group}.mp4".endswith(CALIBRATION_CLIPS) for group in sides[False] if group.startswith("clips/"))
