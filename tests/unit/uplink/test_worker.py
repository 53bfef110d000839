from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.purposes import speaks_of_expression
from edge.config.schema import Mqtt, Outbox, Remote
from edge.types import DriverState, Evidence
from edge.uplink import link as link_module
from edge.uplink.database import FILE_NAME, OutboxBusyError
from edge.uplink.keeper import RETRY_S, WITHOUT_DISK_S
from edge.uplink.messages import AlertContext, Health, InCab
from edge.uplink.mqtt import Ended, MqttSettingsError, Received
from edge.uplink.settling import SETTLED_AFTER_S
from edge.uplink.trip import TripSum
from edge.uplink.worker import QUEUE_LENGTH, Uplink
from tests.support.brokers import wait_for
from tests.support.uplink import CONTEXT, INFO, ObligingConnection, SetClock, alert, notice, obliging_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MQTT = Mqtt(fleet="depot-7", vehicle="van-12")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> type[ObligingConnection]:
    made = obliging_network()
    monkeypatch.setattr(link_module, "Connection", made)
    return made


@pytest.fixture
def uplink(network: type[ObligingConnection], tmp_path: Path) -> Iterator[Uplink]:
    made = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock())
    yield made
    made.stop(0.0)


def documents(network: type[ObligingConnection], name: str) -> list[dict[str, Any]]:
    return [
        json.loads(payload)
        for connection in network.made
        for _, topic, payload, _, _ in list(connection.sent)
        if topic == f"dms/1/depot-7/van-12/{name}"
    ]


def test_alert_goes_to_disk_then_out_and_is_forgotten_when_accepted(
    uplink: Uplink, network: type[ObligingConnection]
) -> None:
    uplink.start()
    assert uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    assert wait_for(lambda: uplink.counters().outbox_depth == 0)
    (event,) = documents(network, "alert")
    assert event["data"]["kind"] == "microsleep"
    assert event["data"]["seq"] == 1
    assert [item["kind"] for item in documents(network, "alerts/active")[-1]["alerts"]] == ["microsleep"]
    counters = uplink.counters()
    assert counters.connected
    assert counters.last_ack_age_s == 0.0
    assert counters.faults == ()
    assert uplink.failure() is None


def test_folder_that_cannot_be_written_keeps_nothing_from_the_fleet(
    network: type[ObligingConnection], tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    folder.write_text("in the way")
    clock = SetClock()
    uplink = Uplink(MQTT, Outbox(), state_dir=folder, info=INFO, clock=clock)
    uplink.start()
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().pending == 1)
    clock.advance(WITHOUT_DISK_S)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    clock.advance(SETTLED_AFTER_S)
    network.silent = True  # what is sent from now on is not answered for
    uplink.offer_alert(notice(1), CONTEXT)
    assert wait_for(lambda: len(documents(network, "alert")) == 2)
    assert uplink.counters().faults == ("outbox_unavailable",)
    folder.unlink()
    clock.advance(RETRY_S)
    assert wait_for(lambda: (folder / FILE_NAME).exists() and uplink.counters().pending == 0)
    assert wait_for(lambda: len(documents(network, "alert")) == 3), "it is sent anew: its number could have changed"
    assert [event["data"]["seq"] for event in documents(network, "alert")] == [1, 2, 2]
    assert uplink.counters().outbox_depth == 1
    uplink.stop(0.0)


def test_what_the_driver_was_given_is_asked_in_the_thread_that_may_wait(
    uplink: Uplink, network: type[ObligingConnection]
) -> None:
    asked: list[str] = []

    def in_cab() -> InCab:
        asked.append(threading.current_thread().name)
        return InCab(played=True, latency_ms=21.0)

    uplink.start()
    assert uplink.offer_alert(alert(), AlertContext(), in_cab)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    assert asked == ["uplink"]
    (event,) = documents(network, "alert")
    assert event["data"]["in_cab"] == {"played": True, "latency_ms": 21.0}


