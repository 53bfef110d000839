"""The notice says what the configuration does, no more and no less, in every language the cab speaks."""

from __future__ import annotations

import string
from pathlib import Path
from typing import get_args

import pytest

from edge.cli import main
from edge.config.load import load_config, load_text
from edge.config.schema import Config, Language
from edge.notice import Sentences, notice, sentences
from edge.verbs.notice import LANGUAGES

CHECKOUT = Path(__file__).parents[2]
EVERYTHING = load_text(
    "vehicle: {source: gpsd, gpsd: {location: true}, driver_token: a}\nrecording: {stream_file: s.jsonl}\n"
    "mqtt: {fleet: north}\nretention: {drivers_days: 60, recordings_days: 5}\nfatigue: {retention_days: 40}\n"
)


def test_every_language_of_the_cab_has_every_sentence_with_the_same_gaps() -> None:
    assert set(sentences()) == set(LANGUAGES) == set(get_args(Language)) - {"none"}
    english = sentences()["en"]
    for language, said in sentences().items():
        for name in Sentences.__struct_fields__:
            gaps = [gap for _, gap, _, _ in string.Formatter().parse(getattr(said, name)) if gap]
            assert gaps == [gap for _, gap, _, _ in string.Formatter().parse(getattr(english, name)) if gap], name
            assert language == "en" or getattr(said, name) != getattr(english, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_thing_is_told_only_where_it_is_so(language: str) -> None:
    said = sentences()[language]
    told = notice(EVERYTHING, language, "Anna, 030 1")
    for sentence in (said.expression, said.fatigue, said.distraction, said.place, said.no_score, said.advice):
        assert sentence in told
    for sentence in (said.kept.format(days="40"), said.drivers.format(days="60"), said.recording.format(days="5")):
        assert sentence in told
    assert said.rest.format(minutes="3") in told
    assert told.endswith("Anna, 030 1\n")
    quiet = load_text(
        "expression: {enabled: false}\ndistraction: {enabled: false}\nfatigue: {enabled: false}\n"
        "mqtt: {enabled: false}\nvehicle: {privacy_after_s: null}\n"
    )
    told = notice(quiet, language, "x")
    for name in ("expression", "fatigue", "distraction", "finds", "place"):
        assert getattr(said, name) not in told
    for name in ("sent", "kept", "drivers", "recording", "rest"):
        assert getattr(said, name).split("{")[0] not in told
    assert said.not_sent in told


def test_the_notice_of_employed_drivers_speaks_of_no_expression() -> None:
    told = notice(load_config(CHECKOUT / "firmware_config" / "eu_workplace.yaml"), "en", "x")
    assert "expression" not in told
    assert "fatigue" in told


def test_the_verb_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dms.yaml"
    file.write_text("mqtt: {fleet: nord}\n")
    assert main(["notice", "--config", str(file), "--language", "de", "--contact", "Fuhrpark"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("FAHRERÜBERWACHUNG IN DIESEM FAHRZEUG\n")
    assert "„nord“" in told
    assert notice(Config(), "en", "x")
