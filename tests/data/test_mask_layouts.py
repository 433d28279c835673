"""Images with masks in every layout: which files pair, which are left out and told of, what the pixels become."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import drawings
import numpy as np
import pytest
from drawings import H, W

from convscope.data.decode import open_image
from convscope.data.detect import sniff
from convscope.data.ingest.store import directory
from convscope.data.listing import Listing, Masks
from convscope.data.masks import MasksRead, read_masks
from convscope.data.options import LoadOptions
from convscope.data.sources.arrays import ArrayImages
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import FileImages
from convscope.errors import DataError


def listed(path: Path, **columns: Any) -> Listing:
    listing = sniff(path, path.parent / "cache", Columns(**columns))
    assert isinstance(listing.target, Masks) and len(listing.target) == len(listing.ids) == len(listing.split)
    return listing


def mask_files(listing: Listing) -> list[str]:
    assert isinstance(listing.target, Masks)
    return listing.target.files.tolist()


def read(listing: Listing, size: tuple[int, int] = (H, W), **options: Any) -> MasksRead:
    assert isinstance(listing.target, Masks)
    sizes = np.tile(size, (len(listing.ids), 1))
    return read_masks(listing.target, sizes, LoadOptions(**options), directory(), 1, lambda *_: None)


def codes(listing: Listing) -> list[str]:
    return [notice.code for notice in listing.notices]


def mask(found: MasksRead, row: int) -> np.ndarray:
    return found.column.take(np.array([row]))[0]


def packed(root: Path, kind: str) -> Path:
    """Return a folder's content as an archive beside it."""
    path, names = root.with_name(f"packed.{kind}"), sorted(p for p in root.rglob("*") if p.is_file())
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.write(name, name.relative_to(root))
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name in names[::-1]:  # a tar has an order of its own
                archive.add(name, name.relative_to(root))
    return path


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        ("{i}.png", f"{{i}}{suffix}.png")
        for suffix in ("_mask", "_label", "_L", "_P", "_seg", "_gt", "_cp_masks", "_masks")
    ]
    + [
        ("images/{i}.jpg", "annotation/{i}.png"),
        ("data/image/{i}.png", "data/labels/{i}_L.png"),
        ("img_{i}_image.png", "img_{i}_mask.png"),
        ("images/img{i}.png", "masks/mask{i}.png"),
        ("images/image_{i}.png", "labels/label_{i}.png"),
    ],
)
def test_pairs_by_name(tmp_path, images, masks):
    root = drawings.pair_folders(tmp_path / "set", 12, images, masks)
    listing = listed(root)
    assert listing.ids.tolist() == [images.format(i=i) for i in range(12)]  # 2 before 10
    assert mask_files(listing) == [masks.format(i=i) for i in range(12)]
    found = read(listing)
    assert found.rule.kind == "binary" and found.column.spec.names == ("background", "object")
    for i in (0, 11):
        assert np.array_equal(mask(found, i), drawings.boxes(i) // 255)
    assert np.array_equal(found.pixels.sum(1), [H * W] * 12)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("write", [drawings.object_files, drawings.pair_folders, drawings.stacks, drawings.coco])
def test_an_archive_reads_as_its_folder(tmp_path, write, kind):
    root = write(tmp_path / "set")
    plain, inside = listed(root), listed(packed(root, kind))
    assert plain.ids.tolist() == inside.ids.tolist() and mask_files(plain) == mask_files(inside)
    a, b = read(plain), read(inside)
    assert a.rule == b.rule and np.array_equal(a.column.values, b.column.values)


def test_nnunet(tmp_path):
    listing = listed(drawings.nnunet(tmp_path / "Dataset001_Liver"))
    assert "2 channels" in listing.kind and len(listing.ids) == 4 and codes(listing) == ["unlabelled"]
    assert isinstance(listing.images, FileImages)
    pixels = open_image(listing.images.files.read(listing.ids[1])).pixels()
    assert np.array_equal(pixels, np.stack([drawings.image(2, channels=1), drawings.image(3, channels=1)], -1))
    found = read(listing)
    assert found.column.spec.names == ("background", "liver", "lesion")
    assert np.array_equal(mask(found, 1), drawings.boxes(1, (1, 2)))


def test_voc_takes_indices_not_colours_and_void(tmp_path):
    listing = listed(drawings.voc(tmp_path / "VOC2012"))
    assert listing.split.tolist() == ["train"] * 3 + ["valid"] and codes(listing) == ["unlabelled"]
    found = read(listing)
    assert [(row.value, row.number, row.name) for row in found.table] == [
        ("0", 0, "background"), ("1", 1, "1"), ("15", 2, "15"), ("255", 255, "void"),
    ]  # fmt: skip
    assert found.rule.palette == tuple(
        int.from_bytes(bytes((7 * k + c * 31) % 256 for c in range(3)), "big") for k in (0, 1, 15)
    )
    expected = drawings.boxes(2, (1, 15))
    expected[expected == 15], expected[0] = 2, 255
    assert np.array_equal(mask(found, 2), expected) and found.column.spec.ignore == 255


def test_a_label_map_names_the_colours_of_a_palette(tmp_path):
    root = drawings.voc(tmp_path / "set")
    colour = {k: ",".join(str((7 * k + c * 31) % 256) for c in range(3)) for k in (0, 1, 15, 255)}
    lines = [
        "# label:color_rgb:parts:actions",
        *(f"{n}:{colour[k]}::" for k, n in ((0, "ground"), (1, "cow"), (15, "man"))),
    ]
    (root / "labelmap.txt").write_text("\n".join([*lines, f"void:{colour[255]}::"]))
    found = read(listed(root))
    assert [(row.value, row.name) for row in found.table] == [
        ("0", "ground"), ("1", "cow"), ("15", "man"), ("255", "void"),
    ]  # fmt: skip


def test_a_file_for_each_object(tmp_path):
    listing = listed(drawings.object_files(tmp_path / "stage1_train"))
    found = read(listing)
    assert listing.ids.tolist() == [f"id{i}/images/id{i}.png" for i in range(4)]
    assert found.rule.kind == found.column.spec.kind == "instances" and found.objects.tolist() == [1, 2, 3, 4]
    assert np.array_equal(np.unique(mask(found, 3)), range(5)) and found.column.values.dtype == np.int32
    binary = read(listing, mask="binary")
    assert np.array_equal(mask(binary, 3), mask(found, 3) > 0)


def test_coco_of_several_categories_is_classes(tmp_path):
    listing = listed(drawings.coco(tmp_path / "set"))
    found = read(listing)
    assert found.column.spec.names == ("background", "kind1", "kind2") and codes(listing) == ["no-objects"]
    ring = np.zeros((H, W), np.uint8)
    ring[2:12, 2:12] = 1
    ring[5:9, 5:9] = 0
    assert np.array_equal(mask(found, 0), ring)
    runs = np.zeros((H, W), np.uint8)
    runs[3:7, 2:4] = 2
    runs[:, 15:17] = 255
    assert np.array_equal(mask(found, 1), runs) and not mask(found, 2).any()


def test_coco_of_one_category_is_objects(tmp_path):
    found = read(listed(drawings.coco(tmp_path / "set", categories=1)))
    assert found.rule.kind == "instances" and found.objects.tolist() == [1, 1, 0]
    assert np.unique(mask(found, 1)).tolist() == [-1, 0, 1]


def test_a_table_of_images_and_masks(tmp_path):
    root = drawings.table(tmp_path / "set")
    for path in (root, root / "pairs.csv"):
        listing = listed(path)
        assert mask_files(listing) == [f"drawn/{name}.png" for name in "dbca"]
        assert listing.split.tolist() == ["train", "train", "train", "test"]
        assert listing.groups is not None and listing.groups.tolist() == ["p0", "p0", "p1", "p1"]
        assert "unlabelled" in codes(listing)


def test_stacks_are_their_pages(tmp_path):
    listing = listed(drawings.stacks(tmp_path / "isbi", 12))
    assert listing.ids[10] == "train-volume.tif[10]" and mask_files(listing)[10] == "train-labels.tif[10]"
    assert codes(listing) == ["unlabelled", "stack"] and set(listing.split) == {"train"}
    assert isinstance(listing.images, FileImages)
    assert np.array_equal(
        open_image(listing.images.files.read(listing.ids[10])).pixels()[..., 0], drawings.image(10, channels=1)
    )
    assert np.array_equal(mask(read(listing), 10), drawings.boxes(10) // 255)


def test_arrays(tmp_path):
    listing = listed(drawings.npz(tmp_path))
    assert isinstance(listing.images, ArrayImages) and mask_files(listing)[2] == "set.npz, y[2]"
    found = read(listing)
    assert found.column.spec.names == ("nothing", "left", "right")
    assert np.array_equal(mask(found, 2), drawings.boxes(2, (1, 2)))


def test_masks_beside_classes_are_asked_for(tmp_path):
    for name in ("benign", "malignant"):
        drawings.pair_folders(tmp_path / "set" / name, 4, f"{name} ({{i}}).png", f"{name} ({{i}})_mask.png")
    assert sniff(tmp_path / "set", tmp_path / "cache").classes == ("benign", "malignant")
    assert len(listed(tmp_path / "set", task="segmentation").ids) == 8


def test_folders_of_patients_stay_together(tmp_path):
    for patient in range(6):
        drawings.pair_folders(tmp_path / "set" / f"p{patient}", 2)
    listing = listed(tmp_path / "set")
    assert listing.groups is not None and listing.groups[:3].tolist() == ["p0", "p0", "p1"]
    assert listed(tmp_path / "set", group="none").groups is None


def test_a_split_below_or_above(tmp_path):
    drawings.pair_folders(tmp_path / "above", 2, "train/images/{i}.png", "train/masks/{i}.png")
    drawings.pair_folders(tmp_path / "above", 2, "val/images/{i}.png", "val/masks/{i}.png")
    drawings.pair_folders(tmp_path / "below", 2, "images/train/{i}.png", "masks/train/{i}.png")
    drawings.pair_folders(tmp_path / "below", 2, "images/val/{i}.png", "masks/val/{i}.png")
    for name in ("above", "below"):
        assert listed(tmp_path / name).split.tolist() == ["train", "train", "valid", "valid"]


def test_names_that_do_not_pair_are_no_pairs_by_order(tmp_path):
    drawings.pair_folders(tmp_path / "set", 3, "images/a{i}.png", "masks/b{i}x{i}.png")
    with pytest.raises(DataError, match=r"no image has a mask of its name: 3 images such as images/a0\.png"):
        listed(tmp_path / "set")


def test_missing_and_extra_masks_are_named(tmp_path):
    root = drawings.pair_folders(tmp_path / "set", 6)
    (root / "masks/2.png").unlink()
    (root / "images/4.png").unlink()
    listing = listed(root)
    assert len(listing.ids) == 4 and listing.absent is not None
    said = "1 image has no mask (images/2.png); 1 mask has no image (masks/4.png); 4 pairs complete"
    assert listing.absent.text == said


def test_unlike_stacks_are_refused(tmp_path):
    root = drawings.stacks(tmp_path / "set")
    drawings.save(root / "train-labels.tif", np.stack([drawings.boxes(i) for i in range(3)]))
    with pytest.raises(DataError, match=r"train-volume.tif has 5 pages, its mask train-labels.tif 3 pages"):
        listed(root)


def test_compressed_run_lengths_against_plain_ones():
    from convscope.data.decode.regions import run_lengths

    rng = np.random.default_rng(3)
    counts = rng.integers(1, 5_000, 200).tolist()
    assert run_lengths(compressed(counts)) == counts


def compressed(counts: list[int]) -> str:
    """Write run lengths as COCO's rleToString does."""
    stream = io.StringIO()
    for k, count in enumerate(counts):
        x = count - counts[k - 2] if k > 2 else count
        more = True
        while more:
            bits = x & 0x1F
            x >>= 5
            more = x != -1 if bits & 0x10 else x != 0
            stream.write(chr(48 + (bits | 0x20 * more)))
    return stream.getvalue()


def test_polygons_against_every_pixel_asked_alone():
    from skimage.measure import points_in_poly

    from convscope.data.decode.regions import polygon_pixels

    rng = np.random.default_rng(5)
    centres = np.stack(np.meshgrid(np.arange(W) + 0.5, np.arange(H) + 0.5), -1).reshape(-1, 2)
    for _ in range(30):
        points = rng.uniform(-3, 26, (rng.integers(3, 9), 2))
        inside = np.flatnonzero(points_in_poly(centres, points))
        assert np.array_equal(polygon_pixels([points.ravel().tolist()], H, W), inside)


@pytest.mark.parametrize(
    ("images", "masks", "aside"),
    [
        ("{split}/{i}.png", "{split}annot/{i}.png", None),
        ("{split}/{i}.jpg", "{split}_masks/{i}_mask.gif", None),
        ("images/{split}/{i}.jpg", "annotations/trimaps/{split}/{i}.png", None),
        ("{split}/images/{i}.png", "{split}/1st_manual/{i}.gif", "{split}/mask/{i}.gif"),
        (
            "leftImg8bit/{split}/bonn/{i}_leftImg8bit.png",
            "gtFine/{split}/bonn/{i}_gtFine_labelIds.png",
            "gtFine/{split}/bonn/{i}_gtFine_color.png",
        ),
    ],
)
def test_sets_that_everybody_has(tmp_path, images, masks, aside):
    names = [{"split": split, "i": i} for split in ("train", "val", "test") for i in range(3)]
    for k, name in enumerate(names):
        drawings.save(tmp_path / "set" / images.format(**name), drawings.image(k))
        drawings.save(tmp_path / "set" / masks.format(**name), drawings.boxes(k))
        if aside:
            drawings.save(tmp_path / "set" / aside.format(**name), np.full((H, W), 255, np.uint8))
    listing = listed(tmp_path / "set")
    found = zip(listing.ids.tolist(), mask_files(listing), listing.split.tolist(), strict=True)
    words = {"train": "train", "val": "valid", "test": "test"}
    assert sorted(found) == sorted((images.format(**n), masks.format(**n), words[n["split"]]) for n in names)
    assert codes(listing) == ["other-masks"] * bool(aside)


def test_objects_of_some_folders_only(tmp_path):
    drawings.object_files(tmp_path / "set/stage1_train")
    for i in range(2):
        drawings.save(tmp_path / f"set/stage1_test/t{i}/images/t{i}.png", drawings.image(i))
    listing = listed(tmp_path / "set")
    assert len(listing.ids) == 4 and codes(listing) == ["unlabelled"] and listing.absent is None
