"""The fleet console's files: nothing from outside, no markup out of text, what is vendored is what is written."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

CONSOLE = Path(__file__).parents[3] / "tools" / "fleet_console"
OWN = sorted(path for path in CONSOLE.iterdir() if path.suffix in {".js", ".css", ".html"})
TEXT_PAIRS = [("ink", "page"), ("ink", "panel"), ("soft", "page"), ("soft", "panel")] + [
    (name, back) for name in ("call", "watch", "calm", "silent", "off") for back in (f"{name}-soft", "panel")
]


def test_the_vendored_file_is_the_one_that_is_written_down() -> None:
    digest = hashlib.sha256((CONSOLE / "vendor" / "mqtt.min.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in (CONSOLE / "vendor" / "README.md").read_text()
    assert "MIT License" in (CONSOLE / "vendor" / "mqtt.LICENSE.txt").read_text()


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_text_never_becomes_markup_or_code(path: Path) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\(['\"`]|javascript:"
    )
    assert re.findall(forbidden, path.read_text()) == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    addresses = set(re.findall(r"(?:https?|wss?)://[^\s\"'`)<]+", path.read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg", "wss://broker.example.org:8084/mqtt", "wss://HOST:PORT/PATH"}


def test_the_page_names_only_files_that_are_there() -> None:
    page = (CONSOLE / "index.html").read_text()
    names = re.findall(r"(?:src|href)=\"([^\"#:]+)\"", page)
    assert set(names) >= {path.name for path in OWN if path.suffix == ".js"}
    assert [name for name in names if not (CONSOLE / name).is_file()] == []


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [":root {", ':root[data-theme="dark"] {'])
def test_text_stands_out_in_both_themes(theme: str) -> None:
    style = (CONSOLE / "console.css").read_text()
    block = style[style.index(theme) :].partition("}")[0]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
    for ink, back in TEXT_PAIRS:
        light, dark = sorted((luminance(colours[ink]), luminance(colours[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {back}"
