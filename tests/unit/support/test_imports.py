from __future__ import annotations

import re
from pathlib import Path

BORROWED = re.compile(r"^\s*(?:from|import) tests\.(?:\w+\.)*test_\w+", re.MULTILINE)


def test_what_two_files_of_tests_share_lies_in_neither_of_them(checkout: Path) -> None:
    texts = {file.relative_to(checkout): file.read_text("utf-8") for file in checkout.glob("t*/**/*.py")}
    assert len(texts) > 400
    assert [str(name) for name, text in texts.items() if BORROWED.search(text)] == [], "put it into tests/support"
