"""What is committed is what the types say."""

from __future__ import annotations

import re

import make_contract
import pytest

from edge.config.load import load_text
from edge.uplink.contract.files import files


def test_documents_are_what_the_types_say() -> None:
    assert make_contract.differences() == {}, "run: python tools/make_contract.py"


def test_check_tells_a_changed_a_missing_and_a_stray_file(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_contract, "FOLDER", tmp_path)
    monkeypatch.setattr(make_contract, "CHECKOUT", tmp_path)
    assert make_contract.main([]) == 0
    (tmp_path / "README.md").write_text("changed by hand")  # type: ignore[operator]
    (tmp_path / "asyncapi.yaml").unlink()  # type: ignore[operator]
    (tmp_path / "schemas" / "old.schema.json").write_text("{}")  # type: ignore[operator]
    capsys.readouterr()
    assert make_contract.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert [name in told for name in ("README.md", "asyncapi.yaml", "old.schema.json")] == [True] * 3
    assert make_contract.main([]) == 0
    assert make_contract.main(["--check"]) == 0


def test_configuration_shown_on_the_page_loads() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", files()["README.md"], re.DOTALL)
    assert load_text(block).remote.commands


def test_links_within_the_page_lead_somewhere() -> None:
    text = files()["README.md"]
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9_ -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    targets = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert targets
    assert targets <= anchors
