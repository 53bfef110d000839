"""The developer's page: one picture, drawn on."""

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
    }