def test_alerts_reach_the_disk_one_by_one_while_an_output_in_the_cab_is_slow(
    network: type[ObligingConnection], tmp_path: Path
) -> None:
    network.reason_code = 0x10  # nobody is subscribed: they stay on the disk
    clock = SetClock()
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=clock)
    on_disk: list[int] = []

    def in_cab() -> InCab:
        clock.advance(0.1)
        on_disk.append(uplink.counters().outbox_depth)
        return InCab(played=False)

    for number in range(4):
        assert uplink.offer_alert(notice(number), AlertContext(), in_cab)
    uplink.start()
    assert wait_for(lambda: uplink.counters().outbox_depth == 4)
    uplink.stop(0.0)
    assert on_disk == [0, 1, 2, 3]


def test_end_says_the_last_words_then_offline_then_goodbye(uplink: Uplink, network: type[ObligingConnection]) -> None:
    uplink.start()
    uplink.offer_alert(alert(), CONTEXT)
    uplink.offer_state(DriverState(t_ns=0), 5)
    uplink.offer_health(Health(camera="ok", frames=10))
    result = uplink.stop(5.0)
    assert (result.delivered, result.left, result.clean) == (1, 0, True)
    (connection,) = network.made
    assert [topic.split("/", 4)[4] for _, topic, *_ in connection.sent[-3:]] == ["state", "health", "status"]
    assert documents(network, "status")[-1]["status"] == "offline"
    assert documents(network, "state")[-1]["mono_ns"] == 5
    assert connection.closed
    assert not uplink.offer_alert(alert(), CONTEXT)


def test_refused_alerts_stay_on_disk_and_the_rest_waits_behind(
    uplink: Uplink, network: type[ObligingConnection]
) -> None:
    network.reason_code = 0x10
    uplink.start()
    for number in range(5):
        uplink.offer_alert(notice(number), CONTEXT)
    assert wait_for(lambda: uplink.counters().waiting_for_subscriber)
    assert len(documents(network, "alert")) == 1
    result = uplink.stop(5.0)
    assert (result.delivered, result.left, result.clean) == (0, 5, True)


@pytest.mark.parametrize(("code", "fault"), [(0x87, "mqtt_not_authorised"), (0x97, "mqtt_refused")])
def test_refusal_that_is_no_missing_subscriber_is_a_fault(
    uplink: Uplink, network: type[ObligingConnection], code: int, fault: str
) -> None:
    network.reason_code = code
    uplink.start()
    uplink.offer_health(Health(camera="ok"))
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().faults == (fault,))
    uplink.stop(0.5)
    assert documents(network, "health")[-1]["faults"] == [fault]


def test_nobody_subscribed_is_good_enough_where_configured_so(
    network: type[ObligingConnection], tmp_path: Path
) -> None:
    network.reason_code = 0x10
    mqtt = Mqtt(require_subscriber=False)
    uplink = Uplink(mqtt, Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock())
    uplink.start()
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    uplink.stop(1.0)


def test_alerts_of_an_offline_time_are_marked_as_late(network: type[ObligingConnection], tmp_path: Path) -> None:
    network.refuse_connect = Ended(0, "no broker")
    clock = SetClock()
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=clock)
    uplink.start()
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().outbox_depth == 1)
    network.refuse_connect = None
    clock.advance(60.0)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    uplink.offer_alert(notice(2), CONTEXT)
    assert wait_for(lambda: uplink.counters().delivered == 2)
    uplink.stop(1.0)
    assert [event["data"].get("replayed", False) for event in documents(network, "alert")] == [True, False]


def test_alert_whose_broker_may_have_died_before_saving_it_goes_out_again(
    network: type[ObligingConnection], tmp_path: Path
) -> None:
    clock = SetClock()
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=clock)
    uplink.start()
    for number in range(3):
        uplink.offer_alert(notice(number), CONTEXT)
        assert wait_for(lambda number=number: uplink.counters().delivered == number + 1)
    network.made[-1].tell(network.made[-1].end("killed"))
    assert wait_for(lambda: uplink.counters().outbox_depth == 1), "the last one: nothing was answered after it"
    clock.advance(60.0)
    assert wait_for(lambda: uplink.counters().delivered == 4)
    result = uplink.stop(5.0)
    assert (result.left, result.clean) == (0, True)
    alerts = [event["data"] for event in documents(network, "alert")]
    assert [alert["seq"] for alert in alerts] == [1, 2, 3, 3]
    assert alerts[-1]["replayed"]


