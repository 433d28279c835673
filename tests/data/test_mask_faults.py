"""What is wrong with masks is said with the file, the value and the remedy."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import drawings
import numpy as np
import pytest
from drawings import H, W
from PIL import Image

from convscope.data.detect import sniff
from convscope.data.ingest.store import directory
from convscope.data.listing import Masks
from convscope.data.loading import load
from convscope.data.masks import MaskRule, MasksRead, check_split_classes, read_masks
from convscope.data.options import LoadOptions
from convscope.errors import ConfigError, DataError


def read(
    root: Path, sizes: Mapping[int, tuple[int, int]] | None = None, *, rule: MaskRule | None = None, **options: Any
) -> MasksRead:
    """Read the masks beside images that are all H × W but for those with a size of their own."""
    listing = sniff(root, directory())
    assert isinstance(listing.target, Masks)
    shapes = np.tile((H, W), (len(listing.ids), 1))
    for row, size in (sizes or {}).items():
        shapes[row] = size
    return read_masks(listing.target, shapes, LoadOptions(**options), directory(), 1, lambda *_: None, rule=rule)


def soft(seed: int) -> np.ndarray:
    """Return a mask (H, W) whose edges are shades of grey."""
    large = Image.fromarray(np.kron(drawings.boxes(seed), np.ones((8, 8), np.uint8)))
    return np.asarray(large.rotate(9, Image.Resampling.BICUBIC).resize((W, H), Image.Resampling.BILINEAR))


def jpeg(seed: int, quality: int = 60) -> np.ndarray:
    """Return a mask that was a JPEG once."""
    stream = io.BytesIO()
    Image.fromarray(drawings.boxes(seed)).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def holed(seed: int) -> np.ndarray:
    drawn = drawings.boxes(seed, (1,)).astype(np.float32)
    drawn[0, :3] = np.nan
    return drawn


Fault = Callable[[Path], object]
FAULTS: dict[str, tuple[Fault, str]] = {
    "another size": (
        lambda root: drawings.save(root / "masks/2.png", drawings.boxes(0, height=H + 1)),
        r"1 of 6 masks cannot be used.*--skip-bad:\n  masks/2\.png: the mask is 25 × 20, its image 24 × 20, height × ",
    ),
    "transposed": (
        lambda root: drawings.save(root / "masks/2.png", drawings.boxes(0).T),
        r"masks/2\.png: the mask is 20 × 24, its image 24 × 20, height × width \(turned by 90°: the image's EXIF tag",
    ),
    "damaged": (
        lambda root: (root / "masks/2.png").write_bytes((root / "masks/2.png").read_bytes()[:60]),
        r"masks/2\.png: damaged",
    ),
    "empty file": (lambda root: (root / "masks/2.png").write_bytes(b""), r"masks/2\.png: the file is empty"),
    "no image": (lambda root: (root / "masks/2.png").write_bytes(b"text"), r"masks/2\.png: not an image"),
    "two channels of reals": (
        lambda root: (root / "masks/2.png").write_bytes(_npy(np.zeros((H, W, 2)))),
        r"masks/2\.png: colours of the type float64|masks/2\.png: .*channels",
    ),
    "a photograph": (
        lambda root: drawings.save(root / "masks/2.png", drawings.image(3)),
        r"the masks are of two kinds: 1 file of colours \(masks/2\.png\), the others of numbers",
    ),
    "all photographs": (
        lambda root: [drawings.save(root / f"masks/{i}.png", drawings.image(3 + i)) for i in range(6)],
        r"masks/\d\.png is no mask: \d+ values in pieces of fewer than 12 pixels on average, as in a photograph \(6 ",
    ),
    "soft edges": (
        lambda root: [drawings.save(root / f"masks/{i}.png", soft(i)) for i in range(6)],
        r"soft edges: \d.*% of the pixels in 6 files lie off the main values \(0, 255\), most in masks/\d\.png \(.*"
        r"--mask-threshold 128",
    ),
    "the best JPEG": (
        lambda root: [drawings.save(root / f"masks/{i}.png", jpeg(i, 100)) for i in range(6)],
        r"--mask-threshold 128",
    ),
    "JPEG": (
        lambda root: [drawings.save(root / f"masks/{i}.png", jpeg(i)) for i in range(6)],
        r"--mask-threshold 128",
    ),
    "NaN": (
        lambda root: [(root / f"masks/{i}.png").write_bytes(_npy(holed(i))) for i in range(6)],
        r"6 of 6 masks.*masks/0\.png: 3 pixels are NaN or infinite; call them void with --ignore nan",
    ),
    "nothing marked": (
        lambda root: [drawings.save(root / f"masks/{i}.png", np.zeros((H, W), np.uint8)) for i in range(6)],
        r"every mask is 0 everywhere: nothing is marked",
    ),
}


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_said(tmp_path, fault):
    root = drawings.pair_folders(tmp_path / "set")
    write, said = FAULTS[fault]
    write(root)
    with pytest.raises(DataError, match=f"(?s){said}"):
        read(root)


def test_more_classes_than_there_are_numbers(tmp_path):
    values = np.arange(300).repeat(2)[np.random.default_rng(0).permutation(600)].reshape(20, 30)
    for i in range(2):
        drawings.save(tmp_path / f"set/images/{i}.png", drawings.image(i, 80, 120))
        drawings.save(tmp_path / f"set/masks/{i}.tif", np.kron(values, np.ones((4, 4))).astype(np.uint16))
    with pytest.raises(DataError, match="the masks hold 300 values, which lie in several pieces each: too many"):
        read(tmp_path / "set", dict.fromkeys(range(2), (80, 120)))


def test_what_cures_them(tmp_path):
    root = drawings.pair_folders(tmp_path / "set")
    for i in range(6):
        drawings.save(root / f"masks/{i}.png", soft(i))
    found = read(root, mask_threshold=128)
    assert np.array_equal(found.column.take(np.array([2]))[0], soft(2) >= 128)
    assert [(row.value, row.name) for row in found.table] == [
        ("below 128", "background"), ("128 and above", "object"),
    ]  # fmt: skip
    (tmp_path / "names").write_text("outside\ncell")
    assert read(root, mask_threshold=128, classes=tmp_path / "names").column.spec.names == ("outside", "cell")
    with pytest.raises(DataError, match="soft edges"):
        read(root, classes=tmp_path / "names")
    for i in range(6):
        (root / f"masks/{i}.png").write_bytes(_npy(holed(i)))
    void = read(root, ignore="nan").column.take(np.array([1]))[0]
    assert np.array_equal(void == 255, np.isnan(holed(1))) and set(np.unique(void)) == {0, 1, 255}


def test_bad_pairs_are_left_out_where_asked_for(tmp_path):
    root = drawings.pair_folders(tmp_path / "set")
    drawings.save(root / "masks/2.png", drawings.boxes(0, height=9))
    (root / "masks/4.png").write_bytes(b"")
    found = read(root, {5: (0, 0)}, skip_bad=True)  # the image of the last one cannot be read
    assert sorted(found.bad) == [2, 4] and found.column.shapes.tolist() == [
        [H, W],
        [H, W],
        [0, 0],
        [H, W],
        [0, 0],
        [H, W],
    ]
    assert found.notices[0].code == "bad-masks" and "masks/4.png: the file is empty" in found.notices[0].text
    assert np.array_equal(found.column.take(np.array([3]))[0], drawings.boxes(3) // 255)


def test_a_few_stray_pixels_are_taken_for_the_nearest_value_and_told(tmp_path):
    root = drawings.pair_folders(tmp_path / "set", 6, height=200, width=160)
    drawn = drawings.boxes(1, height=200, width=160)
    drawn[2, 2], drawn[6, 100], drawn[90, 90] = 3, 9, 250
    drawings.save(root / "masks/1.png", drawn)
    found = read(root, dict.fromkeys(range(6), (200, 160)))
    assert found.notices[0].code == "stray-values"
    assert found.notices[0].text.startswith("3 pixels in 1 mask (masks/1.png) lie off the main values")
    assert found.column.take(np.array([1]))[0][90, 90] == 1 and len(found.column.spec.names) == 2
    assert [row.value for row in found.table] == ["0", "255", "3 other values"]
    drawn[5, 5] = 7  # another set, read alike
    drawings.save(root / "masks/1.png", drawn)
    again = read(root, dict.fromkeys(range(6), (200, 160)), rule=found.rule)
    assert again.rule == found.rule and again.notices[0].text.startswith("4 pixels in 1 mask")


@pytest.mark.parametrize("size", [(1, 1), (1, 7)])
def test_one_pixel(tmp_path: Path, size: tuple[int, int]):
    for i, value in enumerate((0, 255)):
        drawings.save(tmp_path / f"set/images/{i}.png", drawings.image(i, *size))
        drawings.save(tmp_path / f"set/masks/{i}.png", np.full(size, value, np.uint8))
    found = read(tmp_path / "set", dict.fromkeys(range(2), size))
    assert found.pixels.tolist() == [[size[1], 0], [0, size[1]]]


def test_one_image(tmp_path):
    root = drawings.pair_folders(tmp_path / "set", 1)
    assert read(root).column.spec.shape == (H, W)


def test_images_of_their_own_sizes(tmp_path):
    sizes = {i: (H + i, W + 2 * i) for i in range(4)}
    for i, size in sizes.items():
        drawings.save(tmp_path / f"set/images/{i}.png", drawings.image(i, *size))
        drawings.save(tmp_path / f"set/masks/{i}.png", drawings.boxes(i, (1,), *size))
    found = read(tmp_path / "set", sizes)
    assert found.column.spec.shape == (None, None) and found.column.shapes.tolist() == [list(s) for s in sizes.values()]
    batch = found.column.take(np.array([3, 1]))
    assert np.array_equal(batch[1], drawings.boxes(1, (1,), *sizes[1]))


def test_classes_of_one_split_only(tmp_path):
    root = drawings.pair_folders(tmp_path / "set", 5, values=(1, 2))
    drawings.save(root / "masks/4.png", drawings.boxes(4, (1, 3)))
    found = read(root)
    notices = list(check_split_classes(found, np.array(["train"] * 3 + ["valid", "test"])))
    assert [(notice.code, notice.examples) for notice in notices] == [
        ("class-missing", ("3",)), ("class-missing", ("3",)), ("class-missing", ("2",)),
    ]  # fmt: skip
    assert "train split, and cannot be learned" in notices[0].text


@pytest.mark.parametrize(
    "options", [{"mask": "binary"}, {"ignore": "255"}, {"classes": "names.txt"}, {"mask_threshold": 1.0}]
)
def test_other_sets_refuse_settings_of_masks(options):
    with pytest.raises(ConfigError, match=r"--\w+(-\w+)? \S+: digits is read as .*, which has no masks"):
        load("digits", **options)


def test_a_missing_mask_stops_loading_unless_left_out(tmp_path):
    root = drawings.pair_folders(tmp_path / "set")
    (root / "masks/2.png").unlink()
    with pytest.raises(DataError, match=r"1 image has no mask \(images/2\.png\); 5 pairs complete; correct them, or "):
        load(root)


def coco_with(root: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    path = drawings.coco(root) / "annotations/objects.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    return root


def test_two_images_of_one_id_are_refused(tmp_path: Path) -> None:
    root = coco_with(tmp_path / "set", lambda told: told["images"][2].update(id=1))
    with pytest.raises(DataError, match=r"objects\.json: images\[1\] and images\[2\] have one id, 1; give each its"):
        load(root)
    root = coco_with(tmp_path / "other", lambda told: told["images"][1].update(height=None))
    with pytest.raises(DataError, match=r"images\[1\]: the height None; expected a number of pixels"):
        load(root)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "no region, a box at most"),
        ([], "no region, a box at most"),
        ([[500, 500, 600, 500, 600, 600]], "a polygon outside the image: x from 500 to 600, y from 500 to 600"),
        ([[float("nan"), 2, 3, 4, 5, 6]], r"a polygon of the points \[nan, 2, 3, 4, 5, 6\]; expected numbers"),
        ([1, 2, 3, 4, 5, 6], "a polygon of the points 1; expected x, y, x, y"),
        ({"size": [H, W], "counts": ["a", 3]}, r"run lengths of the form \['a', 3\]; expected whole numbers"),
    ],
)
def test_an_object_without_a_region_in_its_image_is_not_background(tmp_path: Path, told: Any, said: str) -> None:
    root = coco_with(tmp_path / "set", lambda table: table["annotations"][0].update(segmentation=told))
    with pytest.raises(DataError, match=f"images/0.png: annotation 0: {said}"):
        load(root)


def test_what_is_told_of_values_that_no_mask_holds_is_said(tmp_path: Path) -> None:
    root = drawings.pair_folders(tmp_path / "set")
    names = tmp_path / "names.txt"
    names.write_text("0=ground\n7=cell\n")
    found = read(root, classes=names, ignore="77")
    said = {notice.code: notice.text for notice in found.notices}
    assert said["ignore-unused"] == "--ignore: no mask holds 77"
    assert said["names-unused"].startswith("no mask holds 7 (cell), whose name is among --classes ")
    assert found.rule.names == ("ground", "object")


@pytest.mark.parametrize(("threshold", "side"), [(300, "nothing reaches it"), (-1, "everything reaches it")])
def test_a_threshold_beside_all_values_is_refused(tmp_path: Path, threshold: float, side: str) -> None:
    root = drawings.pair_folders(tmp_path / "set")
    with pytest.raises(DataError, match=f"--mask-threshold {threshold}: {side}; the masks hold values from 0 to 255"):
        read(root, mask_threshold=threshold)


def test_a_label_of_nnunet_without_a_number_is_refused(tmp_path: Path) -> None:
    root = drawings.nnunet(tmp_path / "set")
    (root / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "cell": "x"}}))
    with pytest.raises(DataError, match=r"dataset\.json: the label 'cell' has the value 'x'; expected a number"):
        load(root)


def test_masks_of_another_size_in_an_archive_are_told_from_points(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((6, 20, 24), np.uint8), y=np.zeros((6, 21, 24), np.uint8))
    with pytest.raises(DataError, match=r"masks are an array of \(6, 20, 24\), one as large as its image for each"):
        load(tmp_path / "a.npz")


def test_damaged_masks_and_damaged_images_are_told_at_once(tmp_path: Path) -> None:
    root = drawings.pair_folders(tmp_path / "set")
    for name in ("masks/2.png", "images/1.png"):
        path = root / name
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError) as told:
        load(root)
    assert [line.split(":")[0] for line in str(told.value).split("\n")[1::2]] == ["  masks/2.png", "  images/1.png"]
