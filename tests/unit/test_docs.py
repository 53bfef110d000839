"""What the documents promise is there: linked files exist, shown configurations load, every room has a README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.config.load import load_config, load_text

CHECKOUT = Path(__file__).parents[2]
SAMPLES = sorted((CHECKOUT / "firmware_config").glob("*.yaml"))
DOCUMENTS = sorted(
    path
    for path in CHECKOUT.rglob("*.md")
    if not {".venv", "build", "node_modules"} & set(path.relative_to(CHECKOUT).parts)
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sample_configuration_loads(sample: Path) -> None:
    load_config(sample)


def test_there_are_sample_configurations() -> None:
    assert len(SAMPLES) >= 3


def test_the_sample_without_expression_has_none() -> None:
    assert load_config(CHECKOUT / "firmware_config" / "eu_workplace.yaml").expression.enabled is False


@pytest.mark.parametrize("document", ["README.md", "firmware_config/sound.md"])
def test_the_configuration_in_the_document_loads(document: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (CHECKOUT / document).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        load_text(block, document)


def test_the_settings_in_the_guide_to_vehicles_load() -> None:
    text = (CHECKOUT / "firmware_config" / "vehicle.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    sources = [load_text(block, "vehicle.md").vehicle.source for block in blocks]
    assert sources == ["obd", "can", "gpsd", "gpio"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("room", ["edge", "firmware_config", "models", "tests", "systemd", "tools"])
def test_every_top_level_folder_has_a_readme(room: str) -> None:
    assert (CHECKOUT / room / "README.md").is_file()
