"""Tables of texts are read as they stand: nothing in them is missing, no row is lost, and what is odd is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.data.columns import RaggedBatch
from convscope.data.decode.encoded import Unreadable
from convscope.data.transforms.text import PADDING, UNKNOWN, TextTransform, points_of, text_of

NAMES = {
    "male": ["ANTONIO", "JOSE", "MANUEL", "FRANCISCO", "DAVID", "JUAN", "NA", "NAN", "TUCO", "LUIS"],
    "female": ["MARIA", "CARMEN", "ANA", "ISABEL", "LAURA", "CRISTINA", "MARTA", "LUCIA", "SARA", "ELENA"],
}


def table(path: Path, rows: list[tuple[str, ...]], separator: str = ",") -> Path:
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n", encoding="utf-8")
    return path


def class_tables(folder: Path, repeats: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    for sex, names in NAMES.items():
        rows = [(f"{name} {k}" if k else name, str(k)) for k in range(repeats) for name in names]
        table(folder / f"{sex}_names.csv", [("name", "frequency"), *rows])
    return folder


def texts(data: cs.Data) -> list[str]:
    return [text_of(example.image) for example in data.everything]


def codes(data: cs.Data) -> set[str]:
    return {notice.code for notice in data.warnings}


def test_a_table_a_class_keeps_every_row(tmp_path: Path):
    data = cs.load(class_tables(tmp_path / "names"))
    assert data.classes == ("female", "male")
    assert texts(data) == NAMES["female"] + NAMES["male"]  # "NA" and "NAN" are names
    assert data.labels.tolist() == [0] * 10 + [1] * 10
    assert {"train", "valid", "test"} == {split.name for split in data.splits}
    assert "tables female_names.csv, male_names.csv (columns text=name, class=the table" in data.facts["found"]
    assert data.facts["texts"] == "20, 2 to 9 characters, 5 in the middle"
    assert "frequency" in next(n.text for n in data.warnings if n.code == "unused-columns")


def test_a_table_with_labels_and_its_split_column(tmp_path: Path):
    kinds = (("good {}", "yes"), ("bad, {}", "no"), ("so-so {}", "no"), ("fine {}", "yes"))
    rows = [(text.format(split), label, split) for split in ("train", "valid", "test") for text, label in kinds]
    data = cs.load(table(tmp_path / "reviews.tsv", [("text", "label", "split"), *rows], "\t"))
    assert texts(data) == [row[0] for row in rows]
    assert [len(split) for split in data.splits] == [4, 4, 4]
    assert data.facts["splits"] == "train 4, valid 4, test 4 (train, valid and test as given)"
    assert text_of(data.test[1].image) == "bad, test" and data.test[1].label == "no"


def test_a_table_a_split(tmp_path: Path):
    for split in ("train", "test"):
        rows = [(f"{word} {split} {k}", word) for word in "ab" for k in range(5)]
        table(tmp_path / f"{split}.csv", [("sentence", "target"), *rows])
    data = cs.load(tmp_path)
    assert data.test is not None and sorted(texts(data)[i] for i in data.test.rows) == sorted(
        f"{w} test {k}" for w in "ab" for k in range(5)
    )


def test_numbers_are_learned_and_json_lines_are_read(tmp_path: Path):
    lines = [f'{{"text": "word {"x" * k}", "age": {20 + k}.5}}' for k in range(30)]
    (tmp_path / "ages.jsonl").write_text("\n".join(lines))
    data = cs.load(tmp_path / "ages.jsonl", label_column="age", task="regression")
    assert data.target_kind == "number" and data.train.target.min() >= 20.5
    assert texts(data)[3] == "word xxx"


def test_what_holds_no_text_is_refused_with_its_row(tmp_path: Path):
    path = table(tmp_path / "t.csv", [("text", "label"), ("one", "a"), ("   ", "b"), ("three", "a")])
    with pytest.raises(cs.DataError, match=r"t\.csv: no text in row 3 of t\.csv; fill it in or remove the row"):
        cs.load(path)
    path = table(tmp_path / "u.csv", [("text", "label"), ("one", "a"), ("two", "")])
    with pytest.raises(cs.DataError, match=r"u\.csv: no label in row 3"):
        cs.load(path)
    path = table(tmp_path / "w.csv", [("text", "remark"), ("one", ""), ("two", "")])
    with pytest.raises(cs.DataError, match="no label column"):
        cs.load(path)


def test_repeated_texts_and_those_of_two_classes_are_told(tmp_path: Path):
    rows = [("twice", "a"), ("twice", "b"), *((f"{c} {k}", c) for c in "ab" for k in range(24))]
    data = cs.load(table(tmp_path / "t.csv", [("text", "label"), *rows]))
    (notice,) = (n for n in data.warnings if n.code == "conflicting-labels")
    assert "1 text has more than one label: no network can get all of them right, and none more than 98.00%" in (
        notice.text
    )
    assert notice.examples == ("3 of t.csv (b) = 2 of t.csv (a)",) or notice.examples == (
        "2 of t.csv (a) = 3 of t.csv (b)",
    )


def test_characters_that_training_does_not_have_are_told(tmp_path: Path):
    rows = [(f"{'ab'[k % 2]} {k}", "ab"[k % 2], "train" if k < 20 else "test") for k in range(30)]
    rows[25] = ("ж 25", "a", "test")
    rows[2] = ("a é 2", "a", "valid")
    rows[3] = ("b 3", "b", "valid")
    data = cs.load(table(tmp_path / "t.csv", [("text", "label", "split"), *rows]))
    told = {n.code: n.text for n in data.warnings}
    assert "1 test text of 10 with characters that no training text has ('ж')" in told["unknown-test"]
    assert "('é')" in told["unknown-valid"]


def fitted(*known: str) -> TextTransform:
    from convscope.data.sequences.texts import text_column

    return TextTransform.fitted(text_column(known), np.arange(len(known)))


def test_new_texts_are_read_in_the_case_of_the_training_texts():
    upper = fitted("ANA", "LUZ ELENA")
    assert (upper.case, upper.underscores) == ("upper", True)
    assert upper.read("luz_elena") == "LUZ ELENA"
    lower = fitted("ana_maria", "luz elena")
    assert (lower.case, lower.underscores) == ("lower", False)
    assert lower.read("ANA_MARIA") == "ana_maria"
    both, digits = fitted("Ana"), fitted("12 3")
    assert (both.case, both.read("ANA"), digits.case) == ("", "ANA", "")
    assert fitted("mañana").read("man\u0303ana") == "mañana"  # one Unicode form


def test_tokens_padding_and_unknown_characters():
    rule = fitted("abc")
    batch = RaggedBatch.of([points_of(text) for text in ("cab", "x", "ba")])
    tokens = rule.tensor(batch)
    assert tokens.tolist() == [[4, 2, 3], [UNKNOWN, PADDING, PADDING], [3, 2, PADDING]]
    assert rule.undo(tokens)[0].tolist() == points_of("cab").tolist()
    assert text_of(rule.undo(tokens)[1]) == "\ufffd"
    assert rule.input.vocabulary == 5 and rule.input.shape == (None,)
    stored = rule.store("bad")
    assert text_of(stored.values) == "bad" and "1 character not in the training texts: d" in stored.note
    assert TextTransform.from_dict({k: v for k, v in rule.to_dict().items() if k != "kind"}) == rule
    with pytest.raises(Unreadable, match="is empty"):
        rule.store("")
    with pytest.raises(ValueError, match="sorted"):
        TextTransform("ba")


def test_a_network_is_given_a_split_of_texts_in_batches(tmp_path: Path):
    data = cs.load(class_tables(tmp_path / "names", repeats=3))
    rows = data.train.input.take(np.arange(4))
    assert isinstance(rows, RaggedBatch)
    tokens = data.preprocessing.tensor(rows)
    assert tokens.shape == (4, rows.lengths.max())
    assert [(row != PADDING).sum().item() for row in tokens] == rows.lengths.tolist()
