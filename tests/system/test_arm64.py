"""An arm64 Debian under an emulator: installed from the offline bundle, its networks checked, its decisions x86's."""

from __future__ import annotations

import gzip
import json
import platform
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import pytest

from edge.config.schema import Config
from tests.support import clean_root
from tests.support.bundles import bundle_folder
from tests.support.checkout import CHECKOUT, DRIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.figures import Figures

pytestmark = [
    pytest.mark.full,
    pytest.mark.models,
    pytest.mark.usefixtures("fetched_models"),
    pytest.mark.timeout(7200),
]

RELEASE = "/opt/edge-dms/releases"
FILM_FRAMES = range(810, 910)
"""Of the drive, at 30 a second: the eyes close for 1.8 s."""
OLDEST_EMULATOR = 10
"""qemu-user 7.2 ends ai-edge-litert 2.2 and 2.3 with a segmentation fault where /sys is visible; 10.0 runs them."""
CONFIGURATION = """\
version: 2
camera: {source: synthetic, fps: 30}
inference: {delegate: cpu}
mqtt: {enabled: false}
"""
NEAR = {"yaw_deg": 1.0, "pitch_deg": 1.0, "roll_deg": 1.0, "mouth_ratio": 0.02}
"""How far any frame of the same film may be seen otherwise: a degree, a twentieth of a yawn [D]."""
EYES = ("eye_openness_left", "eye_openness_right")
MEDIAN_NEAR = 0.01
"""Of the openness, where 0 is closed and 1 open [D]. Single frames differ by more, as the eye nets run when a lid may
have moved: which side of the thresholds they lie on must be the same."""


def emulator_is_too_old() -> str:
    """Why the networks cannot run here, or an empty string."""
    if platform.machine() == "aarch64":
        return ""
    handler = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64").read_text()
    interpreter = re.search(r"^interpreter (\S+)", handler, re.MULTILINE)
    assert interpreter is not None
    # Under the name that the kernel calls, it takes its arguments otherwise.
    program = Path(interpreter[1]).resolve()
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\d+)", said)
    if version is not None and int(version[1]) >= OLDEST_EMULATOR:
        return ""
    return (
        f"{said.splitlines()[0]} is too old for the networks: sudo apt install -t bookworm-backports qemu-user-static"
    )


