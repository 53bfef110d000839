from __future__ import annotations

import wave
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest

from edge.actuators.sounds import wav
from edge.actuators.speech import Speech, SpeechError, catalogue, file_name, urgency_of
from edge.actuators.tones import SoundClass
from edge.config.schema import Language

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = [language for language in get_args(Language) if language != "none"]


def test_every_language_says_everything_and_nothing_else() -> None:
    sentences = catalogue()
    assert sorted(sentences) == sorted(LANGUAGES)
    for language in LANGUAGES:
        assert set(sentences[language]) == set(get_args(SoundClass))
        for by_urgency in sentences[language].values():
            assert set(by_urgency) == {"warning", "urgent"}
            assert all(sentence.strip() == sentence and len(sentence) > 4 for sentence in by_urgency.values())


def test_no_sentence_was_left_in_another_language() -> None:
    sentences = catalogue()
    for sound in get_args(SoundClass):
        for urgency in ("warning", "urgent"):
            said = [sentences[language][sound][urgency] for language in LANGUAGES if language != "pt"]
            assert len(set(said)) == len(said)


def test_urgent_sentences_are_short() -> None:
    for by_class in catalogue().values():
        assert all(len(by_urgency["urgent"]) <= 25 for by_urgency in by_class.values())


@pytest.mark.parametrize(("level", "urgency"), [(2, "warning"), (3, "urgent"), (5, "urgent")])
def test_the_level_decides_which_sentence(level: int, urgency: str) -> None:
    assert urgency_of(level) == urgency


def test_a_rendered_sentence_is_found_and_the_others_are_counted(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    name = file_name("sleep", "urgent", catalogue()["en"]["sleep"]["urgent"])
    (tmp_path / "en" / name).write_bytes(wav(np.array([0.0, 0.5, -0.5])))
    speech = Speech("en", tmp_path)
    assert speech.missing == 15
    found = speech.samples("sleep", 4)
    assert found is not None
    assert found.tolist() == pytest.approx([0.0, 0.5, -0.5], abs=1e-3)
    assert speech.samples("sleep", 2) is None


def test_a_file_of_an_older_wording_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / file_name("sleep", "urgent", "Wake up now!")).write_bytes(wav(np.zeros(9)))
    assert Speech("en", tmp_path).samples("sleep", 4) is None


def test_a_file_of_another_form_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    path = tmp_path / "en" / file_name("sleep", "urgent", catalogue()["en"]["sleep"]["urgent"])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(b"\0" * 64)
    with pytest.raises(SpeechError, match=r"22050 Hz.*render_speech"):
        Speech("en", tmp_path).samples("sleep", 4)
    path.write_bytes(b"")
    with pytest.raises(SpeechError, match="render it again"):
        Speech("en", tmp_path).samples("sleep", 4)
