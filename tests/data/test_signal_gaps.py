"""Values that are missing within signals: refused, left out, or filled, as is asked; and what else is no number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.data.gaps import filled

RANDOM = np.random.default_rng(6)
SIGNALS = np.round(np.cumsum(RANDOM.normal(size=(24, 12)), axis=1), 3)


def ucr(cell: str) -> tuple[str, str]:
    rows = [[str(1 + at % 2), *map(str, x)] for at, x in enumerate(SIGNALS)]
    rows[3][5] = cell
    return "set.txt", "\n".join(map(" ".join, rows))


def wide(cell: str) -> tuple[str, str]:
    rows = [["label", *(f"t{k}" for k in range(12))], *[["ab"[at % 2], *map(str, x)] for at, x in enumerate(SIGNALS)]]
    rows[4][5] = cell
    return "set.csv", "\n".join(map(";".join, rows))


def long(cell: str) -> tuple[str, str]:
    rows = [[str(at), str(k), str(v), "ab"[at % 2]] for at, x in enumerate(SIGNALS) for k, v in enumerate(x)]
    rows[3 * 12 + 4][2] = cell
    return "set.csv", "\n".join(map(";".join, [["trial", "time", "value", "label"], *rows]))


def ts(cell: str) -> tuple[str, str]:
    rows = [[*map(str, x)] for x in SIGNALS]
    rows[3][4] = cell
    lines = [f"{','.join(row)}:{'ab'[at % 2]}" for at, row in enumerate(rows)]
    return "set.ts", "\n".join(["@classLabel true a b", "@data", *lines])


@pytest.mark.parametrize("form", [ucr, wide, long, ts])
@pytest.mark.parametrize("cell", ["?", "NaN", "inf"])
def test_a_gap_is_refused_left_out_or_filled(tmp_path: Path, form, cell: str):
    name, text = form(cell)
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(cs.DataError, match=r"(is missing|is infinite) \('.*--nodata nan fills.*--skip-bad"):
        cs.load(path)
    assert len(cs.load(path, skip_bad=True)) == 23
    data = cs.load(path, nodata=float("nan"))
    expected = SIGNALS.astype(np.float32)
    expected[3, 4] = (expected[3, 3] + expected[3, 5]) / 2
    np.testing.assert_allclose([each.image[:, 0] for each in data.everything], expected, rtol=1e-6)
    told = {notice.code: notice.text for notice in data.warnings}
    assert "1 value missing or infinite in 1 signal" in told["filled"]
    stored = data.preprocessing.store(np.where(np.arange(12) == 4, np.nan, SIGNALS[3]))
    np.testing.assert_allclose(stored.values[:, 0], expected[3], rtol=1e-6)


@pytest.mark.parametrize("form", [ucr, wide, long, ts])
def test_words_are_never_filled(tmp_path: Path, form):
    name, text = form("oops")
    (tmp_path / name).write_text(text)
    with pytest.raises(cs.DataError, match=r"is no number \('oops'\)"):
        cs.load(tmp_path / name, nodata=float("nan"))


def test_other_marks_of_no_data_are_refused(tmp_path: Path):
    name, text = ucr("-9999")
    (tmp_path / name).write_text(text)
    with pytest.raises(cs.ConfigError, match="write so in place of -9999"):
        cs.load(tmp_path / name, nodata=-9999)


def test_ends_and_channels_without_values():
    signal = np.array([[np.nan, np.nan, 1], [2, np.nan, np.inf], [np.nan, np.nan, 3]], np.float32)
    np.testing.assert_array_equal(filled(signal), [[2, 0, 1], [2, 0, 2], [2, 0, 3]])
    assert np.isnan(signal[0, 0])  # what was given stays


def test_a_class_that_training_lacks_is_told(tmp_path: Path):
    header = ["label", "split", *(f"t{k}" for k in range(12))]
    rows = [["ab"[at % 2], "train" if at < 16 else "test", *map(str, x)] for at, x in enumerate(SIGNALS)]
    for row in rows[:16]:
        row[0] = "a" if row[0] == "a" else "c"
    (tmp_path / "set.csv").write_text("\n".join(map(",".join, [header, *rows])))
    told = " ".join(notice.text for notice in cs.load(tmp_path / "set.csv").warnings)
    assert "b" in told and "train" in told


@pytest.mark.parametrize("form", [ucr, wide, long, ts])
def test_a_number_that_32_bits_cannot_hold_is_refused(tmp_path: Path, form):
    name, text = form("1e300")
    (tmp_path / name).write_text(text)
    with pytest.raises(cs.DataError, match=r"is too large \('1e300'\).*--nodata nan fills"):
        cs.load(tmp_path / name)
    assert len(cs.load(tmp_path / name, skip_bad=True)) == 23


def test_filling_is_offered_for_gaps_alone(tmp_path: Path):
    name, text = ucr("oops")
    (tmp_path / name).write_text(text)
    with pytest.raises(cs.DataError, match=r"is no number \('oops'\); correct them"):
        cs.load(tmp_path / name)
