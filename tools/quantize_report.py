"""What quantizing changed in the decisions: float against int8 on the check pictures and on the golden frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from manifest_entry import read_rule

from edge.inference.golden import FRAMES, golden_frame
from edge.inference.manifest import GoldenDecision
from edge.inference.parity import observed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Outputs = Mapping[str, NDArray[np.float32]]

AGREEING: Final = 0.98
"""The share of equal decisions that we want of an int8 network [D]."""
POINTS_LOST: Final = 0.5
"""And what of its accuracy it may lose, in points [D]."""
Z: Final = 1.959963984540054


@dataclass(frozen=True)
class Decided:
    """One kind of decision over the check pictures."""

    rule: str
    count: int
    same: float
    low: float
    high: float
    """95 % interval of `same` (Wilson)."""
    float_right: float | None = None
    int8_right: float | None = None
    """Shares of pictures with a label that were decided rightly; None without labels."""
    labelled: int = 0

    @property
    def points_lost(self) -> float | None:
        """How much of its accuracy int8 lost, in points."""
        if self.float_right is None or self.int8_right is None:
            return None
        return 100.0 * (self.float_right - self.int8_right)

    def document(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self) | {"points_lost": self.points_lost}

    def text(self) -> str:
        """Return one line, with a word where it is less than we want."""
        said = f"{self.rule}: same decision {self.same:.4f} [{self.low:.4f}, {self.high:.4f}] on {self.count}"
        said += "" if self.same >= AGREEING else f", LESS THAN {AGREEING}"
        if self.points_lost is not None:
            said += f"; right {self.float_right:.4f} in float, {self.int8_right:.4f} in int8 on {self.labelled}"
            said += "" if self.points_lost <= POINTS_LOST else f", MORE THAN {POINTS_LOST} POINTS LOST"
        return said


def decisions(
    rules: Sequence[str], real: Outputs, twin: Outputs, labels: NDArray[np.int64] | None = None
) -> list[Decided]:
    """Compare the decisions on outputs (N, ...) of both; `labels` (N,) belong to the first rule, -1 is none."""
    found = []
    for number, text in enumerate(rules):
        fields, _ = read_rule(text, list(real), FRAMES)
        ours, others = (_decide_all(fields, side[fields["output"]]) for side in (real, twin))
        same = float((ours == others).mean())
        low, high = wilson(same, len(ours))
        right: dict[str, Any] = {}
        if labels is not None and number == 0:
            known = labels >= 0
            shares = [float((side[known] == labels[known]).mean()) for side in (ours, others)]
            right = {"float_right": shares[0], "int8_right": shares[1], "labelled": int(known.sum())}
        found.append(Decided(text, len(ours), same, low, high, **right))
    return found


def golden_inputs(shapes: Sequence[tuple[int, ...]], low: float, high: float) -> list[NDArray[np.float32]]:
    """Return every golden frame as one array an input."""
    return [np.concatenate([golden_frame(frame, shape, 1, low, high) for frame in FRAMES]) for shape in shapes]


def golden_decisions(rules: Sequence[str], real: Outputs, twin: Outputs) -> dict[str, dict[str, list[int]]]:
    """Return for each rule and golden frame what float and int8 decide; outputs are those of `golden_inputs`."""
    found: dict[str, dict[str, list[int]]] = {}
    for text in rules:
        fields, frames = read_rule(text, list(real), FRAMES)
        ours, others = (_decide_all(fields, side[fields["output"]]) for side in (real, twin))
        found[text] = {frame: [int(ours[k]), int(others[k])] for k, frame in enumerate(FRAMES) if frame in frames}
    return found


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share [S: Wilson 1927]."""
    centre = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    reach = Z * ((share * (1 - share) + Z * Z / (4 * count)) / count) ** 0.5 / (1 + Z * Z / count)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _decide_all(fields: dict[str, Any], outputs: NDArray[np.float32]) -> NDArray[np.int64]:
    if fields["rule"] == "top":
        return outputs.reshape(len(outputs), -1)[:, : fields.get("among")].argmax(axis=1)
    rule = GoldenDecision(frame="noise", **fields, expected=True)
    return np.array([observed(rule, output) > fields["threshold"] for output in outputs], np.int64)
