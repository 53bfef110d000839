"""The delivery window against a broker of whims: nothing is lost, and order holds while a session is kept."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.uplink.window import DeliveryWindow

if TYPE_CHECKING:
    from collections.abc import Callable

S = 1_000_000_000


class World:
    """A vehicle with rows to deliver, a line that may break, a broker that answers in order."""

    def __init__(self) -> None:
        self.window = DeliveryWindow()
        self.rows: dict[int, None] = {}
        self.raised = 0
        self.arrived: list[int] = []
        self._subscribed = False
        self._line: deque[tuple[int, int]] = deque()
        self._message_id = 0
        self._now_ns = 0
        self.window.begin(0, 0, None)

    def raise_alert(self) -> None:
        self.raised += 1
        self.rows[self.raised] = None

    def send(self) -> None:
        room = self.window.room(self._now_ns)
        for seq in [row for row in self.rows if row > self.window.cursor][:room]:
            self._message_id += 1
            self._line.append((self._message_id, seq))
            self.window.sent(self._message_id, seq, self._now_ns)

    def handle(self) -> None:
        if not self._line:
            return
        message_id, accepted = self._take()
        seq = self.window.answered(message_id, self._now_ns, accepted=accepted)
        if seq is not None and accepted:
            self.rows.pop(seq, None)

    def cut(self) -> None:
        self._line.clear()
        self.window.begin(self._now_ns, self.raised, None)

    def cut_the_answers(self) -> None:
        while self._line:
            self._take()
        self.cut()

    def subscribe(self) -> None:
        self._subscribed = True  # and the broker keeps the session from now on

    def wait(self) -> None:
        self._now_ns += S

    def _take(self) -> tuple[int, bool]:
        message_id, seq = self._line.popleft()
        if self._subscribed:
            self.arrived.append(seq)
        return message_id, self._subscribed


STEPS = (
    World.raise_alert,
    World.send,
    World.handle,
    World.handle,
    World.cut,
    World.cut_the_answers,
    World.subscribe,
    World.wait,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=120))
def test_everything_arrives_in_order_of_its_first_arrival(script: list[Callable[[World], None]]) -> None:
    world = World()
    for step in script:
        step(world)
    world.subscribe()
    for _ in range(40 * (world.raised + 10)):
        world.wait()
        world.send()
        world.handle()
    assert list(dict.fromkeys(world.arrived)) == list(range(1, world.raised + 1))
