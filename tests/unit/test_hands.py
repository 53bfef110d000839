from __future__ import annotations

from edge.hands import FleetHands
from edge.types import Button, SettingsChange


def test_what_the_fleet_moves_goes_into_the_stream() -> None:
    members: list[Button | SettingsChange] = []
    followed: list[float] = []
    restarts: list[None] = []
    hands = FleetHands(put=members.append, follow=followed.append, restart_daemon=lambda: restarts.append(None))
    hands.press(wrong=False, key=None)
    hands.press(wrong=True, key="sleep-1")
    hands.change_rules({"rules.closure.microsleep_s": 1.2})
    hands.follow_state(60.0)
    hands.restart()
    assert members == [
        Button(t_ns=0, name="ack"),
        Button(t_ns=0, name="wrong", key="sleep-1"),
        SettingsChange(t_ns=0, changes={"rules.closure.microsleep_s": 1.2}),
    ]
    assert (followed, len(restarts)) == ([60.0], 1)
