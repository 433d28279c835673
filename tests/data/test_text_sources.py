"""Texts in FASTA, in files, and in UCI's rows; what is no text is refused with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope as cs
from convscope.data.transforms.text import text_of

EI, N = "ACGTTGCAACGTAACC", "GGTTAACCGGTTAACA"


def texts(data: cs.Data) -> list[str]:
    return [text_of(example.image) for example in data.everything]


def sequences(count: int, base: str) -> list[str]:
    rng = np.random.default_rng(len(base) + ord(base[0]))
    return ["".join(rng.permutation([*base])) for _ in range(count)]


def fasta(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f">{header}\n{text[:7]}\n{text[7:]}\n\n" for header, text in rows))
    return path


def test_a_fasta_file_a_class_with_records_over_several_lines(tmp_path: Path):
    rows = {"EI": sequences(12, EI), "N": sequences(12, N)}
    for label, each in rows.items():
        fasta(tmp_path / f"{label}.fasta", [(f"{label}{k}", text.lower()) for k, text in enumerate(each)])
    data = cs.load(tmp_path)
    assert data.classes == ("EI", "N") and texts(data) == rows["EI"] + rows["N"]
    assert data.ids[0] == "EI0" and "class=the file" in data.facts["found"]
    assert "small-letters" in {notice.code for notice in data.warnings}


@pytest.mark.parametrize("header", ["{n} label={c}", "{n}|{c}", "{n} {c}", "{n} [class={c}] more"])
def test_a_class_in_the_header(tmp_path: Path, header: str):
    rows = [(header.format(n=f"s{k}", c="ab"[k % 2]), text) for k, text in enumerate(sequences(24, EI))]
    data = cs.load(fasta(tmp_path / "all.fa", rows))
    assert data.classes == ("a", "b") and data.labels.tolist() == [0, 1] * 12


def test_a_damaged_fasta_file_is_refused_with_its_line(tmp_path: Path):
    for text, said in (
        ("ACGT\n>a\nACGT\n", r"x\.fa line 1: expected a header"),
        (">a\nACGT\n>b\n>c\nAC\n", r"x\.fa line 3: no sequence below >b"),
        (">a\nACGT\n>b\nAC\n", r"nothing tells the classes of its 2 sequences"),
    ):
        (tmp_path / "x.fa").write_text(text)
        with pytest.raises(cs.DataError, match=said):
            cs.load(tmp_path / "x.fa")
    rows = [(f"s{k} label={k % 2}", text) for k, text in enumerate(sequences(40, EI))]
    rows[3] = ("s3 label=1", "ACGTACGTACGJACGT")
    with pytest.raises(cs.DataError, match=r"line 15 of y\.fa: 'J' at letter 12"):
        cs.load(fasta(tmp_path / "y.fa", rows))
    (tmp_path / "y.fa").write_bytes(b">a x\nAC\0T\n")
    with pytest.raises(cs.DataError, match=r"y\.fa line 2: not UTF-8 text"):
        cs.load(tmp_path / "y.fa")


def test_rows_of_class_name_and_sequence(tmp_path: Path):
    rows = [f"{'EI' if k % 2 else 'N'},D-{k},      {text}" for k, text in enumerate(sequences(24, EI))]
    path = tmp_path / "splice.data"
    path.write_text("\n".join(rows))
    data = cs.load(path)
    assert data.classes == ("EI", "N") and data.ids[2] == "D-2" and len(texts(data)[0]) == 16
    path.write_text("\n".join([*rows, "EI,lost"]))
    with pytest.raises(cs.DataError, match=r"splice\.data row 25: expected class,name,sequence, found 'EI,lost'"):
        cs.load(path)


def test_a_folder_of_text_files_a_class_below_splits(tmp_path: Path):
    for split in ("train", "test"):
        for label in ("pos", "neg"):
            folder = tmp_path / split / label
            folder.mkdir(parents=True)
            for k in range(8):
                (folder / f"{k}.txt").write_text(f"a {label} text\nof {split} {k}\n")
    data = cs.load(tmp_path)
    assert data.classes == ("neg", "pos") and data.test is not None and len(data.test) == 16
    assert text_of(data.test[0].image) == "a neg text\nof test 0" and data.test[0].id == "test/neg/0.txt"
    (tmp_path / "test/pos/3.txt").write_text("")
    with pytest.raises(cs.DataError, match=r"test/pos/3\.txt: is empty"):
        cs.load(tmp_path)


def test_a_text_file_a_class_has_a_text_a_line(tmp_path: Path):
    for label in ("pos", "neg"):
        (tmp_path / f"{label}.txt").write_text("\n".join(f"a {label} line {k}" for k in range(12)) + "\n\n")
    (tmp_path / "README.txt").write_text("nothing")
    data = cs.load(tmp_path)
    assert data.classes == ("neg", "pos") and len(data) == 24 and data.ids[1] == "2 of neg.txt"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b"ana,a\njos\xe9,b\n", r"byte 20 \(row 3, as Latin-1 'jos\xe9,b'\); save it as UTF-8"),
        (b"ana,a\njo\0s,b\n", r"row 3: not UTF-8 text, but perhaps UTF-16"),
        (b"ana,a\n,b\n", r"no name in row 3"),
        (b"ana,a\nluz,a\n", r"found 2 texts of one class only \(a\)"),
        (b"1.5,a\n2.5,b\n", r"expected texts in name, found nothing but numbers \(row 2 of t\.csv: 1\.5"),
    ],
)
def test_what_is_no_text_is_refused_with_its_row(tmp_path: Path, rows: bytes, said: str):
    (tmp_path / "t.csv").write_bytes(b"name,label\n" + rows)
    with pytest.raises(cs.DataError, match=said):
        cs.load(tmp_path / "t.csv")


def test_equal_texts_are_kept_together_if_asked(tmp_path: Path):
    rows = [f"name {k % 40},{'ab'[k % 2]}" for k in range(120)]
    (tmp_path / "t.csv").write_text("\n".join(["name,label", *rows]))
    by_row = cs.load(tmp_path / "t.csv")
    told = {notice.code: notice.text for notice in by_row.warnings}
    assert "test texts stand in train, too, 0 of them with another label only" in told["equal-texts-test"]
    by_text = cs.load(tmp_path / "t.csv", group="text")
    held = {split.name: {text_of(example.image) for example in split} for split in by_text.splits}
    assert not held["train"] & held["test"] and not held["train"] & held["valid"] and not held["valid"] & held["test"]
    assert not any(notice.code.startswith("equal-texts") for notice in by_text.warnings)
    assert "by group" in by_text.facts["splits"]


def test_equal_sequences_stay_together_beside_other_groups(tmp_path: Path):
    base = sequences(30, EI)
    rows = [f"{text},{'ab'[k % 2]},p{k}{again}" for again in "xy" for k, text in enumerate(base)]
    rows += [f"{text},{'ab'[k % 2]},p0x" for k, text in enumerate(sequences(4, N))]
    (tmp_path / "t.csv").write_text("\n".join(["sequence,label,patient", *rows]))
    data = cs.load(tmp_path / "t.csv")
    where = {name: set(rows.tolist()) for name, rows in data.rows.items() if name != "all"}
    for a, b in [*((k, 30 + k) for k in range(30)), (0, 60), (30, 63)]:
        assert any({a, b} <= rows for rows in where.values())


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"img_size": 32}, "--img-size 32: for images"),
        ({"as_": "logmel"}, "--as logmel: for signals"),
        ({"window": 64}, "--window 64: for signals"),
    ],
)
def test_an_option_of_other_inputs_is_refused(tmp_path: Path, option: dict[str, Any], said: str):
    (tmp_path / "set.csv").write_text("name,label\n" + "".join(f"ana{k},{'ab'[k % 2]}\n" for k in range(20)))
    with pytest.raises(cs.ConfigError, match=f"{said}, and this set is read as table set.csv"):
        cs.load(tmp_path / "set.csv", **option)
