"""Golden answers tell a right network from a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge.inference.interpreter import Net
from edge.inference.manifest import Golden, GoldenOutput, Manifest
from edge.inference.verify import golden_input, golden_values, largest_difference, verify


def test_the_golden_input_is_fixed_for_ever() -> None:
    values = golden_input((1, 2, 2, 1), 1, 0.0, 1.0).ravel()
    assert values.tolist() == pytest.approx([2.3e-10, 0.6180340, 0.2360680, 0.8541020], abs=1e-6)
    assert golden_input((3,), 1, -1.0, 1.0).dtype == np.float32


def test_golden_values_take_first_and_last() -> None:
    assert golden_values(np.arange(100, dtype=np.float32).reshape(10, 10), 3).tolist() == [0.0, 50.0, 99.0]


def test_our_own_network_gives_its_golden_answer() -> None:
    manifest = Manifest.load()
    model = manifest["expression"]
    net = Net.open(manifest.resolve("expression"), "cpu", model=model)
    assert largest_difference(net, model) <= model.golden.tolerance


def test_another_answer_is_found_out() -> None:
    manifest = Manifest.load()
    model = manifest["expression"]
    expected = model.golden.outputs[0]
    wrong = Golden(
        seed=model.golden.seed,
        low=model.golden.low,
        high=model.golden.high,
        tolerance=model.golden.tolerance,
        outputs=(GoldenOutput(name=expected.name, values=tuple(v + 1.0 for v in expected.values)),),
    )
    net = Net.open(manifest.resolve("expression"), "cpu", model=model)
    assert largest_difference(net, msgspec.structs.replace(model, golden=wrong)) > model.golden.tolerance


def test_a_missing_network_is_a_verdict_not_an_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    verdicts = {verdict.name: verdict for verdict in verify(Manifest.load())}
    assert verdicts["expression"].ok
    assert not verdicts["iris"].ok
    assert "edge-dms models fetch" in verdicts["iris"].detail


@pytest.mark.models
@pytest.mark.parametrize("delegate", ["cpu", "xnnpack"])
def test_every_network_gives_its_golden_answer(fetched_models: None, delegate: Any) -> None:
    verdicts = list(verify(Manifest.load(), delegate))
    assert [verdict.detail for verdict in verdicts if not verdict.ok] == []
    assert len(verdicts) >= 5
