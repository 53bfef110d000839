from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from edge.runtime.worker import Worker

if TYPE_CHECKING:
    import pytest


def never(worker: Worker, failure: BaseException) -> None:
    raise AssertionError(f"{worker.name} failed: {failure!r}")


def test_a_worker_runs_named_until_it_is_stopped_and_counts_its_beats() -> None:
    names: list[str] = []
    beaten = threading.Event()

    def target(worker: Worker) -> None:
        names.append(threading.current_thread().name)
        while not worker.stopping:
            worker.beat()
            if worker.progress == 3:
                beaten.set()
            worker.stop_event.wait(0.001)

    worker = Worker("capture", target, never)
    assert not worker.alive
    worker.start()
    assert beaten.wait(30.0)
    assert worker.alive
    worker.stop()
    worker.stop()
    assert worker.join(30.0)
    assert not worker.alive
    assert names == ["capture"]
    assert worker.progress >= 3
    assert worker.failure is None


def test_a_failure_is_kept_logged_with_its_traceback_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    reported: list[tuple[Worker, BaseException]] = []

    def exploding_stage(_: Worker) -> None:
        raise KeyError("lost")

    worker = Worker("pipeline", exploding_stage, lambda *what: reported.append(what))
    with caplog.at_level(logging.CRITICAL):
        worker.start()
        assert worker.join(30.0)
    assert isinstance(worker.failure, KeyError)
    assert reported == [(worker, worker.failure)]
    assert "worker pipeline failed" in caplog.text
    assert "exploding_stage" in caplog.text


def test_a_worker_that_leaves_by_exit_is_reported_too() -> None:
    reported: list[BaseException] = []

    def leave(_: Worker) -> None:
        raise SystemExit(3)

    worker = Worker("uplink", leave, lambda _, failure: reported.append(failure))
    worker.start()
    assert worker.join(30.0)
    assert isinstance(reported[0], SystemExit)


def test_join_tells_when_a_target_hangs_and_the_thread_does_not_keep_the_process() -> None:
    release = threading.Event()
    worker = Worker("stuck", lambda _: release.wait(60.0) and None, never)
    assert worker.join(0.0)
    worker.start()
    worker.stop()
    assert worker.join(0.01) is False
    assert worker._thread.daemon
    release.set()
    assert worker.join(30.0)