class Board:
    """The arm64 root: commands run in it without a network."""

    def __init__(self, root: Path, shown: dict[str, Path]) -> None:
        self._enter = ["unshare", "--net", *clean_root.entering(root, shown)]

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [*self._enter, "env", "HOME=/root", "XDG_CACHE_HOME=/nonexistent", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5400)
        assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done

    def edge_dms(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("sh", "-c", f'exec {RELEASE}/*/venv/bin/edge-dms "$@"', "sh", *words, check=check)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that both machines see: pictures, a stream, a configuration."""
    reason = clean_root.missing("bookworm-arm64") or emulator_is_too_old()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("arm64")
    pictures = folder / "work" / "pictures"
    pictures.mkdir(parents=True)
    film = cv2.VideoCapture(str(DRIVE))
    for number in range(FILM_FRAMES.stop):
        _, picture = film.read()
        if number in FILM_FRAMES:
            cv2.imwrite(str(pictures / f"{number:05d}.png"), picture)
    film.release()
    (folder / "work" / "dms.yaml").write_text(CONFIGURATION)
    yield folder / "work"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def board(work: Path) -> Board:
    """Installed as on a board without internet."""
    root = clean_root.unpack("bookworm-arm64", work.parent)
    made = Board(root, {"/bundles": bundle_folder("3.11", "aarch64"), "/work": work})
    assert made.run("uname", "-m").stdout.strip() == "aarch64"
    made.run("sh", "-ec", "tar -xzf /bundles/*.tar.gz -C /root && bash /root/edge-dms-*/install.sh --no-apt --no-start")
    return made


def here(*words: str) -> None:
    """The same command on this machine."""
    subprocess.run([sys.executable, "-m", "edge", *words], check=True, capture_output=True, cwd=CHECKOUT)


def lines(path: Path, kind: str) -> list[dict[str, Any]]:
    parsed = [json.loads(line) for line in path.read_text().splitlines()]
    return [entry for entry in parsed if entry["type"] == kind]


def test_it_is_installed_offline_and_answers_as_measured(board: Board, figure: Figures) -> None:
    board.edge_dms("check", "/work/dms.yaml")
    # An emulator's times are no board's.
    done = board.edge_dms("models", "verify", "--untimed", "--json", check=False)
    checked = json.loads(done.stdout)["models"]
    wrong = [entry["detail"] for entry in checked if not entry["ok"]]
    assert wrong == []
    figure("arm64", "networks that answer otherwise than measured", len(wrong), at_most=0)
    figure("arm64", "networks checked", len(checked), at_least=9)
    figure("arm64", "of them on XNNPACK", sum(entry["delegate"] == "xnnpack" for entry in checked), at_least=8)


def test_a_stream_is_decided_byte_for_byte_as_on_x86(board: Board, work: Path, figure: Figures) -> None:
    packed = CHECKOUT / "tools" / "sample_drive" / "drive.stream.jsonl.gz"
    (work / "drive.jsonl").write_bytes(gzip.decompress(packed.read_bytes()))
    words = ("--config", "{0}/dms.yaml", "--speed-kmh", "80", "--decisions", "{0}/{1}.jsonl", "{0}/drive.jsonl")
    board.edge_dms("replay", *(word.format("/work", "stream-arm64") for word in words))
    here("replay", *(word.format(work, "stream-here") for word in words))
    ours, theirs = ((work / name).read_bytes() for name in ("stream-here.jsonl", "stream-arm64.jsonl"))
    assert b'"kind":"microsleep"' in ours
    different = sum(a != b for a, b in zip(ours.splitlines(), theirs.splitlines(), strict=True))
    figure("arm64", "decisions on the recorded drive that differ", different, at_most=0)
    figure("arm64", "decisions on the recorded drive", len(ours.splitlines()), at_least=50)


def test_a_film_is_seen_and_decided_as_on_x86(board: Board, work: Path, figure: Figures) -> None:
    words = ("--config", "{0}/dms.yaml", "--speed-kmh", "80", "--observations", "{0}/seen-{1}.jsonl")
    words += ("--decisions", "{0}/film-{1}.jsonl", "{0}/pictures")
    board.edge_dms("replay", *(word.format("/work", "arm64") for word in words))
    here("replay", *(word.format(work, "here") for word in words))
    ours, theirs = (lines(work / f"seen-{name}.jsonl", "face") for name in ("here", "arm64"))
    assert len(ours) == len(theirs) > 90
    for key, near in NEAR.items():
        pairs = [(a[key], b[key]) for a, b in zip(ours, theirs, strict=True) if a.get(key) is not None]
        off = max(abs(a - b) for a, b in pairs)
        figure("arm64", f"largest difference of {key} in {len(ours)} frames", round(off, 4), at_most=near)
    openness = Config().rules.openness
    for eye in EYES:
        pairs = [(a[eye], b[eye]) for a, b in zip(ours, theirs, strict=True)]
        median = statistics.median(abs(a - b) for a, b in pairs)
        figure("arm64", f"median difference of {eye}", round(median, 4), at_most=MEDIAN_NEAR)
        figure("arm64", f"largest difference of {eye}", round(max(abs(a - b) for a, b in pairs), 4))
        split = sum(
            (a < openness.closed_below) != (b < openness.closed_below)
            or (a > openness.reopened_above) != (b > openness.reopened_above)
            for a, b in pairs
        )
        figure("arm64", f"frames on the other side of a threshold, {eye}", split, at_most=0)
    told = [
        [(entry["kind"], entry["level"], entry["phase"], entry["t_ns"]) for entry in lines(path, "alert")]
        for path in (work / "film-here.jsonl", work / "film-arm64.jsonl")
    ]
    assert told[0], "the closure is told"
    figure("arm64", "alerts on the film that differ", len(set(told[0]) ^ set(told[1])), at_most=0)
    assert told[0] == told[1]
