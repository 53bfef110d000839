"""Hidden-eye weights to a float .tflite, and the pictures that the quantizer needs.

``python tools/train/hidden_export.py --run build/train/hidden/final`` writes ``hidden_float.tflite``,
``calibration.npz`` and ``check.npz`` into the run's folder. The .npz files hold eyes: they stay in the build folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from eye_export import to_tflite
from eye_state import batch_of
from float_file import write_float_file
from hidden import LENSED_SHARE, drawing_chances, hidden_net
from hidden_augment import HiddenAugmenter
from hidden_data import load_hidden

PICTURES = 800
"""As many to set the scales as to compare the files [D]."""


def main() -> None:
    """Read the command line, export, check against PyTorch and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eyes", type=Path, default=Path("build/train/eye_state/harvest"))
    parser.add_argument("--run", type=Path, default=Path("build/train/hidden/final"))
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    net = hidden_net()
    net.load_state_dict(torch.load(options.run / "last.pt", weights_only=True))
    known = load_hidden(options.eyes)
    chances = drawing_chances(known)
    drawn = np.random.default_rng(options.seed).choice(len(known), 2 * PICTURES, replace=False, p=chances)
    augment = HiddenAugmenter(options.seed)

    def pictures(index: np.ndarray) -> torch.Tensor:
        lensed = torch.rand(len(index), generator=augment.random) < LENSED_SHARE
        return augment.with_lenses(batch_of(known.eyes, index), lensed & ~torch.from_numpy(known.hidden[index]))

    used = {"calibration": pictures(drawn[:PICTURES]), "check": pictures(drawn[PICTURES:])}
    model = to_tflite(net, "hidden", "Hidden eye: logit of a lens that hides it")
    write_float_file(options.run, "hidden", model, net, used)


if __name__ == "__main__":
    main()
