"""Networks and accelerator: what is missing, what may not be used, what was seen on the bus."""

from __future__ import annotations

import contextlib
import ctypes
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.load import load_text
from edge.config.schema import Config, Inference, Service
from edge.doctor import networks
from edge.inference.journal import TRIED, CrashJournal

if TYPE_CHECKING:
    from pathlib import Path

    from edge.doctor.finding import Finding
    from edge.inference.manifest import Manifest
    from edge.inference.whereabouts import Whereabouts


def accelerator(tree: Any, state_dir: Path, **inference: Any) -> Finding:
    config = Config(inference=Inference(**inference), service=Service(state_dir=str(state_dir)))
    return networks._accelerator(tree, config)


@pytest.fixture
def coral(tree: Any) -> Any:
    folder = "/sys/bus/usb/devices/2-1"
    for name, text in {"idVendor": "1a6e", "idProduct": "089a", "busnum": "2", "devnum": "4", "speed": "5000"}.items():
        tree.put(f"{folder}/{name}", f"{text}\n")
    tree.put("/sys/bus/usb/devices/usb1/idVendor", "1d6b\n")
    tree.put("/dev/bus/usb/002/004")
    return tree


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: None)


def test_without_an_accelerator_all_is_well_unless_it_is_demanded(tree: Any, tmp_path: Path) -> None:
    assert accelerator(tree, tmp_path).status == "ok"
    demanded = accelerator(tree, tmp_path, delegate="edgetpu")
    assert demanded.status == "fail"
    assert "Coral not found" in demanded.detail


def test_both_ids_are_known_and_told_apart(coral: Any, library: None, tmp_path: Path) -> None:
    assert "1a6e:089a (not used since it was plugged in)" in accelerator(coral, tmp_path).detail
    coral.put("/sys/bus/usb/devices/2-1/idVendor", "18d1")
    coral.put("/sys/bus/usb/devices/2-1/idProduct", "9302")
    coral.put("/sys/bus/usb/devices/2-1/speed", "480")
    found = accelerator(coral, tmp_path)
    assert found.status == "ok"
    assert "18d1:9302 (used before, on a slow USB 2 port)" in found.detail


def test_a_missing_library_and_a_crash_are_told(coral: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "libedgetpu.so.1 is not installed" in accelerator(coral, tmp_path).detail
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: None)
    with contextlib.closing(CrashJournal(tmp_path)) as running:
        running.uses("edgetpu")
        assert accelerator(coral, tmp_path).status == "ok"
    (tmp_path / "trying-edgetpu").write_bytes(TRIED)
    assert "brought the daemon down" in accelerator(coral, tmp_path).detail


def test_a_device_that_may_not_be_used_names_the_rule(
    coral: Any, library: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks.os, "access", lambda *_: False)
    found = accelerator(coral, tmp_path)
    assert "udev rule" in (found.remedy or "")
    assert str(coral.path("/dev/bus/usb/002/004")) in found.detail


def test_pcie(tree: Any, library: None, tmp_path: Path) -> None:
    tree.put("/dev/apex_0")
    assert "/dev/apex_0" in accelerator(tree, tmp_path).detail


def test_networks_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = networks._models(Config())
    assert found.status == "fail"
    assert found.remedy == "edge-dms models fetch"
    assert "missing" in found.detail


def test_without_expression_its_networks_are_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    whereabouts = networks.whereabouts

    def noting(manifest: Manifest, name: str) -> Whereabouts:
        looked_at.append(name)
        return whereabouts(manifest, name)

    monkeypatch.setattr(networks, "whereabouts", noting)
    networks._models(load_text("expression: {enabled: false}"))
    assert "eye_state" in looked_at
    assert not [name for name in looked_at if "expression" in name]
    networks._models(Config())
    assert {"expression", "expression_fusion"} <= set(looked_at)


@pytest.mark.models
def test_networks_that_are_there() -> None:
    assert networks._models(Config()).status == "ok"
    assert networks._runtime().status == "ok"
