"""The developer's page: its files, and names that cannot break out of it."""

from __future__ import annotations

from edge.preview.page import preview_assets


def test_the_page_loads_nothing_from_elsewhere_and_escapes_names() -> None:
    assets = preview_assets("<b>drive</b>")
    page = assets["/"].body.decode()
    assert "<b>" not in page
    assert "http" not in page
    assert set(assets) == {"/", "/page.css", "/page.js"}
    assert "{{title}}" not in page
