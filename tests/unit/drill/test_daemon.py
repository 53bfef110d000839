"""What a daemon that does not start said last."""

from __future__ import annotations

import threading
from pathlib import Path

from edge.drill.daemon import DrilledDaemon


def test_the_last_complaint_is_quoted_before_the_lines_behind_it(tmp_path: Path) -> None:
    daemon = DrilledDaemon(tmp_path, threading.Condition())
    assert daemon.last_words() == "it wrote nothing"
    daemon.log.write_text("T INFO a: begun\nT WARNING b: no camera; plug it in\nT INFO b: again in 8 s\n")
    assert daemon.last_words() == "T WARNING b: no camera; plug it in"
    daemon.log.write_text("one\ntwo\nthree\nfour\n")
    assert daemon.last_words() == "two / three / four"
