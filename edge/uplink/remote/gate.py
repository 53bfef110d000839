"""From bytes of anybody to a message that may be believed: size, depth, form, signature, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from edge.uplink.remote.limits import MAX_BYTES, MAX_DEPTH, too_deep
from edge.uplink.remote.messages import CommandError, Signed
from edge.uplink.remote.signing import signed_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.runtime.signatures import Key
    from edge.uplink.remote.messages import ErrorCode

T = TypeVar("T", bound=msgspec.Struct)

LONGEST_TEXT: Final = 200
"""An explanation repeats no more of what came in than this."""


class RefusedError(Exception):
    """It may not be believed, or not be carried out."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(text)
        self.error = CommandError(code=code, text=text[:LONGEST_TEXT])


class Gate:
    """Lets in what is well-formed and, where keys are set, signed with one of them."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = keys

    @property
    def asks_for_signatures(self) -> bool:
        """True where unsigned messages are refused."""
        return bool(self._keys)

    def read(self, topic: str, payload: bytes, kind: type[T]) -> tuple[T, str | None]:
        """Return the message and the name of the key it is signed with; raises `RefusedError`."""
        if len(payload) > MAX_BYTES:
            raise RefusedError("too_large", f"{len(payload)} bytes; {MAX_BYTES} at most")
        if too_deep(payload):
            raise RefusedError("too_deep", f"nested more than {MAX_DEPTH} deep")
        if not self._keys:
            return _decoded(payload or b"{}", kind), None
        signed = self._verified(topic, payload)
        text = signed.signed.encode()
        if too_deep(text):
            raise RefusedError("too_deep", f"nested more than {MAX_DEPTH} deep")
        return _decoded(text, kind), signed.key

    def _verified(self, topic: str, payload: bytes) -> Signed:
        try:
            signed = msgspec.json.decode(payload, type=Signed)
        except msgspec.ValidationError as error:
            raise RefusedError(
                "signature_required", f"this vehicle takes signed messages only: {error}; see tools/sign_command.py"
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RefusedError("not_json", str(error)) from error
        key = self._keys.get(signed.key)
        if key is None:
            raise RefusedError("unknown_key", f"there is no key `{signed.key}` in remote.keys")
        if not key.is_signed(signed.signature, signed_text(topic, signed.signed)):
            raise RefusedError("bad_signature", "the signature does not fit topic, text and key")
        return signed


def _decoded(payload: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as error:
        raise RefusedError("bad_parameters", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError("not_json", str(error)) from error