def test_full_queue_is_counted_and_never_blocks(
    uplink: Uplink, network: type[ObligingConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, released = threading.Event(), threading.Event()

    def hang(_now: object) -> bool:
        entered.set()
        return released.wait(30.0)

    uplink.start()
    monkeypatch.setattr(uplink._keeper, "flush", hang)
    assert entered.wait(10.0)
    taken = [uplink.offer_alert(notice(number), CONTEXT) for number in range(QUEUE_LENGTH + 10)]
    assert taken == [True] * QUEUE_LENGTH + [False] * 10
    monkeypatch.undo()
    released.set()
    assert wait_for(lambda: uplink.counters().dropped_queue_full == 10)


def test_with_expression_off_no_word_of_it_leaves(network: type[ObligingConnection], tmp_path: Path) -> None:
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock(), expression=False)
    uplink.start()
    assert not uplink.offer_alert(alert(kind="displayed_anger"), CONTEXT)
    uplink.offer_alert(alert(kind="fatigue", evidence=(Evidence("anger_share30", 0.7, 0.6),)), CONTEXT)
    uplink.offer_state(DriverState(t_ns=0, displayed_anger_alert_level=2), 0)
    uplink.offer_health(Health(camera="ok"))
    assert wait_for(lambda: uplink.counters().delivered == 1)
    uplink.stop(1.0)
    sent = b"".join(payload for connection in network.made for _, _, payload, _, _ in connection.sent)
    will = network.made[0].will[1]
    assert b"fatigue" in sent
    assert not speaks_of_expression((sent + will).decode().lower())


def test_silent_broker_is_given_up_and_the_fault_is_told(network: type[ObligingConnection], tmp_path: Path) -> None:
    clock = SetClock()
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=clock)
    uplink.start()
    assert wait_for(lambda: uplink.counters().connected)
    network.made[0].silent = True
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: len(documents(network, "alert")) == 1)
    clock.advance(11.0)
    assert wait_for(lambda: "mqtt_stalled" in uplink.counters().faults)
    assert network.made[0].given_up
    clock.advance(60.0)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    clock.advance(link_module.STALL_TOLD_S)
    assert wait_for(lambda: uplink.counters().faults == ())
    assert uplink.counters().reconnects == 1
    uplink.stop(1.0)


def test_mqtt_switched_off_keeps_everything_in_the_vehicle(network: type[ObligingConnection], tmp_path: Path) -> None:
    uplink = Uplink(Mqtt(enabled=False), Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock())
    uplink.start()
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().outbox_depth == 1)
    assert uplink.stop(1.0).left == 1
    assert network.made == []


def test_second_daemon_on_the_same_folder_does_not_start(
    uplink: Uplink, network: type[ObligingConnection], tmp_path: Path
) -> None:
    uplink.start()
    with pytest.raises(OutboxBusyError):
        Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO).start()


def test_unusable_settings_are_told_at_the_start(tmp_path: Path) -> None:
    mqtt = Mqtt(username="van", password_file=str(tmp_path / "missing"))
    with pytest.raises(MqttSettingsError, match="password_file"):
        Uplink(mqtt, Outbox(), state_dir=tmp_path, info=INFO).start()


def test_failure_of_the_thread_is_told_and_the_line_cut(
    network: type[ObligingConnection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[BaseException] = []
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock(), on_failure=told.append)
    uplink.start()
    assert wait_for(lambda: uplink.counters().connected)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("edge.uplink.alert_post.event", fail)
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.failure() is not None)
    assert wait_for(lambda: bool(told))
    assert isinstance(told[0], RuntimeError)
    assert wait_for(lambda: network.made[0].given_up)
    assert not uplink.stop(1.0).clean


