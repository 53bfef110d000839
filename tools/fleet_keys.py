"""Private keys of a fleet as `tools/sign_command.py key` makes them: read, and used to sign."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyFileError(Exception):
    """The file is no key that can be used; the message says what to do."""


def open_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key; raises `KeyFileError`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyFileError(f"{path} is no key that can be used: {error}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is no Ed25519 key; make one with: sign_command.py key NAME")
    return private


def signature_of(private: Ed25519PrivateKey, text: bytes) -> str:
    """Return the signature in base64."""
    return base64.b64encode(private.sign(text)).decode()


def public_part(private: Ed25519PrivateKey) -> str:
    """Return the public key as a configuration holds it."""
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()
