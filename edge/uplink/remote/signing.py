"""What the signature of a command or of settings is made over."""

from __future__ import annotations


def signed_text(topic: str, text: str) -> bytes:
    """Return what is signed: the topic keeps a signature from being used for another vehicle or command."""
    return f"{topic}\n{text}".encode()
