"""Tables: which columns count, how rows find their files, and what is wrong with them, by row."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from pictures import put

from convscope.data.detect import sniff
from convscope.data.sources.columns import Columns
from convscope.errors import DataError
from real_data import real_data


def table(
    root: Path, *lines: str, name: str = "labels.csv", images: tuple[str, ...] = ("a.png", "b.png", "c.png")
) -> Path:
    for seed, image in enumerate(images):
        put(root / image, seed=seed)
    (root / name).write_text("\n".join(lines), "utf-8")
    return root


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        sniff(path, path)
    return str(caught.value)


def test_all_columns(tmp_path):
    table(
        tmp_path,
        "file_name,label,split,patient,age",
        "a.png,cat,train,p1,3",
        "b.png,dog,val,p2,4",
        "c.png,cat,,p1,5",
    )
    listing = sniff(tmp_path, tmp_path)
    assert listing.kind == "table labels.csv (columns image=file_name, class=label, split=split, group=patient)"
    assert listing.ids.tolist() == ["a.png", "b.png", "c.png"]
    assert listing.labels.tolist() == [0, 1, 0]
    assert listing.split.tolist() == ["train", "valid", ""]
    assert listing.groups is not None and listing.groups.tolist() == ["p1", "p2", "p1"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("t.csv", ["image;target", "a.png;1.0", "b.png;0.0"]),
        ("t.tsv", ["Image\tTarget", "a.png\t1", "b.png\t0"]),
        ("t.jsonl", ['{"image": "a.png", "target": 1}', "", '{"image": "b.png", "target": 0}']),
        ("t.csv", ["\ufeffimage,target", '"a.png",1', "b.png,0"]),
        ("t.csv", ["image|target", "a.png|1", "b.png|0"]),
        ("t.csv", ["image, target", '"a.png", "1"', '"b.png", "0"']),
        ("t.csv", ["sep=;", "image;target", "a.png;1", "b.png;0"]),
        ("t.csv", ["", " , ", "image,target", "a.png,1", " , ", "b.png,0", ",", ""]),
    ],
    ids=["semicolons", "tabs", "json", "bom", "bars", "spaces", "told", "blank lines"],
)
def test_ways_to_write_a_table(tmp_path, name, lines):
    table(tmp_path, *lines, name=name, images=("a.png", "b.png"))
    listing = sniff(tmp_path / name, tmp_path)
    assert listing.classes == ("0", "1")
    assert listing.labels.tolist() == [1, 0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_tables_as_spreadsheets_write_unicode_text(tmp_path, encoding):
    table(tmp_path, images=("a.png", "b.png"))
    text = "image\tlabel\na.png\tcaf\u00e9\nb.png\ttea\n"
    (tmp_path / "labels.csv").write_bytes(
        ("" if encoding == "utf-16" else "\ufeff").encode(encoding) + text.encode(encoding)
    )
    assert sniff(tmp_path / "labels.csv", tmp_path).classes == ("caf\u00e9", "tea")
    (tmp_path / "labels.csv").write_bytes(text.encode("utf-16-le"))
    assert "labels.csv: not UTF-8 text" in refused(tmp_path / "labels.csv")


def test_rows_are_counted_as_lines_of_the_file(tmp_path):
    table(tmp_path, "sep=,", "", "image,label", "a.png,x", ",", "b.png,")
    assert "no label in row 6" in refused(tmp_path / "labels.csv")


def test_a_table_without_a_header(tmp_path):
    table(tmp_path, "a.png,x", "b.png,y")
    assert refused(tmp_path / "labels.csv").endswith(
        "the first line holds a.png: put a line that names the columns above it"
    )


def test_files_are_found_by_path_name_and_stem(tmp_path):
    table(
        tmp_path,
        "id,label",
        "a,x",
        "deep/b.png,x",
        r"C:\old\two\c.png,y",
        "d.png,y",
        images=("one/a.jpg", "deep/b.png", "b.png", "one/c.png", "two/c.png", "x/y/d.png"),
    )
    listing = sniff(tmp_path, tmp_path)
    assert listing.ids.tolist() == ["one/a.jpg", "deep/b.png", "two/c.png", "x/y/d.png"]
    assert [notice.text for notice in listing.notices] == [
        "the table does not name 2 images; left out (b.png, one/c.png)"
    ]


def test_words_beat_numbers_where_both_say_the_same(tmp_path):
    table(tmp_path, "id,class,label", "a,cat,0", "b,dog,1", "c,cat,0")
    listing = sniff(tmp_path, tmp_path)
    assert listing.classes == ("cat", "dog")
    assert listing.kind == "table labels.csv (columns image=id, class=class; label numbers the same classes)"
    assert not listing.notices


def test_two_labels_that_differ(tmp_path):
    table(tmp_path, "id,class,label", "a,cat,0", "b,dog,1", "c,cat,1")
    listing = sniff(tmp_path, tmp_path)
    assert listing.classes == ("0", "1")
    assert listing.kind.endswith("(columns image=id, class=label; class says something else and is not used)")


def test_table_in_a_zip(tmp_path):
    table(tmp_path / "set", "id,label", "a,x", "b,y")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in (tmp_path / "set").iterdir():
            archive.write(path, f"wrapped/{path.name}")
    listing = sniff(tmp_path / "set.zip", tmp_path)
    assert listing.ids.tolist() == ["wrapped/a.png", "wrapped/b.png"]


def test_a_table_without_label_lists_its_columns(tmp_path):
    table(tmp_path, "image,left,right", "a.png,up,down")
    message = refused(tmp_path)
    assert "no label column (one of label, target, class)" in message and "columns: image, left, right;" in message
    assert message.endswith("--label-column")  # neither repeats: none is named as the likely one


def test_a_table_without_images_lists_its_columns(tmp_path):
    table(tmp_path, "height,label", "a.png,1")
    message = refused(tmp_path / "labels.csv")
    assert "image, path, file_name" in message and "its columns: height, label;" in message
    assert "--image-column" in message and "--text-column" in message


def test_a_table_of_text_is_not_mistaken_for_images(tmp_path):
    (tmp_path / "t.csv").write_text("name,sequence,label\nx,ACGT,1\ny,TGCA,2\n")
    assert sniff(tmp_path, tmp_path).kind == "table t.csv (columns text=sequence, class=label)"


def test_missing_files_by_row(tmp_path):
    """They are told apart from the rest, and whether to go on without them is not for the table to say."""
    rows = ("gone.png,y,1", "a.png,x,2", "lost.png,y,3", "b.png,y,4", "c.png,y,2")
    table(tmp_path, "image,label,group", *rows)
    listing = sniff(tmp_path, tmp_path)
    assert listing.ids.tolist() == ["a.png", "b.png", "c.png"] and listing.labels.tolist() == [0, 1, 1]
    assert listing.groups is not None and listing.groups.tolist() == ["2", "4", "2"]
    assert listing.absent is not None and listing.absent.examples == ("2 ('gone.png')", "4 ('lost.png')")
    assert listing.absent.text == (
        f"{tmp_path}/labels.csv: no file among 3 images for rows 2 ('gone.png'), 4 ('lost.png')"
    )


def test_no_file_at_all(tmp_path):
    table(tmp_path, "image,label", "gone.png,x", "lost.png,y")
    assert refused(tmp_path) == (
        f"{tmp_path}/labels.csv: no file among 3 images for rows 2 ('gone.png'), 3 ('lost.png')"
    )


def test_duplicate_ids_by_row(tmp_path):
    table(tmp_path, "image,label", "a.png,x", "b.png,y", "a,y")
    assert refused(tmp_path) == (
        f"{tmp_path}/labels.csv: the same image in rows 2 and 4 (a.png); keep one row for each image"
    )


def test_names_that_fit_several_files(tmp_path):
    table(tmp_path, "image,label", "a.png,x", "b.png,y", images=("one/a.png", "two/a.png", "b.png"))
    assert refused(tmp_path) == (
        f"{tmp_path}/labels.csv row 2: 'a.png' fits 2 files (one/a.png, two/a.png); give its path"
    )


def test_real_valued_targets_are_no_classes(tmp_path):
    table(tmp_path, "image,target", "a.png,0.5", "b.png,2", "c.png,1.25")
    assert sniff(tmp_path, tmp_path).target.kind == "number"
    with pytest.raises(DataError, match=r"column target holds real numbers \(0\.5, 1\.25\).* --task regression"):
        sniff(tmp_path, tmp_path, Columns(task="classification"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["image,label", "a.png,x", "b.png,"], ": no label in row 3; fill it in or remove the row"),
        (
            ["image,label,split", "a.png,x,train", "b.png,y,holdout"],
            " row 3: the split 'holdout' is none of train, valid, test",
        ),
        (["image,label", "a.png,x,y"], " row 2: expected 2 values (image, label), found 3"),
        (["image,label"], ": columns (image, label) but no rows"),
    ],
)
def test_bad_rows(tmp_path, lines, said):
    table(tmp_path, *lines)
    assert refused(tmp_path / "labels.csv") == f"{tmp_path}/labels.csv{said}"


def test_a_quotation_mark_that_swallows_rows(tmp_path):
    table(tmp_path, "image,label,note", 'a.png,x,"wide', "b.png,y,narrow", 'c.png,x,"tall"')
    assert "labels.csv row 4: not CSV (" in refused(tmp_path / "labels.csv")
    table(tmp_path, "image,label,note", 'a.png,x,5" wide', "b.png,y,", 'c.png,x,"tall')
    assert "a quotation mark may lack its other one" in refused(tmp_path / "labels.csv")
    table(tmp_path, "image,label,note", 'a.png,x,5" wide', 'b.png,y,"two\nlines"', 'c.png,x,"a ""tall"" one"')
    assert sniff(tmp_path, tmp_path).labels.tolist() == [0, 1, 0]


def test_half_a_character_in_json(tmp_path):
    table(
        tmp_path,
        '{"image": "a.png", "label": "\\ud83d\\ude00"}',
        '{"image": "b.png", "label": "\\ud83d"}',
        name="t.jsonl",
    )
    assert "t.jsonl row 2: half of a character" in refused(tmp_path / "t.jsonl")


def test_bad_json_and_bad_text(tmp_path):
    table(tmp_path, '{"image": "a.png", "label": 1}', "{oops", name="t.jsonl")
    assert refused(tmp_path / "t.jsonl").startswith(f"{tmp_path}/t.jsonl row 2: not JSON (")
    (tmp_path / "t.csv").write_bytes(b"image,label\n\xe4.png,x\n")
    said = refused(tmp_path / "t.csv")
    assert said.startswith(f"{tmp_path}/t.csv: not UTF-8 text at byte 12 (row 2, as Latin-1 'ä.png,x'); save it")


def test_a_broken_table_beside_class_folders_does_no_harm(tmp_path):
    for name in ("cats/a.png", "dogs/b.png"):
        put(tmp_path / name)
    (tmp_path / "notes.csv").write_bytes(b"image,label\n\xe4.png,x\n")
    assert sniff(tmp_path, tmp_path).kind == "class folders"


def test_lung():
    listing = sniff(real_data("lc25000_lung") / "lc25000_lung.zip", Path("unused"))
    assert listing.classes == ("lung_aca", "lung_n", "lung_scc")
    assert [(listing.split == name).sum() for name in ("train", "test")] == [1180, 300]
    assert listing.groups is not None and len(set(listing.groups.tolist())) == 740
