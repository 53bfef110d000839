"""Each indicator has its picture, and the pictures are what the program draws from the recorded drive."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import plot_indicators
import pytest
from indicator_pictures.catalogue import PICTURES, closed_spans, deep_sum
from indicator_pictures.drive import Drive, Part, judged, members
from indicator_pictures.svg import Mark, Panel, drawing

README = Path(__file__).parents[3] / "edge" / "indicators" / "README.md"
FILES = sorted(plot_indicators.FOLDER.glob("*.svg"))


@pytest.fixture(scope="module")
def drive() -> Drive:
    return judged(members())


def rows() -> list[str]:
    """Return the names in the first column of the table."""
    table = re.findall(r"^\| (`[^|]+`) \|", README.read_text(), re.MULTILINE)
    return [name for cell in table for name in re.findall(r"`([^`]+)`", cell)]


def test_every_indicator_of_the_table_has_one_picture_and_the_page_shows_it() -> None:
    pictured = [name for picture in PICTURES for name in picture.indicators]
    assert sorted(pictured) == sorted(rows())
    shown = re.findall(r"\]\(pictures/(\w+)\.svg\)", README.read_text())
    assert sorted(shown) == sorted(picture.file for picture in PICTURES)


def test_the_program_draws_the_same_bytes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["plot_indicators.py", "--check"])
    code = plot_indicators.main()
    assert (code, capsys.readouterr().err) == (0, "")


def test_a_picture_that_is_out_of_date_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot_indicators, "FOLDER", tmp_path)
    monkeypatch.setattr(plot_indicators, "pictures", lambda: {"a.svg": "<svg/>", "b.svg": "<svg/>"})
    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "gone.svg").write_text("<svg/>")
    monkeypatch.setattr(sys, "argv", ["plot_indicators.py", "--check"])
    assert plot_indicators.main() == 1
    told = capsys.readouterr().err
    assert "a.svg" not in told
    assert "b.svg" in told
    assert "gone.svg" in told
    monkeypatch.setattr(sys, "argv", ["plot_indicators.py"])
    assert plot_indicators.main() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "b.svg"]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_picture_is_small_whole_and_made_of_numbers(file: Path) -> None:
    assert file.stat().st_size < 40_000
    root = ET.fromstring(file.read_text())  # noqa: S314 - our own file
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "style", "rect", "path", "text"}
    assert "prefers-color-scheme:dark" in file.read_text()
    curves = [element for element in root.iter() if (element.get("class") or "").startswith("c c")]
    assert curves, "every picture shows at least one curve"


def test_the_shaded_time_is_what_perclos_counts(drive: Drive) -> None:
    """The picture works the sum out on its own way; the indicator must agree with it."""
    summed = dict(deep_sum(drive.curves["openness"]))
    seen = [(t_s, value) for t_s, value in drive.curves["perclos60"] if value is not None and 40.0 < t_s < 59.5]
    assert len(seen) > 300
    # All eyes are seen up to here, so the time seen is the time since the start, a minute at most.
    outside = [t_s for t_s, value in seen if abs(summed[t_s] / min(t_s, 60.0) - value) > 0.012]
    assert len(outside) < 0.05 * len(seen)
    t_s, value = seen[-1]
    assert summed[t_s] / t_s == pytest.approx(value, abs=0.002)


def test_closures_end_with_their_last_closed_moment() -> None:
    curve = [(0.0, 1.0), (0.1, 0.2), (0.2, 0.1), (0.3, 0.4), (0.4, 0.6), (0.5, 0.1), (0.6, None), (0.7, 0.9)]
    assert closed_spans(curve) == [(0.1, 0.3), (0.5, 0.7)]


def test_parts_follow_each_other_without_a_pause() -> None:
    played = members((Part(0.0, 1.0, 2), Part(50.0, 51.0, 1)))
    steps = {later.t_ns - earlier.t_ns for earlier, later in pairwise(played)}
    assert len(played) == 90
    assert max(steps) - min(steps) <= 2


def test_a_curve_breaks_where_nothing_was_seen_and_no_blink_gets_lost() -> None:
    curve = [(index / 1000, 1.0) for index in range(1000)]
    curve[500] = (0.5, 0.0)
    curve[700:800] = [(t_s, None) for t_s, _ in curve[700:800]]
    text = drawing("x", [Panel("p", 0.0, 1.0, [("c", curve)], (Mark(0.5, "half"),))], 0.0, 1.0)
    path = re.search(r'class="c c0" d="([^"]+)"', text)
    assert path is not None
    assert path[1].count("M") == 2
    # The bottom of the panel, which only the one low sample reaches.
    assert re.search(r" 122\.0", path[1])
    assert len(text) < 5000
