"""A process that does nothing but raise numbered alerts through the real uplink, to be killed by tests.

Quick to start; `numbered_daemon.py` is the whole daemon.

Arguments: broker port, state directory, ledger file, messages per second, first number, how many.
A number is written to the ledger only after the outbox has committed it, a row id to `{ledger}.acknowledged` once
the broker has answered for it. Ends at SIGTERM as the daemon would.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config.schema import Mqtt, Outbox
from edge.types import AlertChange, Evidence
from edge.uplink.messages import AlertContext, Info
from edge.uplink.outbox import AlertOutbox
from edge.uplink.worker import Uplink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge.uplink.envelope import StoredAlert

NUMBER = "number"


def keep_ledger(path: Path) -> None:
    """Have every commit of the outbox written down, number by number, and every answer of the broker."""
    ledger = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    answers = os.open(f"{path}.acknowledged", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    commit, forget = AlertOutbox.write, AlertOutbox.delete

    def write(self: AlertOutbox, batch: Sequence[StoredAlert], *, after: int | None = None) -> None:
        commit(self, batch, after=after)
        numbers = [round(item.value) for stored in batch for item in stored.change.evidence if item.name == NUMBER]
        os.write(ledger, "".join(f"{number}\n" for number in numbers).encode())

    def delete(self: AlertOutbox, seqs: Iterable[int]) -> None:
        seqs = list(seqs)
        os.write(answers, "".join(f"{seq}\n" for seq in seqs).encode())
        forget(self, seqs)

    AlertOutbox.write = write  # type: ignore[method-assign]
    AlertOutbox.delete = delete  # type: ignore[method-assign]


def numbered(number: int, now_ns: int) -> AlertChange:
    """Return the message of a number: odd ones close the alert that the even one before has opened."""
    return AlertChange(
        t_ns=now_ns,
        key=f"eyes_closed-{number // 2}",
        phase="closed" if number % 2 else "opened",
        kind="eyes_closed",
        level=1,
        peak_level=1,
        started_ns=now_ns,
        ended_ns=now_ns if number % 2 else None,
        evidence=(Evidence(name=NUMBER, value=number, threshold=0.0),),
    )


def main() -> int:
    """Raise alerts until all are out or SIGTERM comes."""
    port, state_dir, ledger, rate, first, count = sys.argv[1:]
    keep_ledger(Path(ledger))
    uplink = Uplink(
        Mqtt(host="127.0.0.1", port=int(port), keepalive_s=5),
        Outbox(),
        state_dir=Path(state_dir),
        info=Info(software="test", config_hash="0", profile="test"),
    )
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    uplink.start()
    due_s = time.monotonic()
    for number in range(int(first), int(first) + int(count)):
        if end.is_set():
            break
        while not uplink.offer_alert(numbered(number, time.monotonic_ns()), AlertContext()):
            if uplink.failure() is not None:
                return 1
            time.sleep(0.01)
        due_s += 1.0 / float(rate)
        end.wait(max(0.0, due_s - time.monotonic()))
    end.wait()
    result = uplink.stop(20.0)
    print(result, uplink.counters(), flush=True)
    return 0 if result.left == 0 and uplink.failure() is None else 1


if __name__ == "__main__":
    sys.exit(main())
