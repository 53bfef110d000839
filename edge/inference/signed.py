"""Whether the list of networks is the fleet's own: its signature, made with `tools/sign_models.py`.

The list names every network with its hash, so one signature over its bytes covers all of them. The public keys stand
in the configuration, `inference.manifest_keys`; without any, the list is believed as the rest of the installation is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.runtime.signatures import Key

SUFFIX: Final = ".sig"
LARGEST_BYTES: Final = 4096
"""A larger signature file is none of ours [D]."""
_PURPOSE: Final = b"edge-dms manifest of networks\n"
"""Keeps a signature that was made for a command from being used here."""


class UnsignedError(Exception):
    """The list is not signed with a key that is trusted; the message says in what way."""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file beside the manifest holds."""

    key: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,32}$")]
    """Name of the key in `inference.manifest_keys`."""
    signature: Annotated[str, msgspec.Meta(min_length=88, max_length=88)]
    """Ed25519 in base64 over `signed_text`."""
    serial: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Rises with every signing; 0: made before there were serials."""


def signed_text(content: bytes, serial: int = 0) -> bytes:
    """Return what is signed: the manifest's bytes, what the signature is for, and which one it is."""
    return _PURPOSE + (f"serial {serial}\n".encode() if serial else b"") + content


def signature_file(manifest: Path) -> Path:
    """Return where the signature of a manifest lies."""
    return manifest.with_name(manifest.name + SUFFIX)


def check_signature(manifest: Path, content: bytes, keys: Mapping[str, Key]) -> Signature:
    """Return the signature of `content`; raises `UnsignedError` unless it is of one of the keys."""
    path = signature_file(manifest)
    if path.exists() and not path.is_file():
        raise UnsignedError(f"its signature {path} is no regular file")
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST_BYTES + 1)
        if len(found) > LARGEST_BYTES:
            raise UnsignedError(f"its signature {path} is larger than {LARGEST_BYTES} bytes")
        signature = msgspec.json.decode(found, type=Signature)
    except FileNotFoundError:
        raise UnsignedError(f"it is not signed: there is no {path.name} beside it") from None
    except OSError as error:
        raise UnsignedError(f"its signature {path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnsignedError(f"its signature {path} cannot be read: {error}") from error
    key = keys.get(signature.key)
    if key is None:
        raise UnsignedError(f"it is signed with `{signature.key}`, which inference.manifest_keys does not hold")
    if not key.is_signed(signature.signature, signed_text(content, signature.serial)):
        raise UnsignedError(f"the signature of `{signature.key}` is not over these bytes: it was changed since")
    return signature
