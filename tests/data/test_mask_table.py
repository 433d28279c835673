"""The table of what each value of masks was taken for, as ``data check`` and ``train`` show it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import drawings
import numpy as np
import pytest
from drawings import H, W

from cli.command import call


def classes(root: Path, count: int) -> Path:
    """Write four masks of stripes of ``count`` values, two apart, and void (255); the last is in one mask only."""
    for i in range(4):
        mask = np.repeat(2 * np.arange(count), 2 * 60 // count)[:, None].repeat(W, 1).astype(np.uint8)
        mask = np.concatenate([mask, np.full((2, W), 255, np.uint8), mask[::-1]])
        mask[mask == 2 * (count - 1)] = 0 if i else 2 * (count - 1)
        drawings.save(root / f"masks/{i}.png", mask)
        drawings.save(root / f"images/{i}.png", drawings.image(i, *mask.shape))
    return root


def colours(root: Path) -> Path:
    for i in range(4):
        mask = np.zeros((H, W, 3), np.uint8)
        mask[:6, :8], mask[12:20, 4:9] = (255, 0, 0), (0, 0, 128)
        drawings.save(root / f"masks/{i}.png", mask)
        drawings.save(root / f"images/{i}.png", drawings.image(i))
    return root


def palette(root: Path) -> Path:
    for i in range(4):
        drawings.palette_png(root / f"masks/{i}.png", drawings.boxes(i, (3,)))
        drawings.save(root / f"images/{i}.png", drawings.image(i))
    return root


def numbered(root: Path) -> Path:
    """Write masks with 2, 4, 6 and 8 numbered objects."""
    for i in range(4):
        mask = np.zeros((40, 40), np.uint16)
        for k in range(2 * i + 2):
            mask[4 * k + 2 : 4 * k + 5, 3:20] = k + 1
        drawings.save(root / f"masks/{i}.tif", mask)
        drawings.save(root / f"images/{i}.png", drawings.image(i, 40, 40))
    return root


def coco(root: Path) -> Path:
    table = {"images": [], "annotations": [], "categories": [{"id": 7, "name": "cell"}]}
    for i in range(4):
        drawings.save(root / f"{i}.png", drawings.image(i))
        table["images"].append({"id": i, "file_name": f"{i}.png", "height": H, "width": W})
        for k in range(i + 1):
            box = [2, 5 * k, 8, 5 * k, 8, 5 * k + 3, 2, 5 * k + 3]
            table["annotations"].append({"id": 10 * i + k, "image_id": i, "category_id": 7, "segmentation": [box]})
    (root / "cells.json").write_text(json.dumps(table))
    return root


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (drawings.pair_folders, [("0", "0 background", 6), ("255", "1 object", 6)]),
        (lambda root: classes(root, 3),
         [("0", "0 background", 4), ("2", "1 2", 4), ("4", "2 4", 1), ("255", "void: not learned, not scored", 4)]),
        (palette, [("0", "0 background", 4), ("3", "1 object", 4)]),
        (colours, [("#000000", "0 background", 4), ("#000080", "1 #000080", 4), ("#ff0000", "2 #ff0000", 4)]),
        (numbered, [("0", "0 background", 4), ("1 to 8", "each value an object: 20, 2 to 8 a mask", 4)]),
        (drawings.object_files,
         [("no object", "0 background", 4), ("objects", "an object each: 10, 1 to 4 a mask", 4)]),
        (coco, [("no object", "0 background", 4), ("objects", "an object each: 10, 1 to 4 a mask", 4)]),
    ],
)  # fmt: skip
def test_each_kind_of_masks_has_its_table(
    write: Callable[[Path], Path], expected: list[tuple[str, str, int]], tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "set").mkdir()
    data = write(tmp_path / "set")
    assert call("data", "check", data) == 0
    lines = [line.strip().split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    start = cells.index(["mask value", "class", "pixels", "masks"]) + 2
    table = cells[start : start + len(expected)]
    assert [(row[0], row[1], int(row[3])) for row in table] == expected and not cells[start + len(expected)]
    assert not any(line and line[0] == "mask values" for line in cells)
    assert call("data", "check", data, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["mask_values"]
    assert [(row["value"], row["masks"]) for row in rows] == [(value, masks) for value, _, masks in expected]
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert [f"{100 * row['share']:.3g} %" for row in rows] == [row[2] for row in table]


def test_of_many_values_the_first_and_what_is_void_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    data = classes(tmp_path, 30)
    asked = ("--model", "unet_mini", "--set", "width=2", "--set", "levels=2", "--epochs", "1", "--no-baselines")
    assert call("train", data, *asked, "--out", tmp_path / "run") == 0
    printed = capsys.readouterr().out
    shown = printed[printed.index("mask value") : printed.index("more values")].splitlines()[2:]
    assert [line.split()[0] for line in shown if line.strip()] == [str(2 * k) for k in range(11)] + ["255", "and"]
    assert "and 19 more values (--json has all)" in printed
    assert call("data", "check", data, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["mask_values"]) == 31
