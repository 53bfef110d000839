"""Alert messages as rows: every row the same columns, every column one type."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from edge.fleet.flat import COLUMNS, csv_line, json_line, row

EXAMPLE = json.loads((Path(__file__).parents[3] / "edge/uplink/contract/examples/alert.json").read_text())


def test_the_contracts_example_fills_the_columns() -> None:
    values = row("north-depot/van-07", EXAMPLE)
    assert list(values) == list(COLUMNS)
    assert (values["fleet"], values["vehicle"], values["kind"], values["level"]) == (
        "north-depot",
        "van-07",
        "microsleep",
        3,
    )
    assert (values["speed_kmh"], values["played"], values["latency_ms"], values["contested"]) == (
        83.0,
        True,
        48.0,
        False,
    )
    assert json.loads(values["evidence"])[0]["name"] == "eyes_closed_s"
    for name, kind in COLUMNS.items():
        assert values[name] is None or type(values[name]) is kind, name


def test_what_has_another_type_is_unknown_not_kept() -> None:
    values = row(
        "f/v", {"id": 7, "data": {"level": "high", "duration_s": 3, "confidence": True, "in_cab": [], "seq": 1.5}}
    )
    assert (values["id"], values["level"], values["confidence"], values["played"], values["seq"]) == (None,) * 5
    assert values["duration_s"] == 3.0


def test_json_lines_hold_the_same_keys_whatever_came() -> None:
    assert list(json.loads(json_line(row("f/v", {})))) == list(COLUMNS)


def test_csv_is_read_back_as_it_was() -> None:
    values = row("f/v", {**EXAMPLE, "source": 'with "quotes", commas\nand lines'})
    rows = list(csv.DictReader(io.StringIO((csv_line() + csv_line(values)).decode(), newline="")))
    assert len(rows) == 1
    assert rows[0]["source"] == 'with "quotes", commas\nand lines'
    assert (rows[0]["played"], rows[0]["ended"], rows[0]["level"]) == ("true", "", "3")


def test_no_cell_is_a_formula() -> None:
    values = row("f/v", {"source": "=HYPERLINK(1)", "id": "@x", "data": {"reason": "+1", "level": 2}})
    cells = next(csv.reader(io.StringIO(csv_line(values).decode())))
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
