"""`edge-dms aim` as a child process: a telephone's browser, a terminal, a vehicle that moves; nothing is left."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import pytest
import yaml

from tests.support.checkout import CHECKOUT, DRIVE
from tests.support.vehicles import Gpsd

sys.path.append(str(CHECKOUT / "tools"))

pytestmark = pytest.mark.models

SCREENS = CHECKOUT / "build" / "screens"
PHONE = (390, 844)
PATIENCE_S = 60.0
PLACES = {"left_mirror": (-42, -5), "right_mirror": (50, -5), "cluster": (0, -18)}


class Wizard:
    """One child process and what it says."""

    def __init__(self, folder: Path, *arguments: object, config: str = "", film: object = DRIVE) -> None:
        self.config = folder / "dms.yaml"
        self.config.write_text(f"# mine\ncamera:\n  fov_deg: 48   # the lens\n{config}")
        self.report = folder / "report.yaml"
        self.folder = folder
        self.command = [
            sys.executable, "-m", "edge", "aim", str(film), "--config", str(self.config), "--report", str(self.report),
            *map(str, arguments),
        ]  # fmt: skip
        self.child = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
        )
        self.said: list[str] = []

    def url(self) -> str:
        """Wait for the address."""
        assert self.child.stderr is not None
        for line in self.child.stderr:
            self.said.append(line)
            if found := re.search(r"http://\S+", line):
                return found[0]
        raise AssertionError(self.said)

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end; exit code, standard output and error."""
        out, error = self.child.communicate(timeout=PATIENCE_S)
        return self.child.returncode, out, "".join(self.said) + error


@contextlib.contextmanager
def wizard(folder: Path, *arguments: object, **more: Any) -> Iterator[Wizard]:
    made = Wizard(folder, *arguments, **more)
    try:
        yield made
    finally:
        made.child.kill()
        made.child.communicate()


ON_LOOPBACK = ("--bind", "127.0.0.1", "--port", "0")


def ask(url: str, path: str, posted: dict[str, object] | None = None) -> tuple[int, bytes]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), int(address.port or 0), timeout=PATIENCE_S)
    with contextlib.closing(connection):
        body = None if posted is None else json.dumps(posted)
        connection.request("GET" if body is None else "POST", f"/{path}?{address.query}", body)
        answer = connection.getresponse()
        return answer.status, answer.read()


