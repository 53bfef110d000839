from __future__ import annotations

from edge.hands import FleetHands
from edge.types import BaselineChange, Button, SettingsChange


def test_what_the_fleet_moves_goes_into_the_stream() -> None:
    members: list[Button | SettingsChange | BaselineChange] = []
    followed: list[float] = []
    restarts: list[None] = []
    hands = FleetHands(
        put=members.append,
        follow=followed.append,
        restart_daemon=lambda: restarts.append(None),
        purge_drivers=lambda: 3,
        purge_recordings=lambda: 1,
    )
    hands.press(wrong=False, key=None)
    hands.press(wrong=True, key="sleep-1")
    hands.change_rules({"rules.closure.microsleep_s": 1.2})
    hands.follow_state(60.0)
    hands.restart()
    assert hands.purge() == {"drivers": 3, "recordings": 1}
    assert members == [
        Button(t_ns=0, name="ack", remote=True),
        Button(t_ns=0, name="wrong", key="sleep-1", remote=True),
        SettingsChange(t_ns=0, changes={"rules.closure.microsleep_s": 1.2}),
        BaselineChange(t_ns=0, action="restore"),
    ]
    assert (followed, len(restarts)) == ([60.0], 1)
