"""What is fuzzed: every reader of bytes that somebody else wrote, and what it must do with any of them.

A target takes bytes. It may refuse them in the one way that its callers expect; anything else is a crash. What is taken
is held against what the rest of the system relies on.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from edge.config.load import ConfigError, load_config
from edge.config.rules import Rules
from edge.config.schema import CanSignal, Config
from edge.drivers.file import FILE as DRIVERS_FILE
from edge.drivers.file import DriversFileError, read_drivers
from edge.drivers.store import DriverStore
from edge.explain.account import AccountError, read_accounts
from edge.explain.drawing import draw
from edge.explain.judge import judge
from edge.explain.words import paragraph, title
from edge.inference.manifest import MANIFEST_FILE, Manifest, ModelError
from edge.inference.signed import SUFFIX
from edge.recordings import FILE as RECORDINGS_FILE
from edge.recordings import RecordingList
from edge.replay.stream import StreamError, read_members
from edge.runtime.signatures import open_keys
from edge.uplink.contract.catalogue import TOPICS
from edge.uplink.messages import encode
from edge.uplink.remote.counters import FILE_NAME as COUNTERS_FILE
from edge.uplink.remote.counters import Counters, CountersError
from edge.uplink.remote.gate import Gate, RefusedError
from edge.uplink.remote.store import FILE_NAME as SETTINGS_FILE
from edge.uplink.remote.store import SettingsStore
from edge.vehicle.find import LogError, read_log
from edge.vehicle.signal import can_id, decode
from tests.support.signer import Signer

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SIGNER: Final = Signer()
INBOUND: Final = tuple(topic.payload for topic in TOPICS if topic.speaker == "fleet")
OPEN_GATE: Final = Gate({})
SIGNED_GATE: Final = Gate(open_keys([SIGNER.public], "remote.keys"))
EXAMPLES: Final = CHECKOUT / "edge" / "uplink" / "contract" / "examples"


class Target(NamedTuple):
    """One reader under fuzz."""

    run: Callable[[bytes], None]
    """Raises when the reader did what it must not."""
    seeds: tuple[bytes, ...]
    """Valid inputs to begin with."""
    words: tuple[bytes, ...] = ()
    """What means something there."""


class _Place:
    """A folder in memory for readers that want a file; one a process."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._kept = tempfile.TemporaryDirectory(
            prefix="edge-dms-fuzz-", dir=memory if os.access(memory, os.W_OK) else None
        )
        self.folder = Path(self._kept.name)

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def clear(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()


PLACE: Final = _Place()


def config(content: bytes) -> None:
    """Check a configuration file: taken and within every range, or refused with a place for every mistake."""
    try:
        loaded = load_config(PLACE.put("dms.yaml", content))
    except ConfigError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.message
            assert str(problem).encode("utf-8", errors="replace")
        return
    # Whatever was accepted is valid by the types, and no threshold is NaN: such a one would never fire.
    assert msgspec.convert(msgspec.to_builtins(loaded), Config) == loaded
    assert all(math.isfinite(value) for value in _numbers(msgspec.to_builtins(loaded)))


def message(content: bytes) -> None:
    """Check a command, settings or a signed form, before a gate without keys and one with."""
    for kind in INBOUND:
        for gate in (OPEN_GATE, SIGNED_GATE):
            try:
                found, key = gate.read("dms/1/f/v/cmd/x", content, kind)
            except RefusedError as refused:
                assert len(encode(refused.error)) < 2048
                continue
            assert (key is None) is (gate is OPEN_GATE), "nothing unsigned passes where keys are set"
            assert isinstance(found, kind)
            assert len(content) <= 4096


def overlay(content: bytes) -> None:
    """Check settings from the fleet: within the safety floors, never displayed expression, or refused."""
    from edge.config.load import load_layered

    try:
        settings = json.loads(content)
    except (ValueError, RecursionError):
        return
    if not isinstance(settings, dict):
        return
    file = PLACE.put("vehicle.yaml", b"expression: {enabled: false}\n")
    try:
        loaded = load_layered(file, settings)
    except ConfigError as error:
        assert error.problems
        return
    msgspec.convert(msgspec.to_builtins(loaded.rules), Rules)
    assert not loaded.expression.enabled
    assert (loaded.fatigue, loaded.distraction) == (Config().fatigue, Config().distraction)
    assert (loaded.mqtt, loaded.remote, loaded.recording) == (Config().mqtt, Config().remote, Config().recording)


def manifest(content: bytes) -> None:
    """Check a list of networks, unsigned, and as signed by nobody."""
    PLACE.clear()
    path = PLACE.put(MANIFEST_FILE, content)
    try:
        found = Manifest.read(path, (PLACE.folder,))
    except ModelError as error:
        assert error.remedy
        return
    for model in found.models.values():
        assert "/" not in model.file
        with contextlib.suppress(ModelError):
            found.resolve(model.name)
            raise AssertionError("a network that is not there was found")


def signature(content: bytes) -> None:
    """Check the signature beside a list of networks: no bytes are one but those that the key made."""
    path = PLACE.put(MANIFEST_FILE, b'{"version": 1, "wheels": [], "models": []}')
    PLACE.put(MANIFEST_FILE + SUFFIX, content)
    try:
        Manifest.read(path, keys=(SIGNER.public,))
    except ModelError as error:
        assert error.remedy
    else:
        raise AssertionError("a forged signature was believed")


def can_signal(content: bytes) -> None:
    """Check the description of a CAN signal, and frames read by it: a finite number or none."""
    described, _, data = content.partition(b"\x00")
    text = b"vehicle:\n  source: can\n  can:\n    speed: {" + described.replace(b"\n", b" ") + b"}\n"
    try:
        loaded = load_config(PLACE.put("can.yaml", text))
    except ConfigError:
        return
    vehicle = loaded.vehicle.can
    if vehicle is None:
        return
    assert 0 <= can_id(vehicle.speed) < 1 << 32
    for frame in (data[:8], data[:64], b"\xff" * 8, b""):
        _decoded(vehicle.speed, frame)


def _decoded(signal: CanSignal, frame: bytes) -> None:
    value = decode(signal, frame)
    assert value is None or math.isfinite(value)


def can_log(content: bytes) -> None:
    """Check a recorded bus."""
    with contextlib.suppress(LogError):
        for stamp_s, number, _, data in read_log(content.decode("utf-8", errors="replace").splitlines()):
            assert math.isfinite(stamp_s)
            assert number < 1 << 32
            assert len(data) <= len(content)


def stream(content: bytes) -> None:
    """Check a recording that is to be judged again."""
    with contextlib.suppress(StreamError):
        list(read_members(PLACE.put("stream.jsonl", content)))


def alert(content: bytes) -> None:
    """Check alerts that are to be explained: account, judgement, words and drawing."""
    try:
        accounts = read_accounts(content.decode("utf-8", errors="replace"), "fuzz")
    except AccountError:
        return
    for account in accounts:
        judgement = judge(account)
        assert title(account)
        assert paragraph(account, judgement)
        assert "<script" not in draw(account, judgement).lower()


def kept_files(content: bytes) -> None:
    """Check the small files of the state directory: damaged ones are put aside or told, never believed in part."""
    PLACE.clear()
    PLACE.put(DRIVERS_FILE, content)
    with contextlib.suppress(DriversFileError):
        read_drivers(PLACE.folder)
    DriverStore(PLACE.folder, expression=False)
    PLACE.put(RECORDINGS_FILE, content)
    RecordingList(PLACE.folder).found()
    PLACE.put(SETTINGS_FILE, content)
    SettingsStore(PLACE.folder).begin()
    PLACE.put(COUNTERS_FILE, content)
    with contextlib.suppress(CountersError):
        Counters(PLACE.folder).accept("depot", 1)
    PLACE.clear()


def _numbers(tree: Any) -> list[float]:
    if isinstance(tree, dict):
        return [number for value in tree.values() for number in _numbers(value)]
    if isinstance(tree, list):
        return [number for value in tree for number in _numbers(value)]
    return [tree] if isinstance(tree, float) else []


def _files(pattern: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(CHECKOUT.glob(pattern)))


def _examples(pattern: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(EXAMPLES.glob(pattern)))


_YAML: Final = (
    *(
        b": ",
        b"- ",
        b"\n  ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"&a ",
        b"*a",
        b"!!python/object",
        b"<<: ",
        b"|",
        b">",
        b"%YAML 1.1",
    ),
    *(b".nan", b".inf", b"1e3", b"010", b"12:30:45", b"yes", b"null", b"~", b"\xef\xbb\xbf", b"\x00", b"\t", b"\xff"),
    *(b"rules:", b"closure:", b"microsleep_s:", b"version:", b"9" * 400, b"'", b'"', b"#", b"---\n", b"...\n"),
)
_JSON: Final = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b'"',
        b"\\u0000",
        b"\\ud800",
        b"NaN",
        b"1e999",
        b"-0",
        b"null",
        b"true",
        b"\xff",
    ),
    *(b'"version"', b'"drivers"', b'"models"', b'"type"', b'"t_ns"', b'"signed"', b'"counter"', b'"data"', b"9" * 30),
)

