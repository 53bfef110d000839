"""What `evaluate.py` takes for a set, and how it refuses what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation.arrays import FER2013, FERPLUS
from evaluation.folder import read_pictures
from evaluation.index_csv import read_table

from edge.verbs.outcome import Complaint
from tests.support.picture_sets import picture, png, write_set

ROWS = [{"file": "a/1.png", "label": "happy", "subject": "p1"}, {"file": "2.png", "label": "sad", "subject": "p2"}]


@pytest.mark.parametrize("zipped", [True, False])
def test_pictures_come_from_the_archive_or_from_loose_files(tmp_path: Path, zipped: bool) -> None:
    found = read_pictures(write_set(tmp_path, ROWS, zipped=zipped))
    assert (found.kind, [item.key for item in found.items]) == ("file", ["a/1.png", "2.png"])
    assert found.values("label") == ["happy", "sad"]
    assert [item.subject for item in found.items] == ["p1", "p2"]
    np.testing.assert_array_equal(found.pictures.read("a/1.png"), picture(0))


def test_colour_and_sixteen_bits_become_grey_bytes(tmp_path: Path) -> None:
    colour = np.zeros((20, 30, 3), np.uint8)
    colour[:, :, 1] = 200
    deep = np.full((20, 30), 0x8000, np.uint16)
    write_set(tmp_path, ROWS, pixels={"a/1.png": png(colour), "2.png": png(deep)})
    found = read_pictures(tmp_path)
    for key, grey in (("a/1.png", 117), ("2.png", 128)):
        read = found.pictures.read(key)
        assert (read.dtype, read.shape) == (np.uint8, (20, 30))
        assert abs(int(read[5, 5]) - grey) <= 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_as_spreadsheets_save_them(tmp_path: Path, delimiter: str) -> None:
    lines = [["File", " Label "], ["1.png", "Happy"], ["", ""], ["2.png", ""]]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    (tmp_path / "index.csv").write_text(text, encoding="utf-8-sig", newline="")
    columns, rows = read_table(tmp_path / "index.csv")
    assert columns == {"file", "label"}
    assert rows == [{"file": "1.png", "label": "Happy"}, {"file": "2.png"}]


def test_names_written_on_another_system_are_found(tmp_path: Path) -> None:
    write_set(tmp_path, ROWS)
    (tmp_path / "index.csv").write_text("file\na\\1.png\n./2.png\n", encoding="utf-8")
    found = read_pictures(tmp_path)
    np.testing.assert_array_equal(found.pictures.read("a\\1.png"), picture(0))
    np.testing.assert_array_equal(found.pictures.read("./2.png"), picture(1))


def test_a_split_is_chosen_and_a_wrong_one_named(tmp_path: Path) -> None:
    write_set(tmp_path, [ROWS[0] | {"split": "train"}, ROWS[1] | {"split": "valid"}])
    found = read_pictures(tmp_path)
    assert [item.key for item in found.of_split("valid").items] == ["2.png"]
    assert found.of_split(None) is found
    with pytest.raises(Complaint, match=r"no picture .* in the split 'test'; there are train, valid"):
        found.of_split("test")


def archive(folder: Path, **arrays: object) -> Path:
    folder.mkdir(exist_ok=True)
    np.savez(folder / "set.npz", **arrays)
    return folder


IMAGES = np.stack([picture(k) for k in range(4)])


def test_an_archive_of_pictures_alone(tmp_path: Path) -> None:
    found = read_pictures(archive(tmp_path, images=IMAGES))
    assert (found.kind, [item.key for item in found.items], found.columns) == ("row", [0, 1, 2, 3], frozenset())
    np.testing.assert_array_equal(found.pictures.read(2), IMAGES[2])


def test_an_archive_can_be_named_itself(tmp_path: Path) -> None:
    archive(tmp_path, images=IMAGES)
    np.savez(tmp_path / "other.npz", images=IMAGES)
    assert len(read_pictures(tmp_path / "set.npz").items) == 4
    with pytest.raises(Complaint, match=r"holds 2 \.npz files; name the one"):
        read_pictures(tmp_path)


def test_votes_and_numbers_become_names(tmp_path: Path) -> None:
    votes = np.array([[5, 5, 0], [0, 1, 9], [0, 10, 0], [0, 0, 0]], np.uint8)
    arrays = {
        "votes": votes,
        "vote_names": np.array(["neutral", "happiness", "NF"]),
        "fer_label": np.array([1, 0, -1, 0], np.int8),
        "fer_names": np.array(["angry", "happy"]),
        "split": np.array(["train", "valid", "valid", "train"]),
    }
    found = read_pictures(archive(tmp_path, images=IMAGES, **arrays)).of_split("valid")
    assert [item.key for item in found.items] == [1, 2]
    assert found.values(FERPLUS) == ["NF", "happiness"]
    assert found.values(FER2013) == ["angry", None]
    assert read_pictures(tmp_path).values(FERPLUS) == ["neutral", "NF", "happiness", None]


def test_colour_rows_are_read_as_red_green_blue(tmp_path: Path) -> None:
    red = np.zeros((1, 8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert read_pictures(archive(tmp_path, images=red)).pictures.read(0)[0, 0] == 76


def test_an_index_of_rows_beside_an_archive_is_not_taken_for_one_of_files(tmp_path: Path) -> None:
    archive(tmp_path, images=IMAGES)
    (tmp_path / "index.csv").write_text("row,name\n0,a\n", encoding="utf-8")
    assert read_pictures(tmp_path).kind == "row"


def broken_zip(folder: Path) -> None:
    write_set(folder, ROWS)
    (folder / "images.zip").write_bytes(b"PK no archive")


def damaged_member(folder: Path) -> None:
    write_set(folder, ROWS)
    data = bytearray((folder / "images.zip").read_bytes())
    data[60] ^= 0xFF
    (folder / "images.zip").write_bytes(data)


def pickled(folder: Path) -> None:
    np.savez(folder / "set.npz", images=np.array([{}, {}], dtype=object))


def text(content: str, name: str = "index.csv", encoding: str = "utf-8") -> object:
    def write(folder: Path) -> None:
        (folder / name).write_text(content, encoding=encoding)

    return write


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: None, "holds no set of pictures; it needs index.csv"),
        (text(""), r"index.csv is empty; its first line names the columns"),
        (text("file,label\n"), "lists no picture; add a line"),
        (text("name,label\na.png,happy\n"), r"no column `file` \(it has label, name\)"),
        (text("file\ngone.png\n"), "1 of 1 pictures .* are not in .*, without images.zip, the first is gone.png; add"),
        (text("file,label\n,happy\n"), "name no file"),
        (text("file\nÄ\n", encoding="latin-1"), "not UTF-8 text; save it as CSV"),
        (broken_zip, "images.zip is no zip archive that can be read .* copy it again"),
        (text("not numpy", name="set.npz"), "no archive of plain arrays"),
        (pickled, "no archive of plain arrays"),
        (lambda folder: archive(folder, votes=np.zeros(3)), "holds votes, but no array `images`"),
        (lambda folder: archive(folder, images=IMAGES[:0]), "is empty; there is nothing to evaluate"),
        (lambda folder: archive(folder, images=IMAGES.astype(np.float32)), r"float32 .*; uint8 \[N, height, width\]"),
        (lambda folder: archive(folder, images=IMAGES, label=np.zeros(3)), "there are 4 rows"),
        (lambda folder: archive(folder, images=IMAGES, votes=np.zeros((4, 2))), "`vote_names`"),
    ],
)
def test_what_is_no_set_is_refused_in_one_sentence(tmp_path: Path, spoil: object, said: str) -> None:
    spoil(tmp_path)
    with pytest.raises(Complaint, match=said) as refusal:
        read_pictures(tmp_path)
    assert "\n" not in str(refusal.value)


def test_a_wrong_path_is_said(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match=r"there is no folder .*nowhere; check the path"):
        read_pictures(tmp_path / "nowhere")
    (tmp_path / "film.mp4").write_bytes(b"")
    with pytest.raises(Complaint, match=r"film.mp4 is no folder; name the folder"):
        read_pictures(tmp_path / "film.mp4")


@pytest.mark.parametrize("content", [b"", b"no picture", png(picture(3))[:40]])
def test_a_broken_picture_is_named(tmp_path: Path, content: bytes) -> None:
    found = read_pictures(write_set(tmp_path, ROWS, pixels={"2.png": content}))
    with pytest.raises(Complaint, match=r"2.png of .* is no picture that can be decoded; replace it"):
        found.pictures.read("2.png")


def test_a_damaged_archive_is_said_with_the_picture(tmp_path: Path) -> None:
    damaged_member(tmp_path)
    with pytest.raises(Complaint, match=r"a/1.png of .* cannot be read .*copy it again"):
        read_pictures(tmp_path).pictures.read("a/1.png")
