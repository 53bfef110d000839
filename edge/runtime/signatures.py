"""Ed25519 signatures. The only module of the daemon that knows `cryptography` (extra `signed`).

It won over PyNaCl: wheels for aarch64 and armv7, maintained by the people who maintain Python's own TLS advice, and
the same package makes certificates on the fleet's side.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SigningError(Exception):
    """Signatures cannot be checked as configured. The message says why and what to do."""


class NamedKey(Protocol):
    """A public key as a configuration holds it."""

    @property
    def name(self) -> str:
        """What a signature calls it."""

    @property
    def public_key(self) -> str:
        """32 bytes in base64."""


class Key(Protocol):
    """Checks signatures of one key."""

    def is_signed(self, signature: str, text: bytes) -> bool:
        """Tell whether the base64 `signature` over `text` is of this key."""


def open_keys(keys: Sequence[NamedKey], setting: str) -> Mapping[str, Key]:
    """Return the keys by name; raises `SigningError` when there are some and they cannot be used.

    `setting` is where they stand in the configuration.
    """
    if not keys:
        return {}
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra, only where keys are set
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError as error:
        raise SigningError(
            f"{setting} needs the package cryptography; install it with: pip install 'edge-dms[signed]'"
        ) from error

    class Ed25519Key:
        def __init__(self, public_key: str) -> None:
            self._key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))

        def is_signed(self, signature: str, text: bytes) -> bool:
            try:
                self._key.verify(base64.b64decode(signature, validate=True), text)
            except (InvalidSignature, binascii.Error, ValueError):
                return False
            return True

    found: dict[str, Key] = {}
    for key in keys:
        try:
            found[key.name] = Ed25519Key(key.public_key)
        except ValueError as error:
            raise SigningError(f"{setting}: the public key `{key.name}` cannot be used: {error}") from error
    return found
