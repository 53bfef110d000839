"""The units that switch the board off, on a real systemd."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import clean_root
from tests.support.checkout import CHECKOUT

SCRIPT = Path(__file__).parent / "clean_root" / "poweroff.sh"

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


def test_the_board_goes_off_on_a_fresh_wish_and_on_no_other(tmp_path: Path) -> None:
    reason = clean_root.missing()
    if reason:
        pytest.skip(reason)
    results = clean_root.run_in_clean_root(SCRIPT, tmp_path, CHECKOUT / "systemd", suite="trixie", patience_s=300)
    # Half a minute after the wish the script would say that the board is still on.
    log = (results / "log").read_text().splitlines()
    assert log == ["active", "a stale wish is left alone", "its removal is none"]
    assert not (tmp_path / "root/var/lib/edge-dms/poweroff").exists()
    shutil.rmtree(tmp_path / "root", ignore_errors=True)
