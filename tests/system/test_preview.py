"""`edge-dms preview` as a child process: a film of drawings, and a page that a real client reads."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from headless_browser import Browser

from edge.preview.overlay import LEVEL_COLORS, STRIP_PX, STRIPS, WIDTH_PX
from tests.support.checkout import CHECKOUT, DRIVE

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory, fetched_models: None) -> Path:
    """The first two seconds of the bundled drive, as pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    film = cv2.VideoCapture(str(DRIVE))
    for number in range(60):
        _, picture = film.read()
        cv2.imwrite(str(folder / f"{number:03}.png"), picture)
    film.release()
    return folder


def preview(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", "preview", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_film_of_drawings(seconds: Path, tmp_path: Path) -> None:
    done = preview(seconds, "--out", tmp_path / "seen.mp4")
    assert done.returncode == 0, done.stderr
    assert "60 frames" in done.stdout
    film = cv2.VideoCapture(str(tmp_path / "seen.mp4"))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 60
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(30, abs=0.5)
    assert film.get(cv2.CAP_PROP_FRAME_WIDTH) == WIDTH_PX
    _, frame = film.read()
    assert frame[: -STRIP_PX * len(STRIPS)].shape[0] > 300
    assert not (frame == LEVEL_COLORS[5]).all(axis=2).any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.mp4", "--out", "x.mp4"], "nowhere.mp4"),
        (["{pictures}", "--out", "x.gif"], "ends in .mp4 or .avi"),
        (["{pictures}", "--out", "/nowhere/x.mp4"], "cannot be written"),
        (["{pictures}", "--listen", "8765"], "write HOST:PORT"),
        (["--out", "x.mp4"], "needs a film"),
    ],
)
def test_mistakes_are_one_sentence(seconds: Path, arguments: list[str], said: str) -> None:
    done = preview(*(argument.format(pictures=seconds) for argument in arguments))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_for_the_browser(seconds: Path) -> None:
    command = [sys.executable, "-m", "edge", "preview", str(seconds), "--listen", "127.0.0.1:0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        found = re.search(r"http://([^/]+)/(\S+)", child.stdout.readline())
        assert found is not None
        browser = http.client.HTTPConnection(found[1], timeout=20)
        browser.request("GET", f"/stream.mjpg{found[2]}")
        with browser.getresponse() as stream:
            assert stream.readline() == b"--frame\r\n"
            stream.readline()
            length = int(stream.readline().split(b":")[1])
            stream.readline()
            assert stream.read(length)[:2] == b"\xff\xd8", "a JPEG"
        assert child.wait(60) == 0, "a film ends"
    finally:
        child.kill()
        child.communicate()


SCREENS = CHECKOUT / "build" / "screens"


@pytest.fixture(scope="module")
def microsleep(tmp_path_factory: pytest.TempPathFactory, fetched_models: None) -> Path:
    """The bundled drive from three seconds before its first long closure until shortly before that ends."""
    folder = tmp_path_factory.mktemp("microsleep")
    film = cv2.VideoCapture(str(DRIVE))
    film.set(cv2.CAP_PROP_POS_FRAMES, 24.5 * 30)
    for number in range(144):
        _, picture = film.read()
        cv2.imwrite(str(folder / f"{number:03}.png"), picture)
    film.release()
    return folder


@pytest.mark.parametrize(
    "phone", [pytest.param(False, id="desk"), pytest.param(True, id="phone", marks=pytest.mark.full)]
)
def test_the_page_in_a_browser_says_what_is_open_what_is_learnt_and_when_it_ends(
    chromium: str, microsleep: Path, phone: bool
) -> None:
    """Saves what the browser shows in `build/screens`; the pictures of the README are copies."""
    command = [sys.executable, "-m", "edge", "preview", str(microsleep), "--listen", "127.0.0.1:0"]
    browser = Browser(chromium)
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        browser.resize(*((412, 915) if phone else (1360, 860)), phone=phone)
        assert child.stdout is not None
        found = re.search(r"http://\S+", child.stdout.readline())
        assert found is not None
        # A page with a stream of pictures never finishes loading.
        browser.call("Page.navigate", url=found[0])
        browser.wait("document.querySelector('#alerts .calm') !== null")
        browser.wait("document.querySelector('img').naturalWidth === 720")
        browser.wait("document.querySelector('#alerts .level3') !== null")
        assert browser.run("document.querySelector('#alerts .level3').textContent") == "Level 3: microsleep"
        parts = browser.run("[...document.querySelectorAll('#learnt dt')].map(part => part.textContent)")
        assert parts == ["open eyes", "resting mouth", "neutral pose", "neutral expression"]
        assert "waits for eyes that are open" in browser.run("document.querySelector('#learnt dd').textContent")
        SCREENS.mkdir(parents=True, exist_ok=True)
        browser.picture(SCREENS / f"preview-{'phone' if phone else 'desk'}.png")
        browser.wait("document.getElementById('banner').textContent.startsWith('The film has ended')")
        assert child.wait(60) == 0
        wide = browser.run("document.documentElement.scrollWidth <= window.innerWidth")
        assert wide, "nothing sticks out to the side"
        assert browser.errors == []
    finally:
        child.kill()
        child.communicate()
        browser.close()
