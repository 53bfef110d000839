"""Fixtures for everybody: the labelled data, the fetched models, a real broker binary; each skips in one sentence."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support.figures import FIGURES_OF, Figures, note_end

if TYPE_CHECKING:
    from collections.abc import Generator

# No test measures time: on a busy machine a slow draw says nothing about the test.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")

# A shell that starts the tests in the background ignores SIGINT, and so would every child that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives to the end: each look at five thousand tests takes it 0.1 s and more."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Say which tests may run at the same time, should there be several processes."""
    from tests.support.spread import OneInRealTime

    return OneInRealTime(config, log)


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figures:
    """Assert a figure of reliability and write it down for tests/RELIABILITY.md."""
    figures = FIGURES_OF[request.node.nodeid] = Figures(request.node.nodeid)
    return figures


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test of a figure be skipped or fail without a word in the report."""
    report = yield
    note_end(item, report)
    return report


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the labelled data: EDGE_DMS_DATA, else `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("EDGE_DMS_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (folder / "clips" / "index.csv").exists():
        message = f"no labelled data in {folder}: set EDGE_DMS_DATA to the folder that holds clips/index.csv"
        if os.environ.get("EDGE_DMS_REQUIRE_DATA"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def mosquitto() -> str:
    """Path of a real mosquitto broker."""
    path = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if path is None:
        pytest.skip("mosquitto is not installed: sudo apt install mosquitto")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium."""
    from headless_browser import program

    path = program()
    if path is None:
        pytest.skip("no Chromium is installed: sudo apt install chromium")
    return path


@pytest.fixture(scope="session")
def fetched_models() -> None:
    """Make sure that the third-party networks are installed."""
    from edge.inference.manifest import Manifest

    manifest = Manifest.load()
    missing = [model.name for model in manifest.models.values() if manifest.locate(model.name) is None]
    if missing:
        message = f"networks {', '.join(missing)} are not installed: run `edge-dms models fetch`"
        if os.environ.get("EDGE_DMS_REQUIRE_DATA"):
            pytest.fail(message)
        pytest.skip(message)
