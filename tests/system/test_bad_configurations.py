"""Three hundred bad configurations, and what is no file: refused with every place, never taken while running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge.cli import main
from tests.support.bad_configurations import COUNT, bad_texts
from tests.support.commanded import Commanded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.figures import Figures

SUMMARY = re.compile(r"\d+ problems? found")
PATIENCE_S = 60.0


def test_each_is_refused_at_the_start_with_file_line_and_column_of_every_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], figure: Figures
) -> None:
    file = tmp_path / "dms.yaml"
    placed = re.compile(rf"{re.escape(str(file))}:[1-9]\d*:[1-9]\d*: \S")
    texts = bad_texts()
    accepted, unplaced = [], []
    for name, content in texts.items():
        file.write_bytes(content)
        if main(["check", str(file)]) == 0:
            accepted.append(name)
        output = capsys.readouterr()
        said = [line for line in (output.out + output.err).splitlines() if not SUMMARY.fullmatch(line)]
        if not said or not all(map(placed.match, said)):
            unplaced.append(f"{name}: {said}")
    figure("bad_configuration", "bad files", len(texts), at_least=COUNT)
    figure("bad_configuration", "bad files that `edge-dms check` accepts", len(accepted), at_most=0)
    figure("bad_configuration", "bad files with a mistake that is told without its place", len(unplaced), at_most=0)


def test_five_mistakes_are_five_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dms.yaml"
    file.write_bytes(bad_texts()["five mistakes"])
    assert main(["check", str(file)]) == 1
    lines = [int(line) for line in re.findall(r"dms\.yaml:(\d+):", "".join(capsys.readouterr()))]
    assert sorted(lines) == [2, 3, 4, 6, 8]


NO_FILES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "endless zeros": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "the controlling terminal": lambda path: path.symlink_to("/dev/tty"),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("verb", ["check", pytest.param("run", marks=pytest.mark.full)])
def test_what_is_no_file_is_refused_in_one_sentence(tmp_path: Path, kind: str, verb: str) -> None:
    path = tmp_path / "dms.yaml"
    NO_FILES[kind](path)
    arguments = ["check", str(path)] if verb == "check" else ["run", "--config", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "edge", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode != 0
    assert str(path) in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.full
@pytest.mark.models
@pytest.mark.usefixtures("fetched_models")
@pytest.mark.timeout(1800)
def test_a_running_daemon_keeps_what_it_has_and_says_so(tmp_path: Path, figure: Figures) -> None:
    daemon = Commanded(tmp_path)
    good = daemon.config.read_bytes()
    kept = "the running one is kept"
    try:
        daemon.start()
        daemon.await_log("watching")
        assert daemon.process is not None
        texts = bad_texts()
        untold = []
        for number, (name, content) in enumerate(texts.items(), 1):
            daemon.config.write_bytes(content)
            daemon.process.send_signal(signal.SIGHUP)
            daemon.await_log(kept, PATIENCE_S, times=number)
            if daemon.process.poll() is not None:
                untold.append(name)
        daemon.config.write_bytes(good)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.await_log("configuration read again: nothing differs")
        assert daemon.end(signal.SIGTERM) == 0
    finally:
        daemon.close()
    log = daemon.log.read_text()
    assert "Traceback" not in log
    figure("bad_configuration", "bad files that a running daemon was given", len(texts), at_least=COUNT)
    figure("bad_configuration", "reloads that ended it", len(untold), at_most=0)
    figure("bad_configuration", "reloads that changed it", log.count("in force now"), at_most=0)
    figure("bad_configuration", "reloads that it did not tell", len(texts) - log.count(kept), at_most=0)
