"""Takes out of a text what must not leave the vehicle: passwords, keys, tokens, whoever wrote them down where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.config.schema import Config

REDACTED: Final = "(redacted)"
SHORTEST: Final = 4
"""A shorter secret is part of ordinary words; taking it out would make the text unreadable [D]."""

_PEM: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_URL: Final = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
_NAMED: Final = re.compile(
    r"""(?ix)
        ( \b [\w.-]* (?: pass(?:word|wd|phrase)? | secret | token | psk | api[_-]?key | authorization )
          "? \s* [:=] \s* )
        (?: "[^"\n]*" | '[^'\n]*' | (?:Bearer|Basic)\s+ \S+ | [^\s,;}]+ )"""
)
"""`password: x`, `"token": "x"`, `PSK=x`; a key that only names a file is left, its content is never read here."""


class Redactor:
    """Replaces every known secret, and everything that looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are values known to be secret; the longest are looked for first."""
        self._known = sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._known:
            text = text.replace(secret, REDACTED)
        text = _PEM.sub(REDACTED, text)
        text = _URL.sub(REDACTED, text)
        return _NAMED.sub(lambda match: f"{match.group(1)}{REDACTED}", text)


def secrets_of(config: Config) -> list[str]:
    """Return the credentials that the configuration holds or points to, as far as they can be read."""
    found = [config.mqtt.username or ""]
    if config.mqtt.password_file is not None:
        found.append(_content(config.mqtt.password_file))
    if config.mqtt.tls is not None and config.mqtt.tls.key_file is not None:
        found += [line for line in _content(config.mqtt.tls.key_file).splitlines() if not line.startswith("-----")]
    return [secret.strip() for secret in found]


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
