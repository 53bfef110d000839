"""What the guides say exists: commands parse; settings, checks and faults are real; a symptom has command and fix."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from edge.cli import build_parser
from edge.commandline.parser import UsageError
from edge.config.schema import Config
from edge.config.typed import all_paths
from edge.doctor.machine import Machine
from edge.doctor.probes import probes_for

CHECKOUT = Path(__file__).parents[2]
GUIDES = sorted((CHECKOUT / "firmware_config" / "guides").glob("*.md"))
DOCUMENTS = sorted(
    path
    for path in CHECKOUT.rglob("*.md")
    if not {".venv", "build", "node_modules", "CHANGELOG.md"} & set(path.relative_to(CHECKOUT).parts)
)
PLANNED = {"preview", "calibrate", "drill"}
"""Verbs that some document names as planned."""
SYMPTOMS = CHECKOUT / "firmware_config" / "guides" / "symptoms.md"
SECTIONS = tuple(name for name in Config.__struct_fields__ if name not in {"version", "profile"})


def ours(lines: list[str]) -> list[str]:
    """Return the commands of ours in these lines, without what a shell would do with them."""
    parts = [part.strip().removeprefix("sudo ") for line in lines for part in re.split(r"\s#\s|\s[|>]\s|&&", line)]
    return [part for part in parts if part.startswith("edge-dms ") and "…" not in part]


def typed(document: Path) -> list[str]:
    """Return what a reader is to type."""
    blocks = re.findall(r"```console\n(.*?)```", document.read_text(), re.DOTALL)
    return ours([line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")])


def mentioned(document: Path) -> list[str]:
    """Return what a sentence speaks of; it may leave out what everybody knows to add."""
    return ours(re.findall(r"`((?:sudo )?edge-dms [^`]+)`", document.read_text()))


def complaint(command: str) -> str:
    words = shlex.split(command)[1:]
    if words[0] in PLANNED:
        return ""
    try:
        build_parser().parse_line(words)
    except UsageError as error:
        return str(error)
    except SystemExit:
        return ""
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_command_in_a_document_is_understood(document: Path) -> None:
    for command in typed(document):
        assert complaint(command) == "", command
    for command in mentioned(document):
        refused = complaint(command)
        assert refused == "" or "arguments are required" in refused, f"{command}: {refused}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_setting_named_in_a_guide_exists(guide: Path) -> None:
    known = set(all_paths(Config))
    for key in re.findall(rf"`((?:{'|'.join(SECTIONS)})\.[a-z_0-9.]+)", guide.read_text()):
        if key.startswith("health."):
            continue
        assert key.rstrip(".") in known, f"{guide.name}: {key}"


def test_every_check_named_exists() -> None:
    names = {name for probe in probes_for(Machine(), Config()) for name in probe.names} | {"configuration"}
    for group in re.findall(r"\(checks? ([^)]+)\)", SYMPTOMS.read_text()):
        for name in re.findall(r"`([a-z_]+)`", group):
            assert name in names, name


def test_every_fault_named_is_one_that_the_program_tells() -> None:
    source = "".join(path.read_text() for path in (CHECKOUT / "edge").rglob("*.py"))
    text = SYMPTOMS.read_text()
    prefixes = "mqtt|outbox|disk|vehicle|config|delegate|camera|slow"
    for fault in re.findall(rf"`((?:{prefixes})_[a-z_]+)`", text):
        # The camera's faults are made of `camera_` and its state.
        assert fault in source or fault.removeprefix("camera_") in source, fault


def test_every_symptom_has_a_command_that_shows_it_and_a_fix() -> None:
    entries = re.split(r"^### ", SYMPTOMS.read_text(), flags=re.MULTILINE)[1:]
    assert len(entries) >= 20
    for entry in entries:
        title, _, body = entry.partition("\n")
        shown = re.search(r"^Shown by: .*?`[^`]+`", body, re.MULTILINE | re.DOTALL)
        assert shown is not None, title
        assert re.search(r"^- ", body, re.MULTILINE), title
