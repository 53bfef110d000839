"""A fleet that signs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.config.schema import PublicKey

if TYPE_CHECKING:
    from pathlib import Path


class Signer:
    """One key pair, and what it signs."""

    def __init__(self, name: str = "depot", seed: bytes = b"\x07" * 32) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> PublicKey:
        raw = self._key.public_key().public_bytes_raw()
        return PublicKey(name=self.name, public_key=base64.b64encode(raw).decode())

    def file(self, folder: Path) -> Path:
        """Write the private key as the fleet's tool keeps it."""
        path = folder / f"{self.name}.key"
        path.write_bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path

    def sign(self, topic: str, document: dict[str, Any]) -> bytes:
        text = json.dumps(document)
        signature = self.over(f"{topic}\n{text}".encode())
        return json.dumps({"signed": text, "key": self.name, "signature": signature}).encode()

    def over(self, text: bytes) -> str:
        """Return the bare signature over a text."""
        return base64.b64encode(self._key.sign(text)).decode()