TARGETS: Final[dict[str, Target]] = {
    "config": Target(config, _files("firmware_config/*.yaml"), _YAML),
    "message": Target(
        message, (*_examples("cmd_*.json"), *_examples("signed.json"), *_examples("config_desired.json")), _JSON
    ),
    "overlay": Target(
        overlay,
        (b'{"rules": {"closure": {"microsleep_s": 1.2}}}', b'{"profile": "quiet", "camera": {"fps": 15}}'),
        _JSON,
    ),
    "manifest": Target(manifest, _files("models/manifest.json"), _JSON),
    "signature": Target(
        signature, (b'{"key": "depot", "signature": "' + SIGNER.over(b"another text").encode() + b'"}',), _JSON
    ),
    "can_signal": Target(
        can_signal,
        (
            b'id: "0x1A0", start_bit: 8, length: 16, scale: 0.01\x00\x12\x34\x56\x78\x9a\xbc\xde\xf0',
            b'id: "0x18FEF100", extended: true, byte_order: big, start_bit: 15, signed: true, offset: -1.5\x00\xff\x00',
        ),
        (b"id: ", b'"0x', b"start_bit: ", b"length: ", b"byte_order: big", b"scale: ", b"signed: true", b"\x00"),
    ),
    "can_log": Target(can_log, (b"(1436509052.249713) can0 1A0#0788130000000000\n" * 3,), (b"(", b")", b"#", b"R")),
    "stream": Target(
        stream,
        (
            b'{"type":"face","t_ns":1,"face":0.9,"eye_openness_left":0.5}\n{"type":"tick","t_ns":2}\n',
            b'{"type":"vehicle","t_ns":3,"speed_kmh":80.0}\n{"type":"settings","t_ns":4,"changes":{}}\n',
        ),
        _JSON,
    ),
    "alert": Target(alert, _examples("alert.json"), _JSON),
    "kept_files": Target(
        kept_files,
        (
            b'{"version":2,"drivers":{"aa":[{"baseline":{}}]},"days":{"aa":20600}}',
            b'["/tmp/stream.jsonl"]',
            b'{"good":{"version":1,"settings":{"rules":{}}},"starts":1}',
            b'{"depot": 7}',
        ),
        _JSON,
    ),
}
