"""Several labels of one image: lists and columns of 0 and 1, however they are written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.errors import DataError

SETS = [["rust", "scab"], [], ["rust"], ["it's", "scab"]] * 6
NAMES = ("it's", "rust", "scab")


def quoted(labels: list[str]) -> str:
    return str(labels).replace('"', '""')


WRITTEN = {
    "python.csv": lambda: "image,label\n" + "".join(f'{i}.png,"{quoted(each)}"\n' for i, each in enumerate(SETS)),
    "bare.csv": lambda: "image,label\n" + "".join(f'{i}.png,"[{", ".join(each)}]"\n' for i, each in enumerate(SETS)),
    "bars.csv": lambda: "image,label\n" + "".join(f"{i}.png,{'|'.join(each)}\n" for i, each in enumerate(SETS)),
    "columns.csv": lambda: (
        "image,it's,rust,scab\n"
        + "".join(f"{i}.png,{','.join(str(int(name in each)) for name in NAMES)}\n" for i, each in enumerate(SETS))
    ),
    "lines.jsonl": lambda: "".join(
        json.dumps({"image": f"{i}.png", "label": each}) + "\n" for i, each in enumerate(SETS)
    ),
}


@pytest.fixture(autouse=True)
def images(tmp_path):
    for i in range(len(SETS)):
        Image.fromarray(np.full((8, 8), 10 * i, np.uint8)).save(tmp_path / f"{i}.png")


@pytest.mark.parametrize("name", WRITTEN)
def test_sets_of_labels_are_read(tmp_path, name):
    (tmp_path / name).write_text(WRITTEN[name]())
    data = cs.load(tmp_path / name, task="multilabel" if name == "bars.csv" else None)
    spec = data.columns[data.targets[0]].spec
    assert (spec.kind, spec.names) == ("multilabel", NAMES)
    wanted = [[int(label in SETS[int(i.removesuffix(".png"))]) for label in NAMES] for i in data.everything.ids]
    assert data.everything.target.tolist() == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"image": "0.png", "label": ["a", "b"]}\n{"image": "1.png", "label": [["c"], "d"]}\n', "row 2: label"),
        (
            "".join(f'{{"image": "{k}.png", "tags": ["a", "b"]}}\n' for k in range(22))
            + '{"image": "22.png", "tags": "a"}',
            r"row 23: tags: expected a list",
        ),
        ('{"image": "0.png", "label": []}\n{"image": "1.png", "label": []}\n', "names no label"),
    ],
)
def test_what_is_no_set_of_labels_is_named(tmp_path, text, why):
    (tmp_path / "t.jsonl").write_text(text)
    with pytest.raises(DataError, match=why):
        cs.load(tmp_path / "t.jsonl")


def test_a_column_of_lists_of_words_is_found_by_what_it_holds(tmp_path):
    lines = [json.dumps({"image": f"{i}.png", "tags": each, "box": [1, i, 3]}) for i, each in enumerate(SETS)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    data = cs.load(tmp_path / "t.jsonl")
    assert data.columns[data.targets[0]].spec.names == NAMES


def test_columns_of_flags_are_labels_where_they_are_named(tmp_path):
    rows = "".join(f"{i}.png,{i % 2},{i % 3 // 2},{i / 7}\n" for i in range(24))
    (tmp_path / "t.csv").write_text(f"image,rust,scab,age\n{rows}")
    with pytest.raises(DataError, match=r"rust holds 2 whole numbers.*--label-column age"):
        cs.load(tmp_path / "t.csv")
    data = cs.load(tmp_path / "t.csv", label_column="rust,scab")
    assert data.target_kind == "multilabel"


def test_an_empty_cell_beside_zeros_is_told(tmp_path):
    rows = "".join(f"{i}.png,{'' if i == 3 else i % 2},{i % 3 // 2}\n" for i in range(24))
    (tmp_path / "t.csv").write_text(f"image,rust,scab\n{rows}")
    (told,) = [notice for notice in cs.load(tmp_path / "t.csv").warnings if notice.code == "empty-labels"]
    assert told.examples == ("row 5: rust",)


@pytest.mark.parametrize(
    ("cells", "code", "said"),
    [
        (["Rust|scab", "rust"], "spelling", "1 label has several spellings (Rust = rust)"),
        (["rust,scab", "rust;mildew"], "undivided-labels", "label is divided at ';', and 1 label holds ',' too"),
        (["a|b", "b;c"], "undivided-labels", "label is divided at '|', and 1 label holds ';' too (b;c)"),
    ],
)
def test_labels_that_are_hardly_two_are_told(tmp_path, cells, code, said):
    lines = "".join(f'{i}.png,"{cells[i % 2]}"\n' for i in range(len(SETS)))
    (tmp_path / "t.csv").write_text("image,label\n" + lines)
    told = {notice.code: notice.text for notice in cs.load(tmp_path / "t.csv", task="multilabel").warnings}
    assert said in told[code]
