"""What gets out of a running daemon: every byte that it wrote, every file that it opened, every socket.

One real daemon, traced by strace, plays pictures with a pattern in them before a real broker, with every recording on,
with credentials in its configuration and with displayed expression off. Then it is asked everything that may be asked.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
import pytest
import yaml
from jsonschema import Draft202012Validator

from edge.uplink.contract.catalogue import schemas
from tests.support.brokers import HOST, Fleet, Mosquitto, wait_for
from tests.support.checkout import DRIVE
from tests.support.pictures import holds_picture, mark
from tests.support.traced import Trace, listening_sockets, strace_is_here

if TYPE_CHECKING:
    from tests.support.figures import Figures

pytestmark = [
    pytest.mark.broker,
    pytest.mark.models,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not strace_is_here(), reason="strace is not installed or may not trace: sudo apt install strace"
    ),
]

FIRST_FRAME, FRAMES = 18 * 30, 13 * 30
"""Of the sample drive: a long look aside, then a microsleep."""
PATIENCE_S = 240.0
"""A traced daemon on a machine that does other things as well is slow; nothing here is about speed."""
USER, PASSWORD, TOKEN = "canary-user-7d1e", "canary-password-91aa", "canary-driver-token-55c0"
SECRETS = (USER, PASSWORD, TOKEN)
EXPRESSION_WORDS = ("anger", "expression", "valence", "arousal", "hostil")


class Daemon(NamedTuple):
    """What one run left behind."""

    folder: Path
    config: Path
    log: str
    trace: Trace
    listening: list[str]
    messages: list[tuple[str, bytes, bool]]

    def verb(self, *words: str, **environment: str) -> str:
        """Return all that a verb prints, on both channels."""
        done = subprocess.run(
            [sys.executable, "-m", "edge", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=os.environ | environment,
        )
        return done.stdout + done.stderr

    def of(self, name: str) -> list[bytes]:
        return [payload for topic, payload, _ in self.messages if topic.endswith(f"/{name}")]


class Reader(Fleet):
    """Somebody with the credentials who hears everything."""

    def _on_connect(self, client: Any, *_: object) -> None:
        client.subscribe([("dms/1/#", 1), ("homeassistant/#", 1)])


def pictures(folder: Path) -> Path:
    """Write frames of the drive without loss, the pattern in each."""
    folder.mkdir()
    film = cv2.VideoCapture(str(DRIVE))
    for number in range(FIRST_FRAME + FRAMES):
        read, frame = film.read()
        assert read
        if number >= FIRST_FRAME:
            grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
            assert cv2.imwrite(str(folder / f"{number}.png"), mark(grey), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    film.release()
    return folder


def configuration(folder: Path, port: int, source: Path) -> Path:
    password = folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    path = folder / "dms.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "camera": {"source": "files", "path": str(source), "pace": "fast", "loop": True},
                "vehicle": {"source": "fixed", "speed_kmh": 80, "driver_token": TOKEN},
                "expression": {"enabled": False},
                "rules": {"baseline": {"learn_s": 15}},
                "mqtt": {
                    "host": HOST,
                    "port": port,
                    "fleet": "test",
                    "vehicle": "van-1",
                    "username": USER,
                    "password_file": str(password),
                    "homeassistant": True,
                },
                "remote": {"commands": True, "configuration": True},
                "recording": {
                    "stream_file": str(folder / "stream.jsonl"),
                    "decisions_file": str(folder / "decisions.jsonl"),
                },
                "service": {"state_dir": str(folder / "state"), "log_level": "debug"},
            }
        )
    )
    return path


@pytest.fixture(scope="module")
def daemon(mosquitto: str, tmp_path_factory: pytest.TempPathFactory, fetched_models: None) -> Daemon:
    folder = tmp_path_factory.mktemp("leaks")
    store = folder / "broker"
    store.mkdir()
    users = store / "users"
    users.write_text(f"{USER}:{PASSWORD}\n")
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True)
    broker = Mosquitto(mosquitto, store, f"allow_anonymous false\npassword_file {users}\n")
    broker.start()
    config = configuration(folder, broker.port, pictures(folder / "pictures"))
    reader = Reader(broker.port)
    reader._client.username_pw_set(USER, PASSWORD)
    reader.ready()
    trace = Trace(folder / "trace")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*trace.command(trace.file), sys.executable, "-m", "edge", "run", "--config", str(config)],
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
    try:
        kept = folder / "state" / "drivers.json"
        assert wait_for(lambda: b'"microsleep"' in b"".join(reader.of("alert")), PATIENCE_S), (
            folder / "log"
        ).read_text()
        assert wait_for(lambda: kept.exists() and '"eyes"' in kept.read_text(), PATIENCE_S), (
            folder / "log"
        ).read_text()
        listening = listening_sockets(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        broker.close()
        reader.close()
    trace.finish()
    return Daemon(folder, config, (folder / "log").read_text(), trace, listening, list(reader.messages))


def test_no_picture_reaches_the_disk_or_the_wire(daemon: Daemon, figure: Figures) -> None:
    everything = daemon.trace.everything()
    frames = sum(path.stat().st_size > 0 for path in (daemon.folder / "pictures").iterdir())
    assert len((daemon.folder / "stream.jsonl").read_bytes()) > 50_000, "the recordings were on"
    figure("secrets", "pictures with a pattern that were played", frames, at_least=FRAMES)
    figure("secrets", "bytes that left the daemon, searched for them", len(everything), unit="B", at_least=100_000)
    hits = [(where, found) for where, data in daemon.trace.written.items() if (found := holds_picture(bytes(data)))]
    figure("secrets", "places where a picture was found", len(hits), at_most=0)
    assert not daemon.trace.mapped, "nothing is written behind the tracer's back"


def test_only_the_state_folder_and_the_recordings_are_written(daemon: Daemon) -> None:
    allowed = (f"{daemon.folder}/state/", f"{daemon.folder}/stream.jsonl", f"{daemon.folder}/decisions.jsonl", "/dev/")
    strange = {opened.path for opened in daemon.trace.opened if opened.for_writing} - {f"{daemon.folder}/state"}
    assert {path for path in strange if not path.startswith(allowed)} == set()
    for path in (daemon.folder / "state").iterdir():
        assert path.stat().st_mode & 0o077 == 0, f"{path} is open to other users"


def test_nothing_listens_to_the_network(daemon: Daemon, figure: Figures) -> None:
    figure("secrets", "ports that a daemon listens on", len(daemon.listening), at_most=0)
    # The MQTT client wakes its thread through a pair of sockets that it makes by way of a listener on the loopback,
    # closed at once: it can be seen in a trace only.
    assert [where for where in daemon.trace.listening if not re.match(r"UNIX|TCP:\[127\.0\.0\.1:", where)] == []


def test_nothing_on_a_stick_is_read(daemon: Daemon) -> None:
    assert len(daemon.trace.opened) > 100
    sticks = ("/media", "/mnt", "/run/media", "/run/udisks2")
    # Nor looked for: there is no stick in the machine that tests.
    assert [path for path in daemon.trace.sought if path.startswith(sticks)] == []


def test_the_expression_network_is_never_opened(daemon: Daemon, figure: Figures) -> None:
    paths = daemon.trace.sought
    assert any(path.endswith("eye_state_int8.tflite") for path in paths), "the others were"
    opened = [path for path in paths if "expression" in Path(path).name and path.endswith(".tflite")]
    figure("privacy", "openings of an expression network that is switched off", len(opened), at_most=0)


def test_no_key_speaks_of_what_is_switched_off(daemon: Daemon, figure: Figures) -> None:
    explained = daemon.folder / "alerts.txt"
    explained.write_bytes(b"\n".join(b"dms/1/test/van-1/alert " + payload for payload in daemon.of("alert")))
    places: dict[str, str] = {
        "messages": "\n".join(f"{topic} {payload.decode()}" for topic, payload, _ in daemon.messages),
        "stream": (daemon.folder / "stream.jsonl").read_text(),
        "decisions": (daemon.folder / "decisions.jsonl").read_text(),
        "drivers": (daemon.folder / "state" / "drivers.json").read_text(),
        "log": daemon.log,
        "explain": daemon.verb("explain", str(explained)) + daemon.verb("explain", "--json", str(explained)),
        "homeassistant": daemon.verb("homeassistant", "show", "--config", str(daemon.config)),
        "outbox": (daemon.folder / "state" / "outbox.db").read_bytes().decode("latin-1"),
        "calibrate": daemon.verb("calibrate", "--status", "--config", str(daemon.config)),
    }
    assert '"microsleep"' in places["messages"]
    assert "homeassistant/device/" in places["messages"]
    assert "microsleep" in places["explain"].lower()
    hits = [(name, word) for name, text in places.items() for word in EXPRESSION_WORDS if word in text.lower()]
    figure("privacy", "places that speak of an expression that is switched off", len(hits), at_most=0)
    shown = daemon.verb("config", "show", "--effective", "--json", "--config", str(daemon.config))
    keys = [row["key"] for row in json.loads(shown)["settings"]]
    assert [key for key in keys if any(word in key for word in EXPRESSION_WORDS)] == ["expression.enabled"]


def test_nothing_is_told_that_the_contract_does_not_name(daemon: Daemon, figure: Figures) -> None:
    validators = {name: Draft202012Validator(closed(schema)) for name, schema in schemas().items()}
    strange = []
    told = [(topic, payload) for topic, payload, _ in daemon.messages if topic.startswith("dms/")]
    for topic, payload in told:
        name = topic.removeprefix("dms/1/test/van-1/")
        strange += [f"{name}: {error.message}" for error in validators[name].iter_errors(json.loads(payload))]
    figure("secrets", "messages held against closed schemas", len(told), at_least=20)
    assert strange == []
    figure("secrets", "fields that the contract does not name", len(strange), at_most=0)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with every object closed: it is open so that a fleet bears with newer vehicles."""
    definitions = {
        name: one | {"additionalProperties": False} if "properties" in one else one
        for name, one in schema["$defs"].items()
    }
    return schema | {"$defs": definitions}


