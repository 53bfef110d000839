"""The list of networks is the fleet's own, or it is not used."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from edge.inference.manifest import Manifest, ModelError
from edge.inference.signed import LARGEST_BYTES, SUFFIX, Signature, signed_text
from tests.support.signer import Signer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEPOT = Signer("depot-2026")
STRANGER = Signer("depot-2026", b"\x09" * 32)


@pytest.fixture
def manifest(checkout: Path, tmp_path: Path) -> Path:
    """Return a signed manifest."""
    path = tmp_path / "manifest.json"
    path.write_bytes((checkout / "models" / "manifest.json").read_bytes())
    sign(path)
    return path


def sign(path: Path, signer: Signer = DEPOT) -> None:
    signature = {"key": signer.name, "signature": signer.over(signed_text(path.read_bytes()))}
    path.with_name(path.name + SUFFIX).write_text(json.dumps(signature))


def test_a_signed_manifest_is_read_and_no_key_asks_for_no_signature(manifest: Path, checkout: Path) -> None:
    assert Manifest.read(manifest, keys=(DEPOT.public,)).models
    assert Manifest.load(str(manifest.parent), (DEPOT.public,)).path == manifest
    assert Manifest.read(checkout / "models" / "manifest.json").models


def test_every_changed_byte_is_noticed(manifest: Path) -> None:
    good = manifest.read_bytes()
    for place in range(0, len(good), 97):
        manifest.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(ModelError, match="it was changed since"):
            Manifest.read(manifest, keys=(DEPOT.public,))
    for changed in (good + b"\n", good[:-1], b""):
        manifest.write_bytes(changed)
        with pytest.raises(ModelError, match="it was changed since"):
            Manifest.read(manifest, keys=(DEPOT.public,))


def test_the_serial_is_signed_too(manifest: Path) -> None:
    content = manifest.read_bytes()
    signature = {"key": DEPOT.name, "signature": DEPOT.over(signed_text(content, 7)), "serial": 7}
    beside = manifest.with_name(manifest.name + SUFFIX)
    beside.write_text(json.dumps(signature))
    found = Manifest.read(manifest, keys=(DEPOT.public,)).signature
    assert found is not None
    assert found.serial == 7
    for serial in (0, 6, 8):
        beside.write_text(json.dumps(signature | {"serial": serial}))
        with pytest.raises(ModelError, match="it was changed since"):
            Manifest.read(manifest, keys=(DEPOT.public,))


def test_another_network_in_place_of_a_signed_one_is_refused(manifest: Path, checkout: Path) -> None:
    name = "eye_state"
    found = Manifest.load(str(manifest.parent), (DEPOT.public,))
    (manifest.parent / found[name].file).write_bytes((checkout / "models" / found["mouth"].file).read_bytes())
    with pytest.raises(ModelError, match="bytes instead of"):
        found.resolve(name)


def spoilt(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "it is not signed"),
        (spoilt(b""), "cannot be read"),
        (spoilt(b"[" * 4000), "cannot be read"),
        (spoilt(b"\xff"), "cannot be read"),
        (spoilt(b" " * (LARGEST_BYTES + 1)), "larger than"),
        (spoilt(b'{"key": "depot-2026", "signature": "' + b"A" * 88 + b'", "also": 1}'), "cannot be read"),
        (spoilt(b'{"key": "depot-2026", "signature": "' + b"A" * 88 + b'"}'), "it was changed since"),
        (spoilt(b'{"key": "depot-2026", "signature": "' + b"!" * 88 + b'"}'), "it was changed since"),
        (spoilt(b'{"key": "nobody", "signature": "' + b"A" * 88 + b'"}'), "manifest_keys does not hold"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is no regular file"),
        (lambda path: sign(path.with_name("manifest.json"), STRANGER), "it was changed since"),
    ],
)
def test_what_is_no_signature_of_ours_is_refused_with_a_remedy(
    manifest: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(manifest.with_name(manifest.name + SUFFIX))
    with pytest.raises(ModelError, match=told) as caught:
        Manifest.read(manifest, keys=(DEPOT.public,))
    assert "tools/sign_models.py" in caught.value.remedy


def test_a_signature_of_a_command_is_none_of_a_manifest(manifest: Path) -> None:
    text = manifest.read_bytes()
    command = Signature(key=DEPOT.name, signature=DEPOT.over(b"dms/1/f/v/cmd/ping\n" + text))
    manifest.with_name(manifest.name + SUFFIX).write_text(
        json.dumps({"key": command.key, "signature": command.signature})
    )
    with pytest.raises(ModelError, match="it was changed since"):
        Manifest.read(manifest, keys=(DEPOT.public,))


def test_without_the_library_nothing_is_believed(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.exceptions", None)
    with pytest.raises(ModelError, match="needs the package cryptography"):
        Manifest.read(manifest, keys=(DEPOT.public,))
