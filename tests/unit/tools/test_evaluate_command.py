"""The command line on made-up sets: documents, predictions, refusals. Crops only, with the committed network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest

from tests.support.picture_sets import picture, png, write_set

EXPRESSIONS = ["neutral", "happiness", "sadness", "anger", "surprise", "disgust", "fear"]
VOTE_NAMES = np.array([*EXPRESSIONS, "contempt", "unknown", "NF"])


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run one command line; exit code, standard output and standard error."""

    def command(*arguments: object) -> tuple[int, str, str]:
        code = evaluate.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def faces(folder: Path, labels: list[str], **columns: list[str]) -> Path:
    rows = [
        {"file": f"{k}.png", "label": label} | {name: values[k] for name, values in columns.items()}
        for k, label in enumerate(labels)
    ]
    return write_set(folder, rows)


def votes(folder: Path, **left_out: object) -> Path:
    """Six faces of an archive: voted neutral, happiness, anger, contempt, unknown, NF; FER2013 labels beside."""
    majorities = [0, 1, 3, 7, 8, 9]
    arrays = {
        "images": np.stack([picture(k) for k in range(6)]),
        "votes": np.eye(10, dtype=np.uint8)[majorities] * 7 + 1,
        "vote_names": VOTE_NAMES,
        "fer_label": np.array([0, 3, 0, 6, -1, -1], np.int8),
        "fer_names": np.array(["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]),
        "split": np.array(["train", "train", "train", "valid", "valid", "valid"]),
    }
    folder.mkdir(exist_ok=True)
    np.savez(folder / "faces.npz", **{name: values for name, values in arrays.items() if name not in left_out})
    return folder


def test_the_document(run: Any, tmp_path: Path) -> None:
    subjects = ["p1", "p1", "p2", "p2"]
    code, out, _ = run("expression", faces(tmp_path, ["happy", "Sad", "angry", "sad"], subject=subjects), "--json")
    assert code == 0
    document = json.loads(out)
    assert (document["task"], document["model"], document["n"]) == ("expression", "expression", 4)
    assert list(document["per_class"]) == ["happiness", "sadness", "anger"]
    assert [document["per_class"][label]["n"] for label in document["per_class"]] == [1, 2, 1]
    assert set(document["per_class"]["anger"]) >= {"n", "recall", "precision"}
    assert document["auc"] is None
    low, high = document["ci95"]["accuracy"]
    assert low <= document["accuracy"] <= high
    assert set(document["ci95"]) == {"accuracy", "balanced_accuracy", "auc", "ece"}
    assert document["by_subject"]["p2"]["n"] == 2
    assert "NaN" not in out


def test_the_text_has_the_same_figures(run: Any, tmp_path: Path) -> None:
    folder = faces(tmp_path, ["happy", "sad"], subject=["p1", "p2"])
    document = json.loads(run("expression", folder, "--json")[1])
    code, out, _ = run("expression", folder)
    assert code == 0
    assert f"accuracy {document['accuracy']:>18.3f}" in out
    assert f"AUC {document['auc']:>23.3f}" in out
    assert [line.split()[0] for line in out.splitlines() if line.strip().startswith(("p1", "p2"))] == ["p1", "p2"]


def test_an_archive_is_scored_by_its_votes_and_the_unrated_are_left_out(run: Any, tmp_path: Path) -> None:
    document = json.loads(run("expression", votes(tmp_path), "--json")[1])
    assert (document["n"], document["items"]) == (4, 6)
    assert document["left_out"] == {"voted unknown or no face": 2}
    assert list(document["per_class"]) == ["neutral", "happiness", "anger", "contempt"]


def test_the_older_labels_when_asked_for(run: Any, tmp_path: Path) -> None:
    document = json.loads(run("expression", votes(tmp_path), "--labels", "fer2013", "--json")[1])
    assert document["n"] == 4
    assert {label: one["n"] for label, one in document["per_class"].items()} == {
        "neutral": 1,
        "happiness": 1,
        "anger": 2,
    }
    assert document["left_out"] == {"without a label": 2}


def test_labels_the_set_does_not_have_are_refused(run: Any, tmp_path: Path) -> None:
    folder = votes(tmp_path, fer_label=True)
    code, out, err = run("expression", folder, "--labels", "fer2013", "--json")
    assert (code, out) == (1, "")
    assert "has only ferplus labels; leave --labels fer2013 out" in err


def test_one_split(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    folder = votes(tmp_path / "set")
    document = json.loads(run("expression", folder, "--split", "valid", "--json", "--predictions", out)[1])
    assert (document["n"], document["items"], document["split"]) == (1, 3, "valid")
    assert [line["row"] for line in lines_of(out)] == [3, 4, 5]


def test_predictions_without_labels(run: Any, tmp_path: Path) -> None:
    folder = votes(tmp_path / "set", votes=True, vote_names=True, fer_label=True, fer_names=True, split=True)
    out = tmp_path / "answers.jsonl"
    code, said, _ = run("expression", folder, "--predictions", out, "--json")
    assert code == 0
    document = json.loads(said)
    assert (document["n"], document["labelled"], document["accuracy"], document["ece"]) == (6, False, None, None)
    assert document["ci95"] == {"accuracy": None, "balanced_accuracy": None, "auc": None, "ece": None}
    assert sum(document["predicted"].values()) == 6
    lines = lines_of(out)
    assert [set(line) for line in lines] == [{"row", "detected", "abstained", "probabilities"}] * 6
    assert [line["row"] for line in lines] == list(range(6))
    for line in lines:
        assert list(line["probabilities"]) == [*EXPRESSIONS, "contempt"]
        assert sum(line["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
        assert line["detected"] is True


def test_predictions_are_the_same_with_and_without_labels(run: Any, tmp_path: Path) -> None:
    rows = [{"file": "1.png"}, {"file": "2.png"}]
    bare = write_set(tmp_path / "bare", rows)
    labelled = write_set(tmp_path / "labelled", [row | {"label": "fear"} for row in rows], zipped=False)
    for folder in (bare, labelled):
        assert run("expression", folder, "--predictions", folder / "out.jsonl")[0] == 0
    assert lines_of(bare / "out.jsonl") == lines_of(labelled / "out.jsonl")
    assert [line["file"] for line in lines_of(bare / "out.jsonl")] == ["1.png", "2.png"]


def test_without_labels_and_predictions_there_is_nothing_to_do(run: Any, tmp_path: Path) -> None:
    code, out, err = run("expression", write_set(tmp_path, [{"file": "1.png"}]), "--json")
    assert (code, out) == (1, "")
    assert "has no labels, so nothing can be scored; add --predictions OUT.jsonl" in err


def test_a_picture_without_a_label_among_labelled_ones_is_predicted_and_not_scored(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    document = json.loads(
        run("expression", faces(tmp_path / "set", ["happy", "", "sad"]), "--json", "--predictions", out)[1]
    )
    assert (document["n"], document["items"], document["left_out"]) == (2, 3, {"without a label": 1})
    assert len(lines_of(out)) == 3


def test_infrared_faces_are_scored_where_both_agree_and_without_contempt(run: Any, tmp_path: Path) -> None:
    labels = ["happy", "sad", "contempt", "anger", "neutral"]
    folder = faces(tmp_path, labels, agree=["1", "0", "1", "1", "1"], subject=["a", "a", "a", "b", "b"])
    document = json.loads(run("nir-expression", folder, "--json")[1])
    assert list(document["per_class"]) == ["neutral", "happiness", "anger"]
    assert document["left_out"] == {"agree is not 1": 1, "contempt": 1}
    assert (document["hostility"]["n_hostile"], document["hostility"]["n_other"]) == (1, 2)


REFERENCED = {"label": ["neutral", "neutral", "happy", "sad", "neutral", "anger"], "subject": list("aaaabb")}


def references(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_reference_faces_are_left_out_and_the_six_emotions_scored(run: Any, tmp_path: Path) -> None:
    folder = faces(tmp_path, REFERENCED["label"], subject=REFERENCED["subject"], agree=["1"] * 6)
    refs = references(tmp_path / "refs.csv", "subject,file\na,0.png\nb,4.png\n")
    out = tmp_path / "answers.jsonl"
    document = json.loads(run("nir-expression", folder, "--references", refs, "--json", "--predictions", out)[1])
    assert (document["n"], list(document["per_class"])) == (3, ["happiness", "sadness", "anger"])
    assert document["left_out"] == {"a reference picture": 2, "neutral (scored in all_remaining)": 1}
    assert document["all_remaining"]["n"] == 4
    assert "neutral" in document["all_remaining"]["per_class"]
    lines = lines_of(out)
    assert [line["file"] for line in lines] == [f"{k}.png" for k in range(6)]
    assert list(lines[0]["probabilities"]) == EXPRESSIONS


def test_answers_are_referenced_as_the_daemon_references_them(run: Any, tmp_path: Path) -> None:
    from edge.indicators.neutral import NeutralExpression

    folder = faces(tmp_path, REFERENCED["label"], subject=REFERENCED["subject"])
    refs = references(tmp_path / "refs.csv", "subject,file\na,0.png\n")
    raw, own = tmp_path / "raw.jsonl", tmp_path / "own.jsonl"
    run("nir-expression", folder, "--predictions", raw)
    code, said, _ = run("nir-expression", folder, "--predictions", own, "--references", refs)
    assert code == 0
    assert "no reference face could be used for b: judged by the population's neutral" in said
    neutral = NeutralExpression(1)
    stated = [tuple(line["probabilities"].values()) for line in lines_of(raw)]
    neutral.advance(stated[0], 1, end_ns=0)
    assert neutral.learnt
    for place, line in enumerate(lines_of(own)):
        factors = neutral.factors if place < 4 else (1.0,) * 7
        wanted = np.array(stated[place]) * factors
        assert list(line["probabilities"].values()) == pytest.approx(list(wanted / wanted.sum()), abs=1e-4)


def test_references_work_without_labels(run: Any, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", [{"file": f"{k}.png", "subject": "a"} for k in range(3)])
    refs = references(tmp_path / "refs.csv", "subject,file\na,1.png\n")
    out = tmp_path / "answers.jsonl"
    assert run("nir-expression", folder, "--references", refs, "--predictions", out)[0] == 0
    assert len(lines_of(out)) == 3


def test_a_reference_picture_may_lie_beside_the_list(run: Any, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", [{"file": "1.png", "subject": "a", "label": "fear"}])
    (tmp_path / "calm.png").write_bytes(png(picture(9)))
    refs = references(tmp_path / "refs.csv", "subject,file\na,calm.png\n")
    document = json.loads(run("nir-expression", folder, "--references", refs, "--json")[1])
    assert document["n"] == 1
    assert not [note for note in document["notes"] if note.startswith("no reference")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no file .*refs.csv for --references"),
        ("person,file\na,0.png\n", "has no column subject; its first line must be subject,file"),
        ("subject,file\na,\n", "a line of .* lacks its subject or file"),
        ("subject,file\nx,0.png\n", "no subject of .* occurs in"),
        ("subject,file\na,gone.png\n", "no picture gone.png"),
    ],
)
def test_a_list_of_references_that_cannot_be_used_is_refused(
    run: Any, tmp_path: Path, text: str | None, said: str
) -> None:
    folder = faces(tmp_path / "set", ["fear", "sad"], subject=["a", "b"])
    if text is not None:
        references(tmp_path / "refs.csv", text)
    code, out, err = run("nir-expression", folder, "--references", tmp_path / "refs.csv", "--json")
    assert (code, out) == (1, "")
    assert re.search(said, err), err


def test_references_need_subjects(run: Any, tmp_path: Path) -> None:
    refs = references(tmp_path / "refs.csv", "subject,file\na,0.png\n")
    _, _, err = run("nir-expression", faces(tmp_path / "set", ["fear"]), "--references", refs)
    assert "has no column `subject`, so nobody can be referenced" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["expression", "SET", "--model", "nobody"], "there is no network 'nobody' for --model; known are"),
        (["expression", "SET", "--model", "gone.tflite"], "there is no file gone.tflite for --model"),
        (["expression", "SET", "--model", "SET/index.csv"], "is no network that expression can run"),
        (["expression", "SET", "--predictions", "SET"], "is a folder; give --predictions the name of a file"),
        (["expression", "SET", "--predictions", "SET/no/out.jsonl"], "for --predictions does not exist"),
        (["expression", "SET", "--references", "SET/index.csv"], "--references means nothing to expression"),
        (["eye-state", "SET", "--labels", "ferplus"], "--labels means nothing to eye-state"),
        (["expression", "SET", "--split", "valid"], "has no split; leave --split out"),
        (["expression", "NOWHERE"], "there is no folder"),
        (["expression", "SET", "--config", "NOWHERE"], "problem"),
    ],
)
def test_mistakes_are_one_sentence_and_a_code(run: Any, tmp_path: Path, arguments: list[str], said: str) -> None:
    folder = faces(tmp_path / "set", ["happy", "sad"])
    places = {"SET": str(folder), "NOWHERE": str(tmp_path / "nowhere")}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
    code, out, err = run(*arguments, "--json")
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_an_unknown_label_is_said_before_anything_is_judged(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    code, _, err = run("expression", faces(tmp_path / "set", ["joyful", "sad"]), "--predictions", out)
    assert code == 1
    assert "unknown label 'joyful' (1x) in column 'label' of" in err
    assert not out.exists()


def test_a_broken_picture_leaves_old_predictions_alone(run: Any, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", [{"file": "1.png", "label": "sad"}], pixels={"1.png": b"no picture"})
    out = tmp_path / "answers.jsonl"
    out.write_text("old\n", encoding="utf-8")
    code, _, err = run("expression", folder, "--predictions", out)
    assert code == 1
    assert "1.png of" in err
    assert out.read_text(encoding="utf-8") == "old\n"


def test_a_picture_of_a_pixel_is_a_mistake(run: Any, tmp_path: Path) -> None:
    dot = png(np.full((1, 3), 9, np.uint8))
    folder = write_set(tmp_path, [{"file": "1.png", "label": "sad"}], pixels={"1.png": dot})
    code, _, err = run("expression", folder)
    assert code == 1
    assert "is 3x1 px and shows nothing; leave it out" in err


def test_labels_of_which_nothing_is_left_are_refused(run: Any, tmp_path: Path) -> None:
    folder = faces(tmp_path, ["contempt", "sad"], agree=["1", "0"])
    code, _, err = run("nir-expression", folder)
    assert code == 1
    assert "nothing is left to score (1 contempt, 1 agree is not 1)" in err


def test_the_file_of_a_known_network_is_that_network(run: Any, tmp_path: Path, checkout: Path) -> None:
    folder = faces(tmp_path, ["happy", "sad"])
    named = json.loads(run("expression", folder, "--json")[1])
    by_path = json.loads(
        run("expression", folder, "--json", "--model", checkout / "models" / "expression_int8.tflite")[1]
    )
    assert by_path["network"]["sha256"] == named["network"]["sha256"]
    assert by_path["model"] == "expression"
    assert by_path["accuracy"] == named["accuracy"]


def test_an_unknown_task_is_the_parsers_business(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        evaluate.main(["smiles", "folder"])
    assert end.value.code == 2
    assert "nir-expression" in capsys.readouterr().err


def test_by_a_column_scores_each_group_apart(run: Any, tmp_path: Path) -> None:
    folder = faces(tmp_path, ["happy", "sad", "sad", "angry"], glasses=["yes", "no", "no", ""])
    code, out, _ = run("expression", folder, "--by", "glasses", "--json")
    assert code == 0
    groups = json.loads(out)["by_group"]["glasses"]
    assert {value: group["n"] for value, group in groups.items()} == {"no": 2, "yes": 1, "unknown": 1}
    assert groups["no"]["labels"] == {"sadness": 2}
    right = json.loads(out)["accuracy"] * 4
    assert sum(group["accuracy"] * group["n"] for group in groups.values()) == pytest.approx(right)
    code, out, _ = run("expression", folder, "--by", "glasses")
    assert "by glasses" in out
    assert re.search(r"^  no +2 ", out, re.MULTILINE)


def test_by_contrast_measures_the_pictures(run: Any, tmp_path: Path) -> None:
    spans = [20, 60, 60, 200]
    pixels = {
        f"{k}.png": png(np.repeat(np.full((2, 48), [[30], [30 + span]], np.uint8), 24, 0))
        for k, span in enumerate(spans)
    }
    rows = [{"file": name, "label": "happy"} for name in pixels]
    folder = write_set(tmp_path, rows, pixels=pixels)
    groups = json.loads(run("expression", folder, "--by", "contrast", "--json")[1])["by_group"]["contrast"]
    counts = {value: group["n"] for value, group in groups.items()}
    assert counts == {"0 to 40 grey levels": 1, "40 to 80 grey levels": 2, "120 grey levels and more": 1}
    assert list(counts) == sorted(counts, key=lambda value: int(value.split()[0]))


@pytest.mark.parametrize(
    ("column", "said"),
    [("colour", "measured can be turn and contrast"), ("file", "no groups but names")],
)
def test_by_an_unusable_column_is_refused(run: Any, tmp_path: Path, column: str, said: str) -> None:
    code, _, err = run("expression", faces(tmp_path, ["happy", "sad"] * 25), "--by", column)
    assert code == 1
    assert said in err
