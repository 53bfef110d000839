"""Is it still the network that was measured? Every damage is refused, in one sentence that says what to do."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from edge.inference.manifest import Golden, GoldenOutput, Manifest
from edge.inference.verify import Check, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.figures import Figures

OURS = "expression"
REMEDIES = ("restore it from the repository or reinstall edge-dms", "check the file's permissions")
BIT_FLIPS = 1000


@pytest.fixture
def folder(tmp_path: Path, checkout: Path) -> Path:
    """The manifest and our own network, in a folder of their own."""
    shutil.copy(checkout / "models" / "manifest.json", tmp_path)
    shutil.copy(checkout / "models" / Manifest.load()[OURS].file, tmp_path)
    return tmp_path


def checked(folder: Path, delegate: Any = "cpu", *, exactly: bool = False) -> Check:
    (check,) = verify(Manifest.load(str(folder)), delegate, names=[OURS], exactly=exactly)
    return check


def changed(**golden: Any) -> Manifest:
    """The committed manifest with other golden answers of our network."""
    manifest = Manifest.load()
    model = manifest[OURS]
    manifest.models[OURS] = msgspec.structs.replace(model, golden=msgspec.structs.replace(model.golden, **golden))
    return manifest


def test_our_own_network_is_what_was_measured(folder: Path) -> None:
    check = checked(folder)
    assert check.ok
    assert (check.file, check.delegate, check.fault) == (folder / Manifest.load()[OURS].file, "cpu", None)
    assert check.evidence is not None
    # On the very kernels that made the golden answers only the rounding of the manifest is left.
    assert check.evidence.excess < 0.01
    assert "decisions the same" in check.detail


def test_other_numbers_are_found_out() -> None:
    golden = Manifest.load()[OURS].golden
    shifted = tuple(
        GoldenOutput(one.name, tuple(value + 3.0 for value in one.values), one.tolerance) for one in golden.outputs
    )
    (check,) = verify(changed(outputs=shifted), "cpu", names=[OURS])
    assert not check.ok
    assert check.fault == "delegate_mismatch"
    assert "times the tolerance" in check.detail


def test_another_decision_is_found_out() -> None:
    decision = Manifest.load()[OURS].golden.decisions[0]
    assert decision.rule == "top"
    other = msgspec.structs.replace(decision, expected=(decision.expected + 1) % 7)
    (check,) = verify(changed(decisions=(other,)), "cpu", names=[OURS])
    assert check.fault == "delegate_mismatch"
    assert f"logits on {decision.frame.replace('_', ' ')} is {decision.expected} instead of" in check.detail


def test_another_back_end_than_the_one_named_is_a_failure_only_when_it_had_to_be_that_one(folder: Path) -> None:
    relaxed, strict = checked(folder, "edgetpu"), checked(folder, "edgetpu", exactly=True)
    assert (relaxed.ok, strict.ok) == (True, False)
    assert "not on what was asked for (edgetpu: no expression_int8_edgetpu.tflite beside the model)" in strict.detail


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def wrong_magic(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4:8] = b"TFL2"
    file.write_bytes(content)


def html_page(file: Path) -> None:
    file.write_text("<!DOCTYPE html><title>Sign in to this network</title>")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)  # whoever opens it hangs for ever


def another_network(file: Path) -> None:
    model = bytearray(file.read_bytes())
    model[-4096:-2048] = bytes(2048)
    file.write_bytes(model)


def zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def trailing_garbage(file: Path) -> None:
    with file.open("ab") as end:
        end.write(b"\0")


def a_dangling_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere.tflite")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.write_bytes(b""), "has 0 bytes instead of"),
        (truncated, "bytes instead of"),
        (wrong_magic, "is not the one that was measured (sha256"),
        (html_page, "has 53 bytes instead of"),
        (a_folder, "is a folder"),
        (a_pipe, "is no regular file"),
        (another_network, "is not the one that was measured (sha256"),
        (zeros, "is not the one that was measured (sha256"),
        (trailing_garbage, "bytes instead of"),
        (a_dangling_link, "cannot be read: No such file or directory"),
        (Path.unlink, "is not installed"),
    ],
)
def test_a_gross_damage_is_refused_with_what_to_do(
    folder: Path, damage: Callable[[Path], Any], said: str, figure: Figures
) -> None:
    damage(folder / Manifest.load()[OURS].file)
    check = only_there(folder)
    figure("corrupt_model", "grossly damaged files that were accepted", check.ok, at_most=0)
    assert check.delegate is None, "it was never run"
    assert said in check.detail
    assert check.detail.endswith(REMEDIES)
    assert "\n" not in check.detail


def only_there(folder: Path) -> Check:
    """Check with a manifest that looks nowhere else."""
    manifest = Manifest.read(folder / "manifest.json", (folder,))
    (check,) = verify(manifest, "cpu", names=[OURS])
    return check


def test_a_file_that_may_not_be_read_is_refused_with_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / Manifest.load()[OURS].file
    file.chmod(0)
    if os.access(file, os.R_OK):  # a superuser reads everything: the kernel's answer is played to him
        real = Path.open

        def refuse(path: Path, *given: Any, **named: Any) -> Any:
            if path == file:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *given, **named)

        monkeypatch.setattr(Path, "open", refuse)
    check = only_there(folder)
    assert not check.ok
    assert check.detail.endswith("cannot be read: Permission denied; check the file's permissions")


def test_the_network_of_another_name_is_refused(folder: Path) -> None:
    ours = Manifest.load()[OURS]
    document = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (entry,) = [model for model in document["models"] if model["name"] == OURS]
    entry |= {"name": "one_of_ours", "file": "one_of_ours.tflite", "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    shutil.copy(folder / ours.file, folder / "one_of_ours.tflite")
    (check,) = verify(Manifest.load(str(folder)), "cpu", names=["one_of_ours"])
    assert f"is not the one that was measured (sha256 {ours.sha256[:12]}…)" in check.detail


def test_a_thousand_flipped_bits_are_all_refused_and_each_restored_file_is_accepted(
    folder: Path, figure: Figures
) -> None:
    manifest = Manifest.read(folder / "manifest.json", (folder,))
    file, generator = folder / manifest[OURS].file, random.Random(20)
    content = bytearray(file.read_bytes())
    refused = 0
    for _ in range(BIT_FLIPS):
        place, bit = generator.randrange(len(content)), 1 << generator.randrange(8)
        with file.open("r+b") as flipped:
            flipped.seek(place)
            flipped.write(bytes([content[place] ^ bit]))
        (check,) = verify(manifest, "cpu", names=[OURS])
        refused += not check.ok and "is not the one that was measured" in check.detail
        with file.open("r+b") as restored:
            restored.seek(place)
            restored.write(bytes([content[place]]))
    figure(
        "corrupt_model",
        f"files with one flipped bit that were accepted, of {BIT_FLIPS:,}",
        BIT_FLIPS - refused,
        at_most=0,
    )
    assert only_there(folder).ok


def test_golden_answers_of_the_committed_networks_are_worth_something() -> None:
    for model in Manifest.load().models.values():
        golden: Golden = model.golden
        decided = {decision.output for decision in golden.decisions}
        for output in golden.outputs:
            spread = max(output.values) - min(output.values)
            # One value cannot spread, and scores of noise lie at the end of their scale: decisions hold those.
            held = len(output.values) == 1 or output.name in decided
            assert held or spread > golden.tolerance_of(output.name), f"{model.name} {output.name} says nothing"


def test_a_missing_network_is_a_check_not_an_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    checks = {check.name: check for check in verify(Manifest.load(), "cpu", names=[OURS, "iris"])}
    assert checks[OURS].ok
    assert not checks["iris"].ok
    assert checks["iris"].detail.endswith("run `edge-dms models fetch`")


@pytest.mark.models
@pytest.mark.parametrize("delegate", ["cpu", "xnnpack"])
def test_every_network_gives_its_golden_answer(fetched_models: None, delegate: Any) -> None:
    checks = list(verify(Manifest.load(), delegate))
    assert [check.detail for check in checks if not check.ok] == []
    assert len(checks) >= 5