class Events:
    """The news of a wizard, as another telephone would follow them."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), int(address.port or 0), timeout=PATIENCE_S)
        self._connection.request("GET", f"/events?{address.query}")
        self._stream = self._connection.getresponse()
        assert self._stream.status == 200

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._stream:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def until(self, step: str) -> dict[str, Any]:
        return next(news for news in self if news["state"]["step"] == step)

    def last(self) -> dict[str, Any]:
        *_, last = self
        return last


@pytest.fixture
def browser(chromium: str) -> Iterator[Any]:
    from headless_browser import Browser

    made = Browser(chromium, width=PHONE[0], height=PHONE[1])
    made.resize(*PHONE, phone=True)
    yield made
    made.close()


def step(browser: Any, name: str) -> None:
    # A busy machine may let the page wait for news, and a page without news takes no press.
    browser.wait(f"document.body?.dataset.step === '{name}' && !document.body.classList.contains('stale')")


def ready(browser: Any, press: str) -> None:
    browser.wait(
        f"!document.querySelector('#forward').disabled && document.querySelector('#forward').dataset.do === '{press}'"
    )


def tap_map(browser: Any, x_deg: float, y_deg: float) -> None:
    x, y = browser.run(
        "(() => { const map = document.querySelector('#map svg'); map.scrollIntoView({block: 'center'});"
        f" const at = new DOMPoint({x_deg}, {-y_deg}).matrixTransform(map.getScreenCTM()); return [at.x, at.y]; }})()"
    )
    browser.tap_at(x, y)


def picture(browser: Any, name: str, *, top: bool = True) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    if top:
        browser.run("scrollTo(0, 0)")
    browser.picture(SCREENS / f"{name}.png")


def walk(browser: Any, url: str) -> None:
    """Do all that a technician does, with a picture of each step."""
    browser.open(url)
    step(browser, "start")
    assert "does not tell its speed" in browser.run("document.querySelector('#vehicle').textContent")
    browser.wait("document.querySelector('#sight img').naturalWidth > 0")
    picture(browser, "aim-1-start")
    browser.tap("#forward")
    step(browser, "camera")
    browser.wait("document.querySelectorAll('#lights [data-light=green]').length === 9")
    assert browser.run("document.querySelector('#live').textContent").startswith("Live")
    picture(browser, "aim-2-camera")
    browser.tap("#forward")
    step(browser, "ahead")
    browser.tap("#forward")
    ready(browser, "next")
    picture(browser, "aim-3-ahead")
    browser.tap("#forward")
    for name, place in PLACES.items():
        step(browser, name)
        ready(browser, "measure")
        tap_map(browser, *place)
        ready(browser, "next")
        picture(browser, f"aim-4-{name}")
        browser.tap("#forward")
        if name == "right_mirror":
            step(browser, "inner_mirror")
            browser.tap("#other")
    step(browser, "result")
    assert browser.run("document.querySelector('#verdict').textContent") == "Passed"
    picture(browser, "aim-5-result")
    browser.tap("#forward")
    step(browser, "over")
    picture(browser, "aim-6-over")


def test_a_technician_walks_through_it_with_a_telephone(tmp_path: Path, browser: Any, fetched_models: None) -> None:
    with wizard(tmp_path, *ON_LOOPBACK, "--json", config="mqtt: {vehicle: van-3}\n") as running:
        url = running.url()
        before = set(tmp_path.iterdir())
        other = Events(url)
        walk(browser, url)
        assert browser.errors == []
        assert other.last()["done"]["passed"] is True, "a second telephone looks on to the end"
        code, out, error = running.ended()
    assert code == 0, error
    report = yaml.safe_load(running.report.read_text())
    assert json.loads(out) == report
    assert report["passed"] is True
    assert report["vehicle"]["name"] == "van-3"
    lights = {line["name"]: line["light"] for line in report["measures"]}
    assert set(lights.values()) == {"green"}
    assert len(lights) == 14
    assert [zone["name"] for zone in report["zones"]] == list(PLACES)
    assert report["configuration"]["written"] is True
    written = yaml.safe_load(running.config.read_text())
    assert written["camera"]["neutral_yaw_deg"] == report["look_ahead"]["yaw_deg"]
    assert "# the lens" in running.config.read_text()
    assert "neutral_yaw_deg" not in running.config.with_name("dms.yaml.before-aim").read_text()
    # Numbers in two small texts, and no picture anywhere.
    assert set(tmp_path.iterdir()) - before == {running.report, running.config.with_name("dms.yaml.before-aim")}
    with pytest.raises(OSError):  # noqa: PT011 - whatever the system says
        socket.create_connection(("127.0.0.1", int(urlsplit(url).port or 0)), timeout=1).close()


def test_an_old_picture_never_passes_for_a_live_one(tmp_path: Path, browser: Any, fetched_models: None) -> None:
    """The board falls silent, comes back, ends and is started anew; the page is loaded again in the middle."""
    stale = "document.body.classList.contains('stale') && document.querySelector('nav').inert"
    told = "document.querySelector('#trouble').textContent"
    with wizard(tmp_path, *ON_LOOPBACK) as running:
        url = running.url()
        browser.open(url)
        step(browser, "start")
        browser.tap("#forward")
        step(browser, "camera")
        running.child.send_signal(signal.SIGSTOP)
        browser.wait(stale)
        assert "No answer from the board" in browser.run(told)
        assert browser.run("document.querySelector('#live').textContent").startswith("Not live")
        running.child.send_signal(signal.SIGCONT)
        browser.wait(f"!({stale}) && document.querySelector('#trouble').hidden")
        browser.open(url)
        step(browser, "camera")
        browser.wait("document.querySelector('#sight img').naturalWidth > 0")
    browser.wait(f"{stale} && {told}.includes('cannot be reached')")
    with wizard(tmp_path, "--bind", "127.0.0.1", "--port", urlsplit(url).port) as running:
        running.url()
        browser.wait(f"{stale} && {told}.includes('Scan the new code')")


@pytest.mark.full
@pytest.mark.parametrize(
    "size", [(390, 844), (360, 640), (844, 390), (640, 360)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_what_to_do_is_in_view_on_every_telephone(
    tmp_path: Path, browser: Any, fetched_models: None, size: tuple[int, int]
) -> None:
    browser.resize(*size, phone=True)
    with wizard(tmp_path, *ON_LOOPBACK) as running:
        browser.open(running.url())
        step(browser, "start")
        browser.tap("#forward")
        step(browser, "camera")
        browser.wait("document.querySelector('#advice').textContent === 'All is well. Go on.'")
        bottom = "document.querySelector('{}').getBoundingClientRect().bottom"
        ends = browser.run("document.querySelector('nav').getBoundingClientRect().top")
        assert browser.run(bottom.format("#advice")) <= ends
        assert size[0] > size[1] or browser.run(bottom.format("#lights li:last-child")) <= ends
        assert browser.run("document.documentElement.scrollWidth") <= size[0]
        for left, top, right, below in browser.run(
            "[...document.querySelectorAll('button')].map(one => one.getBoundingClientRect())"
            ".filter(one => one.width).map(one => [one.left, one.top, one.right, one.bottom])"
        ):
            assert min(right - left, below - top) >= 44, "as large as a thumb wants it"
            assert left >= 0
            assert (right, below) <= (size[0], size[1])


@pytest.fixture
def looks(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """Eight seconds of a real driver looking ahead, then four of him looking aside, at ten pictures a second."""
    folder = tmp_path_factory.mktemp("looks")
    film = cv2.VideoCapture(str(data_dir / "clips" / "look_aside_A.mp4"))
    frames = []
    while (read := film.read())[0]:
        frames.append(cv2.resize(read[1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    film.release()
    ahead, aside = frames[84:100:2], frames[20:72:2]
    order = [*(ahead + ahead[::-1]) * 5, *(aside + aside[::-1])[:40]]
    for number, frame in enumerate(order):
        cv2.imwrite(str(folder / f"{number:03}.png"), frame)
    return folder


@pytest.mark.full
@pytest.mark.data
def test_looks_are_measured_and_a_badly_placed_camera_is_told(
    tmp_path: Path, browser: Any, looks: Path, fetched_models: None
) -> None:
    with wizard(tmp_path, *ON_LOOPBACK, film=looks, config="  fps: 10\n") as running:
        browser.open(running.url())
        step(browser, "start")
        browser.tap("#forward")
        step(browser, "camera")
        browser.wait("document.querySelector('[data-name=face_size][data-light=red]') !== null")
        assert "move the camera away" in browser.run("document.querySelector('[data-name=face_size] .say').textContent")
        browser.tap("#forward")
        step(browser, "ahead")
        browser.tap("#forward")
        ready(browser, "next")
        while browser.run("parseInt(document.querySelector('[data-name=angle] .value').textContent)") > 15:
            # He was looking aside: asked again, as a technician would.
            browser.tap("#again")
            browser.wait("document.querySelector('#forward').disabled")
            ready(browser, "next")
        browser.tap("#forward")
        step(browser, "left_mirror")
        tap_map(browser, 30, 0)
        browser.wait("document.querySelector('[data-name=left_mirror]')?.dataset.light === 'red'")
        assert "other side" in browser.run("document.querySelector('#advice').textContent")
        tap_map(browser, *PLACES["left_mirror"])
        browser.wait("document.querySelector('[data-name=left_mirror]').dataset.light === 'green'")
        browser.tap("#forward")
        step(browser, "right_mirror")
        browser.tap("#forward")  # measured when he looks aside, not while he looks ahead
        ready(browser, "next")
        browser.tap("#forward")
        step(browser, "inner_mirror")
        browser.tap("#other")
        step(browser, "cluster")
        tap_map(browser, *PLACES["cluster"])
        ready(browser, "next")
        browser.tap("#forward")
        step(browser, "result")
        assert browser.run("document.querySelector('#verdict').textContent") == "Not passed yet"
        browser.tap("#other")
        step(browser, "over")
        assert browser.errors == []
        code, out, error = running.ended()
    assert code == 1, error
    assert "NOT PASSED" in out
    report = yaml.safe_load(running.report.read_text())
    assert report["passed"] is False
    right = next(zone for zone in report["zones"] if zone["name"] == "right_mirror")
    assert right["how"] == "looked"
    assert -45 < right["yaw_deg"] < -30, "the film's note: about 40 degrees, to the picture's left"
    assert report["configuration"]["written"] is False
    assert running.config.read_text() == "# mine\ncamera:\n  fov_deg: 48   # the lens\n  fps: 10\n"


def test_nobody_without_the_token_sees_or_presses_anything(tmp_path: Path, fetched_models: None) -> None:
    with wizard(tmp_path, *ON_LOOPBACK) as running:
        url = running.url()
        wrong = re.sub(r"token=.*", "token=wrong", url)
        for path in ("", "aim.js", "stream.mjpg", "events"):
            status, body = ask(wrong, path)
            assert status == 403, path
            assert b"\xff\xd8" not in body
        assert ask(wrong, "do", {"step": "start", "do": "quit"})[0] == 403
        assert ask(url, "do", {"step": "start", "do": "fly"})[0] == 400
        assert ask(url, "do", {"step": "start", "do": "quit"})[0] == 202
        code, _, error = running.ended()
    assert code == 2
    assert "Stopped by hand" in error
    assert not running.report.exists()


def test_two_telephones_see_the_same_and_may_both_press(tmp_path: Path, fetched_models: None) -> None:
    with wizard(tmp_path, "--interface", "lo", "--port", "0") as running:
        url = running.url()
        one, other = Events(url), Events(url)
        assert next(news for news in one if news["screens"] == 2)
        for _ in range(2):
            ask(url, "do", {"step": "start", "do": "next"})
        assert one.until("camera")["state"]["number"] == 2
        assert other.until("camera")["state"]["title"] == "Place the camera"
        ask(url, "do", {"step": "camera", "do": "next"})
        assert other.until("ahead")
        running.child.send_signal(signal.SIGTERM)
        assert running.ended()[0] == 130


def test_silence_ends_it(tmp_path: Path, fetched_models: None) -> None:
    with wizard(tmp_path, *ON_LOOPBACK, "--timeout", "1.5") as running:
        news = Events(running.url())
        assert "Nobody pressed anything" in news.last()["state"]["ended"]
        code, out, error = running.ended()
    assert code == 2
    assert "Nobody pressed anything" in error
    assert out == ""
    assert not running.report.exists()


def test_a_moving_vehicle_is_refused_before_anything_listens(tmp_path: Path, fetched_models: None) -> None:
    with wizard(tmp_path, *ON_LOOPBACK, config="vehicle: {source: fixed, speed_kmh: 50}\n") as running:
        code, _, error = running.ended()
    assert code == 2
    assert "The vehicle moves" in error
    assert "50 km/h" in error
    assert "http" not in error


def test_a_vehicle_that_moves_off_ends_it(tmp_path: Path, fetched_models: None) -> None:
    gpsd = Gpsd()
    gpsd.speed_kmh = 0.0
    gpsd.start()
    source = f"vehicle: {{source: gpsd, gpsd: {{host: 127.0.0.1, port: {gpsd.port}}}}}\n"
    try:
        with wizard(tmp_path, *ON_LOOPBACK, config=source) as running:
            news = Events(running.url())
            assert "0 km/h" in next(iter(news))["state"]["vehicle"]
            gpsd.speed_kmh = 12.0
            assert "The vehicle moves" in news.last()["state"]["ended"]
            code, _, error = running.ended()
    finally:
        gpsd.close()
    assert code == 2
    assert "The vehicle moves" in error


class Terminal:
    """The wizard in a pseudo-terminal."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self.report = folder / "report.yaml"
        self._master, slave = pty.openpty()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "edge", "aim", str(DRIVE), "--report", str(self.report), *map(str, arguments)],
            stdin=slave, stdout=slave, stderr=slave, cwd=folder, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.shown = ""

    def wait(self, words: str) -> None:
        """Read until the screen says these words, then forget what it said."""
        ends = time.monotonic() + PATIENCE_S
        while words not in self.shown:
            assert time.monotonic() < ends, self.shown[-2000:]
            if select.select([self._master], [], [], 1.0)[0]:
                try:
                    self.shown += os.read(self._master, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"ended before {words!r}: {self.shown[-2000:]}") from None
        self.shown = self.shown.rpartition(words)[2]

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def ended(self) -> int:
        """Read on to the end; exit code."""
        with contextlib.suppress(OSError):
            while os.read(self._master, 65536):
                pass
        return self.child.wait(PATIENCE_S)

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self._master)


