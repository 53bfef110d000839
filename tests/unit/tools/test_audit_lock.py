"""What pip-audit says of the lock is told; where it can say nothing, that is no clean bill."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import audit_lock
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = {"name": "msgspec", "version": "0.22.0", "vulns": []}
BAD = {"name": "pyyaml", "version": "5.3", "vulns": [{"id": "PYSEC-2021-142", "fix_versions": ["5.4"]}]}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture
def auditor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program in the place of pip-audit that prints this."""

    def put(output: str) -> None:
        program = tmp_path / "pip-audit"
        (tmp_path / "output").write_text(output)
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/output\n")
        program.chmod(0o755)
        monkeypatch.setattr(audit_lock.shutil, "which", lambda *_, **__: str(program))

    return put


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        ([GOOD], audit_lock.CLEAN, "1 packages were looked up, none is known to be vulnerable"),
        ([GOOD, BAD], audit_lock.VULNERABLE, "pyyaml 5.3: PYSEC-2021-142; mended in 5.4"),
        ([GOOD, UNKNOWN], audit_lock.UNKNOWN, "could not be had for 1 of 2 packages: numpy"),
        ([BAD, UNKNOWN], audit_lock.VULNERABLE, "PYSEC-2021-142"),
    ],
)
def test_each_answer_has_its_status(
    auditor: Callable[[str], None],
    packages: list[dict[str, Any]],
    status: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    auditor(json.dumps({"dependencies": packages}))
    assert audit_lock.main([]) == status
    assert told in capsys.readouterr().out
    assert audit_lock.main(["--json"]) == status
    assert set(json.loads(capsys.readouterr().out)) == {"audited", "unknown", "vulnerable"}


def test_no_answer_and_no_program_prove_nothing(
    auditor: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    auditor("")
    assert audit_lock.main([]) == audit_lock.UNKNOWN
    assert "could not be had" in capsys.readouterr().err
    monkeypatch.setattr(audit_lock.shutil, "which", lambda *_, **__: None)
    assert audit_lock.main([]) == audit_lock.UNKNOWN
    assert "pip install pip-audit" in capsys.readouterr().err


@pytest.mark.full
@pytest.mark.skipif(shutil.which("pip-audit") is None, reason="pip-audit is not installed: pip install pip-audit")
def test_no_package_of_the_lock_is_known_to_be_vulnerable(capsys: pytest.CaptureFixture[str]) -> None:
    status = audit_lock.main([])
    if status == audit_lock.UNKNOWN:
        pytest.skip("the advisories of the Python Packaging Authority cannot be had from here")
    assert status == audit_lock.CLEAN, capsys.readouterr().out