def test_no_credential_is_told_anywhere(daemon: Daemon, figure: Figures) -> None:
    config, folder = str(daemon.config), daemon.folder
    bundle = folder / "support.zip"
    places = {
        "log": daemon.log,
        "messages": "".join(f"{topic} {payload.decode()}" for topic, payload, _ in daemon.messages),
        "show": daemon.verb("config", "show", "--effective", config) + daemon.verb("config", "show", "--json", config),
        "diff": daemon.verb("config", "diff", config, str(_other(folder))),
        "check": daemon.verb("check", config) + daemon.verb("check", str(_mistaken(folder))),
        "doctor": daemon.verb("doctor", "--config", config, "--json", "--bundle", str(bundle)),
        "homeassistant": daemon.verb("homeassistant", "show", "--config", config),
        "purge": daemon.verb("purge", "--config", config, "--dry-run"),
        "remove": daemon.verb("homeassistant", "remove", "--config", config),
        "crash": daemon.verb("run", "--config", config, PYTHONPATH=str(_crashing(folder))),
    }
    with zipfile.ZipFile(bundle) as archive:
        places |= {f"bundle {name}": archive.read(name).decode() for name in archive.namelist()}
    places |= {
        path.name: path.read_bytes().decode("latin-1") for path in (folder / "state").iterdir() if path.is_file()
    }
    for name in ("stream.jsonl", "decisions.jsonl"):
        places[name] = (folder / name).read_text()
    assert "Traceback" in places["crash"]
    assert "(not shown)" in places["crash"], "the settings were in the message of the exception"
    assert "problem" in places["check"]
    assert "bundle configuration.yaml" in places
    hits = [(name, secret) for name, text in places.items() for secret in SECRETS if secret in text]
    figure("secrets", "places searched for credentials", len(places), at_least=20)
    assert hits == []
    figure("secrets", "credentials found", len(hits), at_most=0)


def _other(folder: Path) -> Path:
    path = folder / "other.yaml"
    path.write_text(f"mqtt: {{username: {USER}-2}}\nvehicle: {{driver_token: {TOKEN}-2}}\n")
    return path


def _mistaken(folder: Path) -> Path:
    path = folder / "mistaken.yaml"
    path.write_text(f"mqtt: {{username: [{USER}], pasword: {PASSWORD}}}\nvehicle: {{driver_token: '{TOKEN} !'}}\n")
    return path


def _crashing(folder: Path) -> Path:
    """Make a place from which Python loads a fault: a network client that dies, its settings in the message."""
    place = folder / "crashing"
    place.mkdir()
    (place / "sitecustomize.py").write_text(
        "import edge.app\n"
        "def fail(self, config, *arguments):\n"
        "    raise RuntimeError(f'no daemon of {config!r}')\n"
        "edge.app.Daemon.__init__ = fail\n"
    )
    return place
