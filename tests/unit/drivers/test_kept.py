"""What counts as a part of a baseline."""

from __future__ import annotations

from edge.drivers.kept import parts_of
from edge.types import (
    AlertBlinks,
    DriverBaseline,
    EyeBaseline,
)
from tests.support.drivers import PROVENANCE


def test_alert_blinks_are_a_part_of_their_own() -> None:
    blinks = AlertBlinks((1.0,) * 4, (0.1,) * 4, 30, 7)  # type: ignore[arg-type]  # any measures do
    eyes = EyeBaseline(0.9, 0.8, provenance=PROVENANCE, alert_blinks=blinks)
    parts = parts_of(DriverBaseline(eyes={"glasses": eyes}))
    assert set(parts) == {"eyes/glasses", "alert_blinks/glasses"}
    assert parts["eyes/glasses"].alert_blinks is None
