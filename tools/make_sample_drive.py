"""Make the bundled sample drive: ``python tools/make_sample_drive.py``.

Film, truth file and contact sheet go to ``--out``; then the film is read back and checked by measures that did not
take part in making it. Exit code 1 when it does not show what the script says.

Needs ``pip install -r tools/sample_drive/requirements.txt`` beside edge-dms itself, and the fetched networks
(``edge-dms models fetch``). The same versions give the same pixels.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sample_drive.check import check
from sample_drive.contact import write_contact_sheet
from sample_drive.encode import write_film
from sample_drive.measure import measure, read_frames
from sample_drive.portrait import load_portrait
from sample_drive.portrait_mesh import read_mesh
from sample_drive.scene import frames
from sample_drive.script import frame_count
from sample_drive.truth import truth
from tqdm import tqdm

from edge.inference.manifest import ModelError


def main() -> int:
    """Make, check, write the truth."""
    parser = argparse.ArgumentParser(description="Make the bundled sample drive.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "sample_drive", help="folder")
    parser.add_argument("--check-only", action="store_true", help="check the film that is there")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    film = arguments.out / "drive.mp4"
    try:
        if not arguments.check_only:
            portrait = load_portrait()
            scenes = frames(portrait, read_mesh(portrait.rgb))
            write_film(film, tqdm(scenes, total=frame_count(), desc="filming", unit="frame", disable=None))
            write_contact_sheet(arguments.out / "contact.png", read_frames(film))
        seen = tqdm(read_frames(film), total=frame_count(), desc="checking", unit="frame", disable=None)
        verdict = check(list(measure(seen)))
    except (OSError, ValueError, ModelError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(verdict.table())
    document = truth(film=film.name, anger_expected=verdict.anger_convinces)
    (arguments.out / "drive.truth.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
