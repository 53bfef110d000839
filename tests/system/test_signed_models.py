"""The real daemon uses no list of networks but the one its fleet signed."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
import sign_command
import sign_models
import yaml

from tests.support.brokers import wait_for
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]


def signed_copy(checkout: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Copy the networks into `models` below a folder, sign them, and return what goes into the configuration."""
    shutil.copytree(checkout / "models", folder / "models")
    assert sign_command.main(["key", "depot-2026", "--folder", str(folder)]) == 0
    capsys.readouterr()
    return signed_again(folder, capsys)


def signed_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert sign_models.main(["--key", str(folder / "depot-2026.key"), str(folder / "models")]) == 0
    settings: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)
    return settings


@pytest.mark.full
def test_an_older_list_is_told_and_used(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = Daemon(tmp_path, None, **signed_copy(checkout, tmp_path, capsys))
    signature = tmp_path / "models" / "manifest.json.sig"
    older = signature.read_bytes()
    day_s = 86_400.0
    now_s = time.time()
    monkeypatch.setattr(sign_models.time, "time", lambda: now_s + day_s)
    signed_again(tmp_path, capsys)
    try:
        for old, watching in ((False, 1), (True, 2)):
            if old:
                signature.write_bytes(older)
            daemon.start()
            assert wait_for(lambda: daemon.log.read_text().count("watching") == watching, 60), daemon.log.read_text()  # noqa: B023 - asked within the round
            assert daemon.end(signal.SIGTERM) == 0
            assert ("somebody put an old one back" in daemon.log.read_text()) is old
    finally:
        daemon.close()


def test_a_tampered_list_keeps_the_daemon_from_starting(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    daemon = Daemon(tmp_path, None, **signed_copy(checkout, tmp_path, capsys))
    daemon.start()
    try:
        assert wait_for(lambda: "watching" in daemon.log.read_text(), 60), daemon.log.read_text()
        assert daemon.end(signal.SIGTERM) == 0
        manifest = models / "manifest.json"
        # A head that never tells an eye for closed would be silent about sleep.
        manifest.write_text(manifest.read_text().replace('"threshold": ', '"threshold": 0'))
        daemon.start()
        assert daemon.process is not None
        assert daemon.process.wait(60) == 1
    finally:
        daemon.close()
    told = daemon.log.read_text()
    assert "it was changed since" in told
    assert "tools/sign_models.py" in told
    assert "Traceback" not in told
