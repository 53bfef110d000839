"""Settings over the air: judged whole, on disk first, tried, proved, taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.load import ConfigError, load_config, load_layered
from edge.runtime.signatures import open_keys
from edge.uplink.mqtt import Received
from edge.uplink.remote.gate import Gate
from edge.uplink.remote.settings import TRIAL_S, RemoteSettings, SettingsDesk, begin, config_hash
from edge.uplink.remote.store import FILE_NAME, TRIAL_STARTS, SettingsStore
from edge.uplink.topics import Topics
from tests.support.signer import Signer
from tests.support.uplink import SetClock

if TYPE_CHECKING:
    from pathlib import Path

    from edge.uplink.remote.messages import Reported

TOPIC = Topics("f", "v").config_desired
SIGNER = Signer()


class Vehicle:
    """A vehicle with a file, a disk and a desk; `start` is a start of the daemon."""

    def __init__(self, folder: Path, *, signed: bool = False) -> None:
        self.file = folder / "vehicle.yaml"
        self.file.write_text("expression: {enabled: false}\nrules: {closure: {microsleep_s: 1.4}}\n")
        self.folder = folder
        self.clock = SetClock()
        self.rules_told: list[dict[str, Any]] = []
        self.restarts = 0
        self._keys = open_keys([SIGNER.public], "remote.keys") if signed else {}
        self._signed = signed
        self.start()

    def start(self) -> None:
        self.begun: RemoteSettings = begin(
            load_config(self.file), SettingsStore(self.folder), lambda settings: load_layered(self.file, settings)
        )
        self.desk = SettingsDesk(
            self.begun,
            boot_id="boot",
            gate=Gate(self._keys),
            change_rules=self.rules_told.append,
            restart=self._restart,
        )

    def _restart(self) -> None:
        self.restarts += 1

    def wish(self, version: int, settings: dict[str, Any], **fields: Any) -> Reported:
        document = {"version": version, "settings": settings, **fields}
        payload = SIGNER.sign(TOPIC, document) if self._signed else json.dumps(document).encode()
        return self.receive(payload)

    def receive(self, payload: bytes) -> Reported:
        self.clock.advance(1.0)
        assert self.desk.take(Received(1, TOPIC, payload, retained=True), self.clock.now())
        return self.desk.reported(self.clock.now())

    def status(self) -> str:
        return self.desk.reported(self.clock.now()).status

    def see(self, seconds: float) -> None:
        """Let the daemon see frames for a while."""
        for _ in range(round(seconds)):
            self.clock.advance(1.0)
            self.desk.poll(self.clock.now(), seeing=True)

    @property
    def microsleep_s(self) -> float:
        return self.desk.running.rules.closure.microsleep_s


@pytest.fixture
def vehicle(tmp_path: Path) -> Vehicle:
    return Vehicle(tmp_path)


def rule(value: Any) -> dict[str, Any]:
    return {"rules": {"closure": {"microsleep_s": value}}}


def test_file_alone_counts_until_the_fleet_wishes_something(vehicle: Vehicle) -> None:
    reported = vehicle.desk.reported(vehicle.clock.now())
    assert (reported.status, reported.desired_version, reported.applied_version) == ("local", None, None)
    assert reported.hash == config_hash(load_config(vehicle.file))


def test_rules_change_at_once_are_tried_and_then_proved(vehicle: Vehicle) -> None:
    reported = vehicle.wish(3, rule(1.2))
    assert (reported.status, reported.desired_version, reported.applied_version) == ("trial", 3, 3)
    assert vehicle.rules_told == [{"rules.closure.microsleep_s": 1.2}]
    assert reported.hash == config_hash(vehicle.desk.running) != config_hash(load_config(vehicle.file))
    vehicle.see(TRIAL_S - 1)
    assert vehicle.status() == "trial"
    vehicle.see(3)
    assert vehicle.status() == "applied"
    vehicle.start()
    assert vehicle.microsleep_s == 1.2
    assert vehicle.status() == "applied"


def test_frames_must_be_seen_for_the_proof(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.2))
    for _ in range(100):
        vehicle.clock.advance(1.0)
        assert not vehicle.desk.poll(vehicle.clock.now(), seeing=False)
    assert vehicle.status() == "trial"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        (rule(9), "rules.closure.microsleep_s"),
        (rule("1.2"), "rules.closure.microsleep_s"),
        (rule(None), "rules.closure.microsleep_s"),
        (rule([1.2]), "rules.closure.microsleep_s"),
        ({"rules": {"closure": {"microsleeps": 1.2}}}, "rules.closure.microsleeps"),
        ({"rules": {"perclos": {"notice_ratio": 0.05}}}, "rules.perclos.notice_ratio"),
        ({"expression": {"enabled": True}}, "expression.enabled"),
        ({"mqtt": {"host": "evil.example"}}, "mqtt.host"),
        ({"remote": {"keys": []}}, "remote.keys"),
        ({"remote": {"allow": ["purge"]}}, "remote.allow"),
        ({"recording": {"stream_file": "/tmp/x"}}, "recording.stream_file"),
        ({"service": {"state_dir": "/tmp/x"}}, "service.state_dir"),
        ({"vehicle": {"source": "fixed", "speed_kmh": 0}}, "vehicle.speed_kmh"),
        ({"camera": {"source": "synthetic"}}, "camera.source"),
        ({"cab": {"log": False}}, "cab.log"),
        ({"profile": "none-such"}, "profile"),
        ({"version": 1}, "version"),
        ({"nonsense": {}}, "nonsense"),
    ],
)
def test_one_mistake_refuses_all_and_what_runs_goes_on(vehicle: Vehicle, settings: dict[str, Any], path: str) -> None:
    vehicle.wish(1, rule(1.2))
    reported = vehicle.wish(2, {"outbox": {"health_s": 30}, **settings})
    assert reported.status == "refused"
    assert path in {error.path for error in reported.errors}
    assert (reported.desired_version, reported.applied_version) == (2, 1)
    assert vehicle.microsleep_s == 1.2
    assert len(vehicle.rules_told) == 1
    vehicle.start()
    assert vehicle.microsleep_s == 1.2


def test_every_mistake_is_told(vehicle: Vehicle) -> None:
    reported = vehicle.wish(1, {**rule(9), "mqtt": {"port": 1}, "vision": {"redetect_s": -1}})
    assert {error.path for error in reported.errors} == {
        "rules.closure.microsleep_s",
        "mqtt.port",
        "vision.redetect_s",
    }


def test_settings_that_need_a_start_wait_for_it(vehicle: Vehicle) -> None:
    reported = vehicle.wish(1, {"outbox": {"health_s": 30}, **rule(1.2)})
    assert (reported.status, reported.applied_version) == ("pending_restart", None)
    assert vehicle.microsleep_s == 1.4
    assert vehicle.restarts == 0
    vehicle.see(TRIAL_S + 2)
    assert vehicle.status() == "pending_restart", "what does not run proves nothing"
    vehicle.start()
    assert vehicle.status() == "trial"
    assert vehicle.begun.running.outbox.health_s == 30
    assert vehicle.microsleep_s == 1.2
    vehicle.see(TRIAL_S + 2)
    assert vehicle.status() == "applied"


def test_restart_now_is_asked_for_and_once_more_by_the_brokers_copy(vehicle: Vehicle) -> None:
    vehicle.wish(1, {"profile": "us-ddws"}, restart="now")
    assert vehicle.restarts == 1
    vehicle.start()
    vehicle.wish(1, {"profile": "us-ddws"}, restart="now")
    assert vehicle.restarts == 1, "it runs already"
    assert vehicle.begun.running.profile == "us-ddws"
    assert vehicle.microsleep_s == 1.4, "the file's own rules stay above the profile"


def test_expression_can_be_switched_off_from_outside_never_on(tmp_path: Path) -> None:
    vehicle = Vehicle(tmp_path)
    vehicle.file.write_text("{}\n")
    vehicle.start()
    assert vehicle.desk.running.expression.enabled
    assert vehicle.wish(1, {"expression": {"enabled": False}}).status == "pending_restart"
    vehicle.start()
    assert not vehicle.begun.running.expression.enabled
    assert vehicle.wish(2, {"expression": {"enabled": True}}).status == "refused"
    vehicle.start()
    assert not vehicle.begun.running.expression.enabled


def test_older_versions_and_changed_ones_of_the_same_number_are_refused(vehicle: Vehicle) -> None:
    vehicle.wish(5, rule(1.2))
    for version, settings in ((4, rule(1.3)), (5, rule(1.3))):
        reported = vehicle.wish(version, settings)
        assert reported.status == "refused"
        assert "repeated" in reported.errors[0].msg
    assert vehicle.wish(5, rule(1.2)).status == "trial", "the broker's copy comes with every connection"
    assert len(vehicle.rules_told) == 1


def test_empty_settings_lead_back_to_the_file(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.2))
    assert vehicle.wish(2, {}).applied_version == 2
    assert vehicle.rules_told[-1] == {"rules.closure.microsleep_s": 1.4}
    assert vehicle.microsleep_s == 1.4


def test_emptied_topic_changes_nothing(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.2))
    assert not vehicle.desk.take(Received(1, TOPIC, b"", retained=True), vehicle.clock.now())
    assert vehicle.microsleep_s == 1.2


def test_daemon_that_dies_with_new_settings_finds_the_last_good_ones(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.2))
    vehicle.see(TRIAL_S + 2)
    vehicle.wish(2, rule(1.9))
    for _ in range(TRIAL_STARTS - 1):
        vehicle.start()
        assert vehicle.microsleep_s == 1.9
    vehicle.start()
    assert vehicle.microsleep_s == 1.2
    reported = vehicle.desk.reported(vehicle.clock.now())
    assert (reported.status, reported.applied_version) == ("rolled_back", 1)
    assert vehicle.wish(2, rule(1.9)).status == "rolled_back", "the broker's copy is not tried again"
    assert vehicle.microsleep_s == 1.2
    assert vehicle.wish(3, rule(1.3)).status == "trial"


def test_short_drives_are_no_failures(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.2))
    for _ in range(2 * TRIAL_STARTS):
        vehicle.begun.store.ended_well()
        vehicle.start()
    assert vehicle.status() == "trial"
    assert vehicle.microsleep_s == 1.2


def test_failure_that_the_daemon_sees_is_taken_back_at_once(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.9))
    assert vehicle.begun.store.tried
    vehicle.begun.store.roll_back("the daemon failed with it")
    vehicle.start()
    assert vehicle.microsleep_s == 1.4
    assert vehicle.status() == "rolled_back"


def test_file_that_changed_under_accepted_settings_wins_and_it_is_told(vehicle: Vehicle) -> None:
    vehicle.wish(1, rule(1.9))
    vehicle.see(TRIAL_S + 2)
    vehicle.file.write_text("rules: {closure: {down_microsleep_s: 1.6}}\n")
    vehicle.start()
    reported = vehicle.desk.reported(vehicle.clock.now())
    assert reported.status == "refused"
    assert reported.errors
    assert reported.applied_version is None
    assert vehicle.microsleep_s != 1.9


def test_disk_that_takes_nothing_changes_nothing(vehicle: Vehicle) -> None:
    (vehicle.folder / f"{FILE_NAME}.new").mkdir()
    reported = vehicle.wish(1, rule(1.2))
    assert reported.status == "refused"
    assert "cannot be written" in reported.errors[0].msg
    assert vehicle.rules_told == []
    assert vehicle.microsleep_s == 1.4


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"good": 3}', b"\xff"])
def test_damaged_memory_falls_back_to_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    vehicle = Vehicle(tmp_path)
    assert vehicle.status() == "local"
    assert vehicle.wish(1, rule(1.2)).status == "trial"


def test_with_keys_unsigned_settings_change_nothing(tmp_path: Path) -> None:
    vehicle = Vehicle(tmp_path, signed=True)
    reported = vehicle.receive(json.dumps({"version": 1, "settings": rule(1.2)}).encode())
    assert reported.status == "refused"
    assert reported.errors[0].msg.startswith("signature_required")
    assert vehicle.wish(1, rule(1.2)).status == "trial"


def test_flood_of_settings_is_not_even_read(vehicle: Vehicle) -> None:
    taken = [vehicle.desk.take(Received(1, TOPIC, b"{"), vehicle.clock.now()) for _ in range(100)]
    assert sum(taken) == 10


def test_a_file_read_again_keeps_the_settings_from_outside_above_it(tmp_path: Path) -> None:
    vehicle = Vehicle(tmp_path)
    assert vehicle.begun.read_again().rules.closure.microsleep_s == 1.4
    vehicle.wish(1, {"rules": {"closure": {"microsleep_s": 1.2}}})
    vehicle.file.write_text("rules: {closure: {microsleep_s: 1.9, log_s: 0.6}}\n")
    again = vehicle.begun.read_again()
    assert (again.rules.closure.microsleep_s, again.rules.closure.log_s) == (1.2, 0.6)
    vehicle.desk.reloaded(again)
    assert vehicle.wish(1, {"rules": {"closure": {"microsleep_s": 1.2}}}).hash == config_hash(again)


def test_a_file_that_the_settings_do_not_fit_any_more_counts_alone(tmp_path: Path) -> None:
    vehicle = Vehicle(tmp_path)
    vehicle.wish(1, {"rules": {"closure": {"microsleep_s": 2.0}}})
    vehicle.file.write_text("rules: {closure: {sleep_s: 2.0}}\n")
    assert vehicle.begun.read_again().rules.closure.microsleep_s == 1.5
    vehicle.file.write_text("rules: {closure: {sleep_s: .nan}}\n")
    with pytest.raises(ConfigError):
        vehicle.begun.read_again()
