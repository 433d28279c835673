"""Signals in tables: a recording a row, a step a row, a file a row; what is taken for what, and what mistakes say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import convscope as cs
from convscope.data.sources.signals_in_file import signals_in

RANDOM = np.random.default_rng(5)
SIGNALS = np.round(RANDOM.normal(size=(24, 12, 2)), 3)  # recordings, steps, channels
LABELS = ["rest", "walk"] * 12
PEOPLE = [f"P{at // 2}" for at in range(24)]
T = [f"t{step}" for step in range(12)]


def written(path: Path, rows: list[list[Any]], mark: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(mark.join(map(str, row)) for row in rows) + "\n", encoding="utf-8")
    return path


def wide(head: list[str] | None = None) -> list[list[Any]]:
    rows = [[f"r{at}", PEOPLE[at], *SIGNALS[at, :, 0], LABELS[at]] for at in range(24)]
    return [["name", "patient", *(head or T), "label"], *rows]


def long() -> list[list[Any]]:
    rows = [
        [at, step * 20, *SIGNALS[at, step], PEOPLE[at], LABELS[at]] for at in range(24) for step in range(12 - at % 2)
    ]
    return [["recording", "time_ms", "ax", "ay", "subject", "label"], *[rows[k] for k in RANDOM.permutation(len(rows))]]


def index(folder: Path, count: int = 24) -> list[list[Any]]:
    for at in range(count):
        steps = [[f"{step * 0.5:g}", *SIGNALS[at, step]] for step in range(12)]
        written(folder / f"recordings/{at}.csv", [["time (s)", "ax", "ay"], *steps])
    return [["file", "class", "patient"], *[[f"recordings/{at}.csv", LABELS[at], PEOPLE[at]] for at in range(count)]]


def codes(data: cs.Data) -> dict[str, str]:
    return {notice.code: notice.text for notice in data.warnings}


def refused(path: Path) -> str:
    with pytest.raises(cs.DataError) as caught:
        cs.load(path)
    return str(caught.value)


def test_a_recording_in_each_row(tmp_path: Path):
    data = cs.load(written(tmp_path / "set.csv", wide(), ";"))
    np.testing.assert_array_equal([each.image for each in data.everything], SIGNALS[:, :, :1].astype(np.float32))
    assert data.classes == ("rest", "walk") and [each.label for each in data.everything] == LABELS
    assert "12 steps in the columns t0 to t11, class=label, group=patient" in data.facts["found"]
    assert data.groups is not None and data.groups.tolist() == PEOPLE
    assert codes(data)["unused-columns"] == "1 column is not used: name"


def test_names_that_count_twice_are_channels_in_the_order_of_their_numbers(tmp_path: Path):
    head: list[Any] = ["label", *(f"{axis}_{step}" for axis in "yx" for step in reversed(range(12))), "split"]
    rows = [
        [LABELS[at], *SIGNALS[at, ::-1, 1], *SIGNALS[at, ::-1, 0], "test" if at > 15 else "train"] for at in range(24)
    ]
    data = cs.load(written(tmp_path / "set.csv", [head, *rows]))
    np.testing.assert_array_equal(data.everything[3].image, SIGNALS[3, :, ::-1].astype(np.float32))
    assert data.test is not None and data.test.rows.tolist() == [*range(16, 24)]
    uneven = [[*row[:-2], row[-1]] for row in [head, *rows]]
    assert "y_0 to y_11 are 12, x_1 to x_11 are 11; give" in refused(written(tmp_path / "odd.csv", uneven))


def test_columns_of_other_things_are_told_apart(tmp_path: Path):
    names = ["height", "weight", "age", "pulse", "iron", "sugar", "sodium", "zinc", "salt", "fat", "sleep", "work"]
    rows = [[*row[2:]] for row in wide(names)]
    told = codes(cs.load(written(tmp_path / "set.csv", rows)))["columns-as-steps"]
    assert "height, weight, age, pulse and 8 more" in told and "a convolution has nothing to use" in told


def test_a_step_in_each_row(tmp_path: Path):
    data = cs.load(written(tmp_path / "set.csv", long()))
    for each in data.everything:
        at = int(each.id.split()[0])
        np.testing.assert_array_equal(each.image, SIGNALS[at, : 12 - at % 2].astype(np.float32))
        assert each.label == LABELS[at]
    assert "recording=recording, time=time_ms, channels ax, ay, class=label, group=subject" in data.facts["found"]
    assert data.preprocessing.rate == 50


def test_recordings_that_each_subject_numbers_anew(tmp_path: Path):
    rows = [[int(row[0]) % 2, *row[1:]] if at else row for at, row in enumerate(long())]
    data = cs.load(written(tmp_path / "set.csv", rows))
    assert len(data) == 24 and {each.id.split(" of ")[0] for each in data.everything} == {
        f"P{at // 2} {at % 2}" for at in range(24)
    }


def test_a_file_for_each_row(tmp_path: Path):
    data = cs.load(written(tmp_path / "index.csv", index(tmp_path)).parent)
    np.testing.assert_array_equal([each.image for each in data.everything], SIGNALS.astype(np.float32))
    assert data.groups is not None and data.groups.tolist() == PEOPLE and data.preprocessing.rate == 2
    assert "path=file, class=class, time=time (s) left out, channels ax, ay, group=patient" in data.facts["found"]


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (4, "?", "row 3 of set.csv: t2 is missing ('?')"),
        (4, "nan", "row 3 of set.csv: t2 is missing ('nan')"),
        (5, "inf", "row 3 of set.csv: t3 is infinite ('inf')"),
        (5, "1_0", "row 3 of set.csv: t3 is no number ('1_0')"),
        (6, "0,5", "row 3: 0,5 has a decimal comma; write decimals with a point (0.5)"),
        (-1, " ", "no label in row 3 of set.csv"),
    ],
)
def test_what_is_wrong_in_a_row(tmp_path: Path, at: int, value: str, said: str):
    rows = wide()
    rows[2][at] = value
    path = written(tmp_path / "set.csv", rows, ";")
    assert said in refused(path)
    if at in (4, 5):
        assert len(cs.load(path, skip_bad=True)) == 23


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({(1, 5): "jump"}, "label changes within recording"),
        ({(1, 1): "noon"}, "row 2: expected a time in time_ms, a number or a date"),
        ({(1, 2): "x"}, "row 2: ax is no number ('x')"),
    ],
)
def test_what_is_wrong_in_a_step(tmp_path: Path, change: dict[tuple[int, int], str], said: str):
    rows = long()
    for (row, at), value in change.items():
        rows[row][at] = value
    assert said in refused(written(tmp_path / "set.csv", rows))


def test_two_steps_of_one_time(tmp_path: Path):
    rows = long()
    assert "have the same time_ms in recording" in refused(written(tmp_path / "set.csv", [*rows, rows[1]]))


def test_what_is_wrong_in_a_file(tmp_path: Path):
    rows = index(tmp_path)
    path = written(tmp_path / "index.csv", rows)
    three = tmp_path / "recordings/3.csv"
    text = three.read_text()
    three.write_text(text.replace("1.5,", "1.5,x"))
    assert "row 5: ax is no number ('x" in refused(path) and "(recordings/3.csv)" in refused(path)
    assert len(cs.load(path, skip_bad=True)) == 23
    three.write_text(text.replace("time (s),ax,ay", "time (s),ax,az"))
    assert "(recordings/3.csv): has the channels ax, az, most files ax, ay" in refused(path)
    assert len(cs.load(path, skip_bad=True)) == 23
    three.unlink()
    assert "no file for row 5 ('recordings/3.csv')" in refused(path)


def test_tables_of_texts_and_images_stay_what_they_are(tmp_path: Path):
    texts = [["text", "age", "label"], *[[f"some {at} words", at, LABELS[at]] for at in range(24)]]
    assert cs.load(written(tmp_path / "texts.csv", texts)).train.input.spec.kind == "text"
    for at in range(24):
        Image.fromarray(np.full((8, 8), at, np.uint8)).save(tmp_path / f"{at}.png")
    images = [["id", *T, "label"], *[[at, *SIGNALS[at, :, 0], LABELS[at]] for at in range(24)]]
    assert cs.load(written(tmp_path / "images.csv", images)).train.input.spec.kind == "image"


def test_what_is_read_to_be_answered(tmp_path: Path):
    table = written(tmp_path / "set.csv", [row[2:-1] for row in wide()])  # without labels
    found = signals_in(table, 1, 12)
    assert found is not None and len(found) == 24
    np.testing.assert_array_equal(found[2][1], SIGNALS[2, :, :1].astype(np.float32))
    index(tmp_path, 1)
    ((row, values, rate, _),) = signals_in(tmp_path / "recordings/0.csv", 2, 12) or []
    assert row == "" and rate == 2
    np.testing.assert_array_equal(values, SIGNALS[0].astype(np.float32))
    steps = signals_in(written(tmp_path / "long.csv", long()), 2, None)
    assert steps is not None and len(steps) == 24 and {rate for _, _, rate, _ in steps} == {50}


def test_an_index_of_wav_files_holds_a_speaker_out(tmp_path: Path):
    for at in range(24):
        rate = 16_000 if at % 4 == 3 else 8_000
        wavfile.write(tmp_path / f"{at}.wav", rate, SIGNALS[at].repeat(rate // 1_000, axis=0).astype(np.float32))
    rows = [["path", "label", "speaker"], *[[f"{at}.wav", LABELS[at], f"s{at // 4}"] for at in range(20)]]
    data = cs.load(written(tmp_path / "list.csv", rows))
    assert data.preprocessing.rate == 8_000 and "8,000 steps a second" in data.facts["found"]
    assert data.train.input.spec.shape == (96, 2) and "5 recordings of another rate" in codes(data)["resampled"]
    sides = [{*np.asarray(split.groups).tolist()} for split in data.splits]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 5
    assert (
        codes(data)["left-out"] == "the table does not name 4 recordings; left out (20.wav, 21.wav, 22.wav and 1 more)"
    )
