from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.config.load import load_text
from edge.doctor.rights import NAMES, look
from tests.support.signer import Signer

if TYPE_CHECKING:
    from pathlib import Path

KEY = f"[{{name: depot, public_key: {Signer().public.public_key}}}]"


@pytest.mark.parametrize(
    ("name", "text", "status", "told"),
    [
        ("commands", "", "ok", "nothing is taken from outside"),
        ("commands", "remote: {commands: true}", "warn", "whoever may publish at the broker commands this vehicle"),
        ("commands", "remote: {configuration: true}", "warn", "there are no remote.keys"),
        ("commands", f"remote: {{commands: true, keys: {KEY}}}", "ok", "signed with `depot`"),
        ("signed_models", "", "ok", "those of the installation"),
        ("signed_models", "inference: {models_dir: /srv/models}", "warn", "whoever may write /srv/models"),
        ("signed_models", f"inference: {{manifest_keys: {KEY}}}", "ok", "must be signed"),
        ("watched", "", "ok", "fatigue and distraction"),
        ("watched", "expression: {enabled: false}", "ok", "fatigue and distraction"),
        ("watched", "fatigue: {enabled: false}", "warn", "not watched, because it is switched off: fatigue"),
        ("watched", "distraction: {enabled: false}", "warn", "distraction"),
    ],
)
def test_each_opening_is_told_with_a_remedy(name: str, text: str, status: str, told: str) -> None:
    found = {one.name: one for one in look(load_text(text))}
    assert tuple(found) == NAMES
    assert found[name].status == status
    assert told in found[name].detail
    assert (found[name].remedy is None) is (status == "ok")


@pytest.mark.parametrize(("mode", "status"), [(0o700, "ok"), (0o750, "ok"), (0o755, "warn")])
def test_a_state_folder_open_to_everybody_is_told(tmp_path: Path, mode: int, status: str) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(mode)
    found = {one.name: one for one in look(load_text(f"service: {{state_dir: {state}}}"))}
    assert found["kept_files"].status == status
