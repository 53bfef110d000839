"""The verbs on real pictures: the bundled drive through the real networks, with tolerance above the replay border."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import pytest

from edge.cli import main
from edge.inference.manifest import Manifest, ModelError
from edge.replay.stream import read_members
from edge.types import FaceObservation

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 45


@pytest.fixture(scope="module", autouse=True)
def networks() -> None:
    manifest = Manifest.load()
    try:
        for name in manifest.models:
            manifest.resolve(name)
    except ModelError as error:
        pytest.skip(f"the networks are not here: {error}")


@pytest.fixture(scope="module")
def film(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 45 pictures of the bundled drive, as a folder: quick, and it tests folders too."""
    folder = tmp_path_factory.mktemp("film")
    capture = cv2.VideoCapture(str(checkout / "tools" / "sample_drive" / "drive.mp4"))
    for i in range(FRAMES):
        read, picture = capture.read()
        assert read
        cv2.imwrite(str(folder / f"{i}.png"), picture)
    capture.release()
    return folder


pytestmark = pytest.mark.models


def test_record_then_replay_gives_the_decisions_of_the_film(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream, from_film, from_stream = tmp_path / "s.jsonl", tmp_path / "film.jsonl", tmp_path / "stream.jsonl"
    assert main(["record", str(film), str(stream), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "input": str(film),
        "output": str(stream),
        "frames": FRAMES,
        "lines": FRAMES,
        "unreadable": 0,
    }
    members = list(read_members(stream))
    assert [member.t_ns for member in members[:2]] == [0, pytest.approx(33_333_333, abs=1)]
    assert sum(isinstance(member, FaceObservation) and member.face is not None for member in members) >= FRAMES - 1
    assert main(["replay", str(film), "--decisions", str(from_film), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["frames"] == FRAMES
    assert document["duration_s"] == pytest.approx(1.5, abs=0.01)
    assert document["face_fraction"] >= 0.97
    assert document["alerts"] == []
    assert main(["replay", str(stream), "--decisions", str(from_stream)]) == 0
    assert from_film.read_bytes() == from_stream.read_bytes()


def test_one_unreadable_picture_is_passed_over_and_said(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "film"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i}.png").write_bytes((film / f"{i}.png").read_bytes() if i != 3 else b"not a picture")
    assert main(["record", str(folder), str(tmp_path / "s.jsonl"), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["frames"] == 5
    assert f"1 picture of {folder} could not be decoded" in captured.err


def test_bench_is_one_line_with_the_promised_figures(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(film), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    result = json.loads(lines[0])
    assert result["frames"] == FRAMES
    assert set(result) == {
        "frames", "wall_ms", "cpu_ms", "bare_invoke_cpu_ms", "ratio", "peak_rss_mb", "cold_start_s", "models",
    }  # fmt: skip
    assert set(result["wall_ms"]) == {"p50", "p95", "p99"}
    assert set(result["cpu_ms"]) == {"p50", "p95", "p99", "mean"}
    assert result["cpu_ms"]["mean"] > result["bare_invoke_cpu_ms"] * 0.5 > 0
    assert result["models"]["face_mesh"]["invokes_per_frame"] >= 0.9
    (detector,) = {"face_short_range", "face_short_range_int8"} & set(result["models"])
    assert result["models"][detector]["chosen"]


@pytest.mark.parametrize("verb", ["replay", "bench"])
def test_what_is_no_film_is_refused_in_one_line(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "drive.mp4"
    path.write_bytes(b"no film at all")
    assert main([verb, str(path), "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith(f"edge-dms {verb}: {path}")
    said = captured.err.removeprefix(f"edge-dms {verb}: ").rstrip("\n")
    assert json.loads(captured.out) == {"error": said, "exit_code": 1}
