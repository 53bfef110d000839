"""The command line: quick to answer, never a traceback for a user's mistake, exit codes as documented."""

from __future__ import annotations

import json
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from edge.__main__ import start
from edge.cli import build_parser, main

if TYPE_CHECKING:
    from pathlib import Path

VERBS = ("run", "check", "config", "doctor", "replay", "record", "bench", "models", "schema", "fleet")
HEAVY = (
    "numpy", "cv2", "msgspec", "yaml", "paho", "tqdm", "sqlite3", "ai_edge_litert", "tflite_runtime", "asyncio",
    "logging.handlers", "edge.types", "edge.app", "edge.offline", "edge.config.schema", "edge.vision.observer",
    "edge.replay.report",
)  # fmt: skip


def edge_dms(*args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "edge", *args], input=stdin, capture_output=True, check=False)


def test_building_the_parser_imports_nothing_heavy() -> None:
    code = (
        "import sys, edge.cli; edge.cli.build_parser().format_help();"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_teaches_by_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert f"  edge-dms {verb}" in text


def test_the_main_help_lists_all_verbs_and_exit_codes() -> None:
    text = build_parser().format_help()
    assert all(f"    {verb} " in text for verb in VERBS)
    assert "exit codes:" in text


@pytest.mark.parametrize(
    "args", [[], ["fly"], ["check"], ["replay"], ["replay", "x", "--neutral-yaw", "left"], ["run"]]
)
def test_wrong_usage_exits_2_with_one_line_of_reason(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(args)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err.splitlines()[-1]


def test_check_tells_every_problem_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("camera: {fps: 25}\n")
    bad.write_text("camera:\n  fpx: 25\n  width: wide\n")
    assert main(["check", str(good)]) == 0
    assert capsys.readouterr().out == f"{good}: ok\n"
    assert main(["check", str(good), str(bad), str(tmp_path / "none.yaml")]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{good}: ok"
    assert out[1] == f"{bad}:2:3: camera.fpx: unknown setting; did you mean `fps`"
    assert out[2].startswith(f"{bad}:3:10: camera.width: expected a whole number")
    assert "no such file" in out[3]


def test_check_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("camera:\n  fpx: 25\n")
    assert main(["check", "--json", str(bad)]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {
        "files": [str(bad)],
        "ok": False,
        "problems": [
            {
                "file": str(bad),
                "line": 2,
                "column": 3,
                "key": "camera.fpx",
                "message": "unknown setting",
                "hint": "did you mean `fps`",
            }
        ],
    }


@pytest.mark.parametrize(
    "args",
    [
        ["config", "show", "--json", "none"],
        ["replay", "--json", "none"],
        ["replay", "--json", "stream.jsonl", "--config", "none"],
        ["explain", "--json", "none"],
        ["calibrate", "--json", "none"],
        ["calibrate", "--json", "--show", "--config", "none"],
        ["record", "--json", "none", "out.jsonl"],
        ["bench", "--json", "none"],
        ["sound", "--json", "--config", "none"],
        ["vehicle", "--json", "--find", "none", "--said", "5=0,20=30"],
        ["models", "list", "--json", "--config", "none"],
        ["purge", "--json", "--config", "none"],
        ["drill", "--json", "--config", "none"],
        ["aim", "--json", "none"],
        ["fleet", "tail", "--json", "--broker", "127.0.0.1:1", "--username", "u", "--password-file", "none"],
    ],
    ids=lambda args: "-".join(args[:2]),
)
def test_a_failure_is_one_json_document_as_well(
    args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main(args)
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert code == said["exit_code"] != 0
    assert captured.err.endswith(f"{said['error']}\n")


def test_an_interrupted_verb_says_so_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.verbs.profiles.run", interrupted)
    assert main(["profiles", "--json"]) == 130
    assert json.loads(capsys.readouterr().out) == {"error": "interrupted", "exit_code": 130}


def test_a_bad_configuration_stops_run_with_its_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("camera: {fps: .nan}\n")
    assert main(["run", "--config", str(bad)]) == 1
    assert f"{bad}:1:15: camera.fps:" in capsys.readouterr().err


def test_ctrl_c_while_the_program_is_loaded_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "edge.cli", Loading("edge.cli"))
    assert start() == 130


def test_the_module_runs_as_a_program() -> None:
    result = edge_dms("--version")
    assert result.returncode == 0
    assert result.stdout.startswith(b"edge-dms ")


def test_a_closed_pipe_is_no_crash() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "schema", "config"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert errors == b""
