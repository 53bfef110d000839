"""The real daemon uses no list of networks but the one its fleet signed."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest
import sign_command
import sign_models
import yaml

from tests.support.brokers import wait_for
from tests.support.daemon import Daemon

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("fetched_models")]


def test_a_tampered_list_keeps_the_daemon_from_starting(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    shutil.copytree(checkout / "models", models)
    key = tmp_path / "depot-2026.key"
    assert sign_command.main(["key", "depot-2026", "--folder", str(tmp_path)]) == 0
    capsys.readouterr()
    assert sign_models.main(["--key", str(key), str(models)]) == 0
    signed = yaml.safe_load(capsys.readouterr().out)
    daemon = Daemon(tmp_path, None, **signed)
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