@contextlib.contextmanager
def terminal(folder: Path, *arguments: object) -> Iterator[Terminal]:
    made = Terminal(folder, *arguments)
    try:
        yield made
    finally:
        made.close()


def listening(pid: int) -> set[str]:
    """Return the inodes of the process's sockets that wait for connections."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return sockets & {line[9] for line in lines if line[3] == "0A"}


def test_a_bare_terminal_leads_through_it_and_listens_to_nobody(tmp_path: Path, fetched_models: None) -> None:
    with terminal(tmp_path, "--terminal") as screen:
        screen.wait("Before you begin")
        assert listening(screen.child.pid) == set()
        screen.press("\r")
        screen.wait("ok  \x1b[0m  Focus")
        screen.press("\r")
        screen.wait("Look ahead")
        screen.press("\r")
        screen.wait("Enter next")
        screen.press("\r")
        screen.wait("Left mirror")
        screen.press("q")
        assert screen.ended() == 2
        assert not screen.report.exists()


@pytest.mark.full
def test_a_driver_who_does_not_look_is_told_so_in_the_terminal(tmp_path: Path, fetched_models: None) -> None:
    with terminal(tmp_path, "--terminal") as screen:
        for words in ("Before you begin", "ok  \x1b[0m  Focus", "Look ahead", "Enter next", "Left mirror"):
            screen.wait(words)
            screen.press("\r")
        screen.wait("The head hardly moved")
        screen.press("q")
        assert screen.ended() == 2


def test_a_code_for_the_telephone_is_drawn_in_a_terminal(tmp_path: Path, fetched_models: None) -> None:
    pytest.importorskip("segno", reason="pip install 'edge-dms[aim]'")
    with terminal(tmp_path, *ON_LOOPBACK) as screen:
        screen.wait("\x1b[97;40m██")
        screen.wait("open http://127.0.0.1:")
        assert len(listening(screen.child.pid)) == 1
        screen.child.send_signal(signal.SIGINT)
        assert screen.ended() == 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--interface"),
        (["--interface", "wlan99"], "wlan99 has no address"),
        (["--bind", "192.0.2.1"], "cannot be listened on"),
        (["--terminal"], "needs a terminal"),
        (["--bind", "127.0.0.1", "--timeout", "0"], "seconds above 0"),
        (["--bind", "127.0.0.1", "--report", "/proc/nowhere/r.yaml"], "no report can be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: list[str], said: str, fetched_models: None
) -> None:
    command = [sys.executable, "-m", "edge", "aim", str(DRIVE), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
