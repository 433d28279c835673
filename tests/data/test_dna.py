"""Texts that are DNA: told by their letters, one form, equal ones together, near-equal ones told, others refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope as cs
from convscope.data.decode.encoded import Unreadable
from convscope.data.transforms.text import text_of
from convscope.models import create

RNG = np.random.default_rng(3)
LENGTH = 30


def sequences(n: int = 90) -> list[list[str]]:
    made = ["".join(RNG.choice(list("ACGT"), LENGTH)) for _ in range(n)]
    return [[text, "site" if text[14] in "AC" else "other"] for text in made]


def load(path: Path, rows: list[list[str]], **options: Any) -> cs.Data:
    path.write_text("\n".join(["sequence,label", *map(",".join, rows)]) + "\n")
    return cs.load(path, **options)


def told(data: cs.Data) -> dict[str, str]:
    return {notice.code: notice.text for notice in data.warnings}


def test_case_and_u_are_one_form(tmp_path: Path):
    rows = sequences()
    plain = load(tmp_path / "d.csv", rows)
    assert plain.facts["sequences"] == "90 of 30 letters each" and plain.facts["characters"].startswith("DNA: A, C, G")
    folded = [[rows[0][0].lower(), rows[0][1]], [rows[1][0].replace("T", "U"), rows[1][1]], *rows[2:]]
    data = load(tmp_path / "u.csv", folded)
    assert [text_of(e.image) for e in data.everything] == [row[0] for row in rows]
    assert told(data)["u-as-t"] == "1 sequence with U, which is read as T"
    rule = data.preprocessing
    assert rule.input.vocabulary == 17 and rule.input.space == (LENGTH,)
    assert text_of(rule.store("acgun" * 6).values) == "ACGTN" * 6
    with pytest.raises(Unreadable, match="'X' at letter 3, which is none of DNA's"):
        rule.store("ACXGT" * 6)
    with pytest.raises(Unreadable, match="29 letters; this network takes sequences of 30"):
        rule.store("A" * 29)


def test_a_letter_that_is_no_base_is_refused_with_its_place(tmp_path: Path):
    rows = sequences()
    rows[7][0] = rows[7][0][:4] + "x" + rows[7][0][5:]
    with pytest.raises(cs.DataError, match=r"1 sequence of 90 .*row 9 of d\.csv: 'X' at letter 5.*--tokens characters"):
        load(tmp_path / "d.csv", rows)
    assert not load(tmp_path / "d.csv", rows, tokens="characters").preprocessing.dna


def test_words_are_no_dna(tmp_path: Path):
    rows = [["CAT GAG", "a"], ["TAMARA", "b"]] * 20
    words = [[f"{text}{'CATG'[k % 4]}", label] for k, (text, label) in enumerate(rows)]
    assert not load(tmp_path / "w.csv", words).preprocessing.dna


def test_equal_sequences_stay_in_one_split(tmp_path: Path):
    rows = sequences()
    rows += [list(row) for row in rows[:30]]
    data = load(tmp_path / "d.csv", rows)
    split = np.empty(len(data), object)
    for each in data.splits:
        split[each.rows] = each.name
    assert (split[:30] == split[90:]).all()
    assert told(data)["equal-sequences"].startswith("30 sequences repeat another: equal ones are one group")
    assert not any(code.startswith("duplicates-test") for code in told(data))
    free = load(tmp_path / "d.csv", rows, group="none")
    assert free.groups is None and "duplicates-test-train" in told(free)
    folds = load(tmp_path / "d.csv", rows, folds=3, fold=2)
    assert folds.test is not None
    groups = [set(part.groups) - {""} for part in (folds.test, folds.train)]
    assert groups[0] and not groups[0] & groups[1]


def test_near_equal_sequences_are_told(tmp_path: Path):
    rows = sequences()
    near = [[row[0][:-1] + ("A" if row[0][-1] != "A" else "C"), row[1]] for row in rows[:30]]
    codes = told(load(tmp_path / "d.csv", rows + near))
    assert "near-equal-test-train" in codes and "80% of their words of 12 letters" in codes["near-equal-test-train"]
    assert not any(code.startswith("near-equal") for code in told(load(tmp_path / "e.csv", rows)))


def test_a_network_for_dna_is_for_dna_alone():
    with pytest.raises(cs.ConfigError, match="takes DNA, sequences of IUPAC's letters"):
        create("conv_dna", classes=2, vocabulary=24)
