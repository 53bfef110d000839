"""The code in the terminal is one that a reader reads."""

from __future__ import annotations

import re
import sys

import cv2
import numpy as np
import pytest

from edge.verbs.qr_code import PLAIN, qr_lines

pytest.importorskip("segno", reason="pip install 'edge-dms[aim]'")
URL = "http://192.168.178.123:8766/?token=3q2-7wAbCdEfGhIjKlMnOp"
PIXELS = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}


def test_a_reader_reads_the_address() -> None:
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in qr_lines(URL) or []]
    rows = [[PIXELS[sign][half] for sign in line] for line in lines for half in (0, 1)]
    picture = np.kron(np.array(rows, np.uint8), np.ones((8, 8), np.uint8))
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(np.pad(picture, 16, constant_values=255))
    assert read == URL


def test_it_fits_a_telephone_sized_terminal_and_leaves_its_colours_alone() -> None:
    lines = qr_lines(URL) or []
    assert len(lines) <= 20
    assert all(line.endswith(PLAIN) for line in lines)


def test_without_the_extra_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    assert qr_lines(URL) is None
