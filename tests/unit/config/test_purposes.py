from __future__ import annotations

from typing import get_args

from edge.config.load import load_text
from edge.config.purposes import GROUPS_OF, message_retention, purposes, retention
from edge.config.schema import Config
from edge.types import AlertKind


def test_every_kind_of_alert_serves_a_purpose_and_has_a_limit() -> None:
    assert set(GROUPS_OF) == set(get_args(AlertKind))
    days = message_retention(Config()).alert_days
    assert set(days) == set(GROUPS_OF)
    assert all(limit > 0 for limit in days.values())


def test_each_group_has_its_own_switch_purpose_and_limit() -> None:
    config = load_text(
        "fatigue: {retention_days: 10}\ndistraction: {enabled: false}\nexpression: {enabled: false}\n"
        "retention: {health_days: 5, trips_days: 3}\nrecording: {stream_file: s.jsonl}\n"
    )
    assert purposes(config) == {"fatigue": "safety", "health": "operation"}
    days = message_retention(config)
    assert (days.alert_days["sleep"], days.alert_days["health"], days.trips_days) == (10.0, 5.0, 3.0)
    assert (
        days.alert_days["unresponsive"] - 10.0
        == days.alert_days["distraction"]
        == days.alert_days["vats"]
        == days.alert_days["displayed_anger"]
        == 0.0
    )
    told = retention(config)
    assert "10 days" in told["fatigue"]
    assert "7 days" in told["recordings"]
    assert not {"distraction", "displayed_expression"} & set(told)
    assert "recordings" not in retention(Config())
