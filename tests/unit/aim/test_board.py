"""The wizard in a terminal: lights in words, keys that do what the line says they do."""

from __future__ import annotations

import msgspec
import pytest

from edge.aim.board import board_lines, keys_of, press_of
from tests.support.installation import WELL, Player


def text(player: Player, width: int = 80, *, color: bool = False) -> str:
    return "\n".join(board_lines(player.session.state(), width, 40, color=color))


def test_lights_are_told_in_words_with_what_to_do() -> None:
    player = Player()
    player.to("camera")
    player.look(msgspec.structs.replace(WELL, sharpness=0.001, distance_cm=50.0))
    shown = text(player)
    assert "FAIL  Focus" in shown
    assert "warn  Distance              50 cm" in shown
    assert "ok    Exposure" in shown
    assert "turn its ring" in shown
    assert "\x1b" not in shown
    assert "\x1b[31;1mFAIL\x1b[0m" in text(player, color=True)


def test_a_narrow_terminal_wraps() -> None:
    player = Player()
    player.to("camera")
    player.look(msgspec.structs.replace(WELL, sharpness=0.001))
    assert max(len(line) for line in text(player, 40).splitlines()) <= 40


@pytest.mark.parametrize("step", ["start", "camera", "ahead", "left_mirror", "result"])
@pytest.mark.parametrize(("width", "height"), [(40, 18), (60, 12), (80, 23)])
def test_a_telephones_terminal_shows_the_keys_and_what_is_wrong(step: str, width: int, height: int) -> None:
    player = Player()
    player.to(step)
    player.look(msgspec.structs.replace(WELL, sharpness=0.001))
    lines = board_lines(player.session.state(), width, height, color=False)
    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width
    assert "q quit" in lines[-1]
    if step == "camera":
        assert any(line.startswith("FAIL  Focus") for line in lines)


def test_what_is_green_is_one_line_where_there_is_no_room() -> None:
    player = Player()
    player.to("camera")
    player.look(msgspec.structs.replace(WELL, sharpness=0.001))
    lines = board_lines(player.session.state(), 80, 14, color=True)
    (line,) = [line for line in lines if "Exposure" in line]
    assert line.startswith("\x1b[32mok  \x1b[0m  Face, ")


def test_progress_failure_view_and_result_are_shown() -> None:
    player = Player()
    player.to("left_mirror")
    player.press("measure")
    player.look(msgspec.structs.replace(WELL, yaw_deg=52.0), seconds=0.8)
    assert "measuring  [#" in text(player)
    assert "head   40° left" in text(player)
    player.look(WELL, seconds=14)
    assert "hardly moved" in text(player)
    player.to("result")
    assert "PASSED" in text(player)


def test_enter_leads_through_everything() -> None:
    player = Player()
    for step in ("start", "camera", "ahead"):
        assert player.session.step == step
        press = press_of("\n", player.session.state())
        player.press(press)
        if press == "measure":
            player.look()
            player.press(press_of("\n", player.session.state()))
    assert player.session.step == "left_mirror"


@pytest.mark.parametrize("step", ["start", "camera", "ahead", "left_mirror", "inner_mirror", "result"])
def test_every_key_that_is_named_does_something(step: str) -> None:
    player = Player()
    player.to(step)
    state = player.session.state()
    for part in keys_of(state).split("   "):
        key = {"Enter": "\n"}.get(part.split()[0], part.split()[0])
        assert press_of(key, state) is not None, part
    assert press_of("x", state) is None
    assert (press_of("s", state) == "save") == (step == "result")
