"""The developer's page: one picture, drawn on, and in words what is open and what is learnt."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Final

from edge.preview.server import Asset

_FOLDER: Final = Path(__file__).parent


def preview_assets(title: str) -> dict[str, Asset]:
    """Return the files of the page."""
    page = (_FOLDER / "page.html").read_text(encoding="utf-8").replace("{{title}}", html.escape(title))
    return {
        "/": Asset("text/html; charset=utf-8", page.encode()),
        "/page.css": Asset("text/css; charset=utf-8", (_FOLDER / "page.css").read_bytes()),
        "/page.js": Asset("text/javascript; charset=utf-8", (_FOLDER / "page.js").read_bytes()),
    }
