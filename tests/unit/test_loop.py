"""The pipeline loop: frames, silence and camera faults with the right stamps."""

from __future__ import annotations

import threading

import numpy as np

from edge.camera.base import Frame
from edge.camera.capture import Condition
from edge.loop import PipelineLoop
from edge.runtime.slot import LatestSlot, PatientSlot
from edge.types import Button, CameraHealth

SECOND_NS = 1_000_000_000
GRAY = np.zeros((40, 40), np.uint8)


class FakePipeline:
    """Notes what it is given and does something after each step."""

    def __init__(self, after: list[object]) -> None:
        self.seen: list[object] = []
        self.private = False
        self._after = after

    def on_frame(self, frame: Frame) -> None:
        self._note(("frame", frame.t_ns))

    def on_silence(self, t_ns: int) -> None:
        self._note(("silence", t_ns))

    def feed(self, member: object) -> None:
        self.seen.append(member)

    def close(self, reason: str) -> None:
        self.seen.append(("close", reason))

    def _note(self, item: object) -> None:
        self.seen.append(item)
        if self._after:
            self._after.pop(0)()  # type: ignore[operator]


class FakeClock:
    """Advances by 0.3 s whenever it is read."""

    def __init__(self) -> None:
        self.now_ns = 100 * SECOND_NS

    def monotonic_ns(self) -> int:
        self.now_ns += 300_000_000
        return self.now_ns

    def wall_ns(self) -> int:
        raise AssertionError("the loop asks for no wall time")

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        raise AssertionError("the loop waits on its slot only")


class FakeWorker:
    stopping = False

    def beat(self) -> None:
        pass


def test_a_tick_keeps_the_cameras_delay_so_that_it_overtakes_no_frame() -> None:
    slot: LatestSlot[Frame] = LatestSlot()
    slot.put(Frame(GRAY, t_ns=7 * SECOND_NS, sequence=0))
    pipeline = FakePipeline([lambda: None, slot.close])
    PipelineLoop(pipeline, slot, lambda: Condition("ok", 0), FakeClock(), live=True).run(FakeWorker())
    # The clock was read when the frame was taken, when all was decided on it, and in the silence.
    assert pipeline.seen == [("frame", 7 * SECOND_NS), ("silence", 7 * SECOND_NS + 600_000_000), ("close", "shutdown")]


def test_latency_counts_from_the_arrival_of_a_live_frame() -> None:
    slot: LatestSlot[Frame] = LatestSlot()
    clock = FakeClock()
    arrived_ns = clock.now_ns - 50_000_000
    slot.put(Frame(GRAY, t_ns=7 * SECOND_NS, sequence=0, arrived_ns=arrived_ns))
    seen: list[int | None] = []
    pipeline = FakePipeline([lambda: seen.append(loop.reference_ns), slot.close])
    loop = PipelineLoop(pipeline, slot, lambda: Condition("ok", 0), clock, live=True)
    loop.run(FakeWorker())
    assert seen == [arrived_ns]
    assert loop.decided.count == 1
    assert loop.decided.percentile_ms(0.5) == 650.0
    # A silence came about when it was noticed.
    assert loop.reference_ns == 100 * SECOND_NS + 900_000_000


def test_the_wait_of_a_file_played_fast_is_no_latency() -> None:
    slot: PatientSlot[Frame] = PatientSlot()
    clock = FakeClock()
    slot.put(Frame(GRAY, t_ns=7 * SECOND_NS, sequence=0, arrived_ns=1))
    loop = PipelineLoop(FakePipeline([slot.close]), slot, lambda: Condition("ok", 0), clock, live=False)
    loop.run(FakeWorker())
    assert loop.decided.percentile_ms(0.5) == 300.0


def test_a_fault_is_told_at_once_again_each_second_and_its_end_once() -> None:
    conditions = [Condition("stalled", 0, "unplugged")] * 5 + [Condition("ok", 0)] * 2
    slot: LatestSlot[Frame] = LatestSlot()
    pipeline = FakePipeline([lambda: None] * 6 + [slot.close])
    PipelineLoop(pipeline, slot, lambda: conditions.pop(0), FakeClock(), live=True).run(FakeWorker())
    told = [item for item in pipeline.seen if isinstance(item, CameraHealth)]
    assert [item.state for item in told] == ["stalled", "stalled", "ok"]
    assert told[0].detail == "unplugged"
    assert told[1].t_ns - told[0].t_ns == 1_200_000_000


def test_a_file_played_fast_knows_no_silence() -> None:
    slot: PatientSlot[Frame] = PatientSlot()
    closer = threading.Timer(0.6, slot.close)
    closer.start()
    pipeline = FakePipeline([])
    PipelineLoop(pipeline, slot, lambda: Condition("ok", 0), FakeClock(), live=False).run(FakeWorker())
    closer.join()
    assert pipeline.seen == [("close", "shutdown")]


def test_a_patient_slot_loses_nothing() -> None:
    slot: PatientSlot[int] = PatientSlot()
    sender = threading.Thread(target=lambda: [slot.put(number) for number in range(1, 51)])
    sender.start()
    taken = [slot.get(5.0) for _ in range(50)]
    sender.join()
    assert taken == list(range(1, 51))
    assert slot.drops == 0


def test_a_member_of_another_thread_gets_the_time_of_the_frame_it_follows() -> None:
    slot: LatestSlot[Frame] = PatientSlot()
    pipeline = FakePipeline([])
    loop = PipelineLoop(pipeline, slot, lambda: Condition("ok", 0), FakeClock(), live=False)
    loop.put(Button(t_ns=0, name="ack"))
    slot.put(Frame(GRAY, t_ns=7 * SECOND_NS, sequence=0))
    slot.close()
    loop.run(FakeWorker())
    assert pipeline.seen[:2] == [("frame", 7 * SECOND_NS), Button(t_ns=7 * SECOND_NS, name="ack")]


def test_the_camera_is_told_whether_it_may_rest() -> None:
    slot: LatestSlot[Frame] = LatestSlot()
    slot.put(Frame(GRAY, t_ns=SECOND_NS, sequence=0))
    told: list[bool] = []
    pipeline = FakePipeline([])

    def sleep() -> None:
        pipeline.private = True

    def wake() -> None:
        pipeline.private = False
        slot.close()

    pipeline._after = [sleep, wake]
    loop = PipelineLoop(pipeline, slot, lambda: Condition("ok", 0), FakeClock(), live=True, rest=told.append)  # type: ignore[arg-type]
    loop.run(FakeWorker())  # type: ignore[arg-type]
    assert told == [True, False]


def test_what_the_pictures_show_is_not_spoken_over() -> None:
    light = Condition("ir_fault", 0, "no light")
    conditions: list[Condition | None] = [light] * 4 + [None] * 8 + [light] * 5
    count = len(conditions)
    slot: LatestSlot[Frame] = LatestSlot()
    pipeline = FakePipeline([lambda: None] * (count - 1) + [slot.close])
    PipelineLoop(pipeline, slot, lambda: conditions.pop(0), FakeClock(), live=True).run(FakeWorker())
    told = [place for place, member in enumerate(pipeline.seen) if isinstance(member, CameraHealth)]
    assert all(pipeline.seen[place].state == "ir_fault" for place in told)  # type: ignore[attr-defined]
    silences = [sum(isinstance(member, tuple) for member in pipeline.seen[:place]) for place in told]
    assert not [before for before in silences if 4 <= before < 12], "nothing while the pictures are worse"
    assert [before for before in silences if before < 4]
    assert [before for before in silences if before >= 12]