def test_progress_rises_while_idle(uplink: Uplink, network: type[ObligingConnection]) -> None:
    uplink.start()
    before = uplink.counters().progress
    assert wait_for(lambda: uplink.counters().progress > before + 2)


class Hands:
    """Notes what the fleet moves."""

    def __init__(self) -> None:
        self.moved: list[object] = []

    def press(self, *, wrong: bool, key: str | None) -> None:
        self.moved.append(("wrong" if wrong else "ack", key))

    def change_rules(self, changes: dict[str, Any]) -> None:
        self.moved.append(changes)

    def follow_state(self, for_s: float) -> None:
        self.moved.append(for_s)

    def restart(self) -> None:
        self.moved.append("restart")

    def purge(self) -> dict[str, int]:
        return {"drivers": 2, "recordings": 1}


def test_nothing_is_listened_to_unless_the_owner_says_so(uplink: Uplink, network: type[ObligingConnection]) -> None:
    uplink.start()
    assert wait_for(lambda: uplink.counters().connected)
    assert network.made[0].listens == ()


def test_commands_are_carried_out_and_answered(network: type[ObligingConnection], tmp_path: Path) -> None:
    hands = Hands()
    allowed = Remote(commands=True, allow=("ping", "report", "ack", "mark_wrong", "purge"))
    uplink = Uplink(MQTT, Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock(), remote=allowed, hands=hands)
    uplink.start()
    uplink.offer_health(Health(camera="ok"))
    uplink.offer_alert(alert(), CONTEXT)
    assert wait_for(lambda: uplink.counters().delivered == 1)
    (connection,) = network.made
    assert connection.listens == ("dms/1/depot-7/van-12/cmd/+",)
    identity = documents(network, "alerts/active")[-1]["alerts"][0]["alert_id"]
    for name, parameters in (
        ("ack", {"alert_id": identity}),
        ("mark_wrong", {"alert_id": "another"}),
        ("report", {"state_for_s": 30}),
        ("purge", {"vehicle": "van-12"}),
    ):
        topic = f"dms/1/depot-7/van-12/cmd/{name}"
        uplink._network.put(Received(connection.number, topic, json.dumps(parameters).encode()))
    assert wait_for(lambda: documents(network, "rsp/purge"))
    assert [documents(network, f"rsp/{name}")[0]["status"] for name in ("ack", "mark_wrong", "report")] == [
        "done",
        "refused",
        "done",
    ]
    assert documents(network, "rsp/purge")[0]["result"] == {
        "alerts": 0,
        "trips": 0,
        "damaged_files": 0,
        "drivers": 2,
        "recordings": 1,
    }
    assert hands.moved == [("ack", "microsleep-1"), 30]
    assert len(documents(network, "info")) == 2, "a report says everything again"
    uplink.stop(1.0)
    assert documents(network, "health")[-1]["commands"] == {"done": 3, "refused": 1, "dropped": 0}


def test_vehicle_announces_itself_to_home_assistant_where_wanted(
    network: type[ObligingConnection], tmp_path: Path
) -> None:
    mqtt = Mqtt(fleet="depot-7", vehicle="van-12", homeassistant=True)
    uplink = Uplink(mqtt, Outbox(), state_dir=tmp_path, info=INFO, clock=SetClock(), expression=False)
    uplink.start()
    assert wait_for(lambda: uplink.counters().connected)
    uplink.stop(1.0)
    ((topic, payload),) = [
        (topic, payload) for _, topic, payload, _, _ in network.made[0].sent if topic.startswith("homeassistant")
    ]
    assert topic == "homeassistant/device/dms_depot-7_van-12/config"
    assert not speaks_of_expression(payload.decode().lower())


def test_trip_is_delivered_before_the_goodbye(uplink: Uplink, network: type[ObligingConnection]) -> None:
    uplink.start()
    uplink.offer_trip(TripSum(started_ns=0, ended_ns=60_000_000_000, reason="shutdown"))
    assert uplink.stop(5.0).clean
    (trip,) = documents(network, "trip")
    assert trip["duration_s"] == 60.0
