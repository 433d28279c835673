"""Tables of which nothing is called as what is learned: what they are read as, and which column may be meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

import convscope as cs


def steps_table(folder: Path) -> Path:
    """Write a table with a step of a recording in each row, whose class is called condition."""
    rows = [
        f"{trial},{step / 50},{np.sin(step * (1 + trial % 2)):.3f},{('run', 'walk')[trial % 2]}"
        for trial in range(40)
        for step in range(20)
    ]
    path = folder / "steps.csv"
    path.write_text("\n".join(["trial,time_s,acc,condition", *rows]) + "\n")
    return path


def wide_table(folder: Path) -> Path:
    rows = [",".join(f"{np.sin(t * (1 + k % 2)):.3f}" for t in range(12)) + f",{k % 2}" for k in range(40)]
    path = folder / "wide.csv"
    path.write_text("\n".join([",".join(f"t{t}" for t in range(12)) + ",outcome", *rows]) + "\n")
    return path


def index_table(folder: Path) -> Path:
    for k in range(40):
        wavfile.write(folder / f"r{k}.wav", 8000, np.sin(np.arange(80) * (0.2 + k % 2)).astype(np.float32))
    path = folder / "index.csv"
    path.write_text("\n".join(["path,mood", *(f"r{k}.wav,{('calm', 'loud')[k % 2]}" for k in range(40))]) + "\n")
    return path


def text_table(folder: Path) -> Path:
    path = folder / "texts.csv"
    path.write_text("\n".join(["text,mood", *(f"word {k},{('good', 'bad')[k % 2]}" for k in range(40))]) + "\n")
    return path


@pytest.mark.parametrize(
    ("write", "read_as", "column"),
    [
        (steps_table, r"signals \(a step a row: recording=trial, time=time_s\)", r"condition \(run, walk\)"),
        (wide_table, r"signals \(a row each: 12 steps in the columns t0 to t11\)", r"outcome \(0, 1\)"),
        (index_table, r"recordings in files \(path=path\)", r"mood \(calm, loud\)"),
        (text_table, r"texts", r"mood \(good, bad\)"),
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["file", "folder"])
def test_the_column_that_may_be_meant_is_named_and_then_taken(tmp_path: Path, write, read_as, column, whole):
    path = write(tmp_path)
    wanted = rf"is read as a table of {read_as}, .*label, target, class.*such as --label-column {column}$"
    if not (whole and write is text_table):  # beside nothing else a folder of one is read alike
        with pytest.raises(cs.DataError, match=wanted):
            cs.load(tmp_path if whole else path)
    name = column.partition(" ")[0]
    assert len(cs.load(tmp_path if whole else path, label_column=name).everything) == 40


def test_a_column_of_measurements_is_not_named(tmp_path: Path):
    path = steps_table(tmp_path)
    path.write_text(path.read_text().replace("condition", "acc_y").replace("run", "0.5").replace("walk", "1.5"))
    with pytest.raises(cs.DataError, match=r"with --label-column$"):
        cs.load(path)
