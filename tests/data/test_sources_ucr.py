"""Signals in text files: which files are taken for them, what is read, and what each mistake in them is told as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from real_data import real_data

SIGNALS = np.round(np.random.default_rng(3).normal(size=(40, 12)), 3)
LABELS = np.tile(["1", "2"], 20)


def lines(separator: str = " ") -> list[str]:
    return [separator.join([label, *map(str, row)]) for label, row in zip(LABELS, SIGNALS, strict=True)]


def written(folder: Path, rows: list[str], name: str = "set.txt") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def codes(data: cs.Data) -> dict[str, str]:
    return {notice.code: notice.text for notice in data.warnings}


def values(data: cs.Data) -> np.ndarray:
    return np.stack([example.image[:, 0] for example in data.everything])


@pytest.mark.parametrize(("separator", "name"), [("  ", "a.txt"), ("\t", "a.tsv"), (",", "a.csv"), ("; ", "a.txt")])
def test_values_are_read_whatever_parts_them(tmp_path: Path, separator: str, name: str):
    data = cs.load(written(tmp_path, lines(separator), name))
    np.testing.assert_array_equal(values(data), SIGNALS.astype(np.float32))
    assert data.classes == ("1", "2") and data.labels.tolist() == [0, 1] * 20
    assert data.train.input.spec.shape == (12, 1) and data.preprocessing.input.space == (12,)


def test_the_archive_itself():
    ecg = real_data("ecg")
    data = cs.load(ecg / "ECG200_TRAIN.txt")
    table = np.loadtxt(ecg / "ECG200_TEST.txt")
    assert data.name == "ECG200" and data.classes == ("-1", "1")
    assert data.test is not None and len(data.test) == 100 and len(data.train) + len(data.valid) == 100
    np.testing.assert_array_equal(values(data)[data.test.rows], table[:, 1:].astype(np.float32))
    np.testing.assert_array_equal(np.where(data.test.labels == 0, -1, 1), table[:, 0])
    same = cs.load(ecg / "ECG200_TEST.txt")
    assert same.fingerprint == data.fingerprint
    # five classes, of which one has two signals: they are learned from, and not measured
    data = cs.load(ecg / "ECG5000_TRAIN.txt")
    assert data.classes == tuple("12345") and data.test is not None
    assert (data.train.labels == 4).sum() == 2 and not (data.test.labels == 4).any()
    assert "nothing is measured of such a class" in codes(data)["rare-classes"]


def test_a_folder_of_twins_is_one_set_and_of_others_several(tmp_path: Path):
    written(tmp_path, lines()[:30], "beat_TRAIN.txt")
    written(tmp_path, lines()[30:], "beat_TEST.txt")
    written(tmp_path, ["What this is: nothing but words, and the year 2020."], "about.txt")
    data = cs.load(tmp_path)
    assert data.name == "beat" and data.test is not None and len(data.test) == 10
    written(tmp_path, lines(), "step_TRAIN.txt")
    with pytest.raises(cs.DataError, match=r"holds 2 sets; give the path of one of them"):
        cs.load(tmp_path)


@pytest.mark.parametrize(
    "rows",
    [
        ["a word, 1 2 3 4 5 6 7 8 9"] * 9,
        ["1 2 3"] * 9,  # a class and two numbers may be anything
        ["name width height", *["1 2 3"] * 9],
    ],
)
def test_what_is_not_plainly_numbers_is_no_signals(tmp_path: Path, rows: list[str]):
    with pytest.raises(cs.DataError, match=r"a text file whose rows are not plainly numbers"):
        cs.load(written(tmp_path, rows))


def test_boxes_beside_images_are_no_signals(tmp_path: Path):
    (tmp_path / "1.png").write_bytes(b"")
    written(tmp_path, lines(), "1.txt")
    with pytest.raises(cs.DataError) as told:
        cs.load(tmp_path)
    assert "signals, one a row" not in str(told.value)


def test_a_header_is_told_of(tmp_path: Path):
    header = " ".join(["label", *(f"t{k}" for k in range(12))])
    data = cs.load(written(tmp_path, [header, *lines()]))
    assert len(data.everything) == 40 and "row 1 holds no numbers (label, t0, t1" in codes(data)["header-row"]


@pytest.mark.parametrize(
    ("cell", "why"), [("NaN", "missing"), ("?", "missing"), ("1O", "no number"), ("inf", "infinite")]
)
def test_a_value_that_is_none_is_named_with_its_place(tmp_path: Path, cell: str, why: str):
    rows = lines()
    rows[6] = " ".join([*rows[6].split()[:4], cell, *rows[6].split()[5:]])
    path = written(tmp_path, rows)
    with pytest.raises(
        cs.DataError, match=rf"row 7 of set.txt: value 4 is {why}.*'{cell.replace('?', '.')}'.*--skip-bad"
    ):
        cs.load(path)
    data = cs.load(path, skip_bad=True)
    assert len(data.everything) == 39 and "1 of 40 rows" in codes(data)["bad-rows"]


def test_a_decimal_comma_is_refused(tmp_path: Path):
    for separator in (" ", ";", "\t"):
        rows = [row.replace(".", ",") for row in lines(separator)]
        with pytest.raises(cs.DataError, match=r"row 1: -?\d,\d+ has a decimal comma; write decimals with a point"):
            cs.load(written(tmp_path, rows))


def test_signals_of_different_lengths_keep_them(tmp_path: Path):
    filled = [row.rsplit(" ", 3)[0] + " NaN NaN NaN" if k % 2 else row for k, row in enumerate(lines())]
    cut = [row.rsplit(" ", 3)[0] if k % 2 else row for k, row in enumerate(lines())]
    loaded = [cs.load(written(tmp_path, rows)) for rows in (filled, cut)]
    for data in loaded:
        assert data.preprocessing.input.space == (None,)
        assert [len(example.image) for example in data.everything] == [12, 9] * 20
        assert "signals of 9 to 12 values" in codes(data)["lengths"]


def test_labels_that_are_no_classes(tmp_path: Path):
    rows = [f"{k / 7:.3f} {' '.join(row.split()[1:])}" for k, row in enumerate(lines())]
    path = written(tmp_path, rows)
    with pytest.raises(cs.DataError, match=r"expected classes.*found real numbers.*--task regression"):
        cs.load(path)
    data = cs.load(path, task="regression")
    assert data.target_kind == "number" and data.everything[7].label.tolist() == [1.0]


def test_flat_signals_channels_and_classes_without_any_are_told_of(tmp_path: Path):
    rows = lines()
    rows[4] = " ".join(["1", *["0.5"] * 12])
    written(tmp_path, rows[:30], "a_TRAIN.txt")
    test = [*rows[30:], " ".join(["3", *rows[30].split()[1:]])]
    told = codes(cs.load(written(tmp_path, test, "a_TEST.txt")))
    assert "1 of 41 signals has one value from begin to end" in told["constant-signals"]
    assert "1 class has no signal in train (3)" in told["missing-from-train"]
    same = codes(cs.load(written(tmp_path, [" ".join([label, *["0.5"] * 12]) for label in LABELS], "same.txt")))
    assert "1 channel has one value in all training signals" in same["constant-channels"]


def test_an_empty_file_and_one_without_classes(tmp_path: Path):
    with pytest.raises(cs.DataError, match=r"not plainly numbers"):
        cs.load(written(tmp_path, ["", ""]))
    with pytest.raises(cs.DataError, match=r"of one class only"):
        cs.load(written(tmp_path, [" ".join(["1", *row.split()[1:]]) for row in lines()]))
