"""The Tab key and the manual page know every verb, option and choice of the parser; real shells complete with them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from edge import __version__
from edge.cli import build_parser, main
from edge.commandline import bash, fish, man, zsh
from edge.commandline.tree import Command, all_commands, tree_of

if TYPE_CHECKING:
    from pathlib import Path

ROOT = tree_of(build_parser())
COMMANDS = list(all_commands(ROOT))


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: sudo apt install {name}")
    return path


def by_bash(line: str, folder: Path) -> list[str]:
    script = folder / "completion.bash"
    script.write_text(bash.script(ROOT))
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    ask = (
        f"compopt() {{ :; }}; source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1};"
        " _edge_dms; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    result = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, cwd=folder)
    assert result.stderr == ""
    return result.stdout.split()


def by_fish(line: str, folder: Path) -> list[str]:
    script = folder / "completion.fish"
    script.write_text(fish.script(ROOT))
    ask = ["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"]
    result = subprocess.run(ask, capture_output=True, text=True, check=True, cwd=folder)
    assert result.stderr == ""
    return [found.split("\t")[0] for found in result.stdout.splitlines()]


def test_the_tree_holds_the_verbs_and_their_kinds() -> None:
    paths = {" ".join(command.path) for command in COMMANDS}
    assert {"edge-dms", "edge-dms run", "edge-dms config show", "edge-dms doctor"} <= paths
    doctor = next(command for command in COMMANDS if command.name == "doctor")
    assert {flag: option.kind for option in doctor.options for flag in option.flags}["--bundle"] == "file"
    assert all(command.summary and command.usage.startswith("edge-dms") for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.path))
def test_nothing_of_the_parser_is_left_out(command: Command) -> None:
    page = man.page(ROOT, __version__).replace("\\-", "-")
    for text in (bash.script(ROOT), zsh.script(ROOT), fish.script(ROOT), page):
        assert command.name in text
        for option in command.options:
            for flag in option.flags if option.flags != ("-h", "--help") else ():
                assert flag in text or f"-l {flag[2:]}" in text
        for option in (*command.options, *command.positionals):
            assert all(choice in text for choice in option.choices)


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: " ".join(command.path))
def test_every_help_teaches_by_example(command: Command) -> None:
    assert f"  {' '.join(command.path)}" in command.epilog


@pytest.mark.parametrize(
    ("line", "found", "absent"),
    [
        ("edge-dms ", {"run", "config", "doctor"}, {"show", "--bundle"}),
        ("edge-dms do", {"doctor"}, {"run"}),
        ("edge-dms config ", {"show", "diff", "migrate"}, {"run", "--effective"}),
        ("edge-dms config show --e", {"--effective"}, {"--write"}),
        ("edge-dms run --pace ", {"realtime", "fast"}, {"--config"}),
        ("edge-dms doctor --bundle ", {"drive.mp4"}, {"--json"}),
        ("edge-dms replay dr", {"drive.mp4"}, set()),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_real_shell_completes(shell: str, line: str, found: set[str], absent: set[str], tmp_path: Path) -> None:
    program(shell)
    (tmp_path / "drive.mp4").touch()
    words = set((by_bash if shell == "bash" else by_fish)(line, tmp_path))
    # Fish offers options only after a hyphen.
    assert {word for word in found if shell == "bash" or not word.startswith("-") or "-" in line} - {
        "--version"
    } <= words
    assert not absent & words


def test_zsh_reads_its_script(tmp_path: Path) -> None:
    script = tmp_path / "_edge-dms"
    script.write_text(zsh.script(ROOT))
    zsh_path = program("zsh")
    ask = f"autoload -Uz compinit; compinit -u -d {tmp_path}/dump; source {script}; print ${{_comps[edge-dms]}}"
    result = subprocess.run([zsh_path, "-f", "-c", ask], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "_edge_dms"
    assert result.stderr == ""


def test_the_manual_page_is_clean_roff(tmp_path: Path) -> None:
    page = tmp_path / "edge-dms.1"
    page.write_text(man.page(ROOT, __version__))
    mandoc = program("mandoc")
    result = subprocess.run([mandoc, "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
    complaints = [line for line in result.stdout.splitlines() if "missing date" not in line]
    assert complaints == []


def test_the_verb_prints_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for what, head in (("bash", "# Completion"), ("zsh", "#compdef edge-dms"), ("fish", "# Comp"), ("man", ".TH EDGE")):
        assert main(["completion", what]) == 0
        assert capsys.readouterr().out.startswith(head)
