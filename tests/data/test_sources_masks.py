"""Images with masks beside them are pairs; class folders whose files are numbered alike are classes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pictures import put
from PIL import Image

from convscope.data.detect import sniff
from convscope.data.listing import Masks
from convscope.data.masks import read_masks
from convscope.data.options import LoadOptions
from real_data import real_data

H, W = 40, 36
Maker = Callable[[np.random.Generator], np.ndarray]


def photograph(rng: np.random.Generator) -> np.ndarray:
    """Return something with light and shade (H, W, 3)."""
    walk = rng.normal(size=(H, W, 3)).cumsum(0).cumsum(1)
    return (255 * (walk - walk.min()) / np.ptp(walk)).astype(np.uint8)


def discs(rng: np.random.Generator, number: int = 1, dtype: type = np.uint8) -> np.ndarray:
    """Return a mask (H, W): 255 in a disc, or numbered discs."""
    mask, (rows, columns) = np.zeros((H, W), dtype), np.ogrid[:H, :W]
    for k in range(number):
        y, x, r = rng.integers(5, H - 5), rng.integers(5, W - 5), rng.integers(4, 10)
        mask[(rows - y) ** 2 + (columns - x) ** 2 < r * r] = 255 if number == 1 else k + 1
    return mask


def masked(rng: np.random.Generator, number: int = 1, dtype: type = np.uint8) -> tuple[np.ndarray, np.ndarray]:
    """Return a photograph and the mask of what is on it."""
    image, mask = photograph(rng), discs(rng, number, dtype)
    image[mask > 0] = image[mask > 0] // 2 + 120
    return image, mask


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def pairs(root: Path, images: str, masks: str, n: int = 8, number: int = 1, dtype: type = np.uint8) -> Path:
    for i in range(n):
        image, mask = masked(np.random.default_rng(i), number, dtype)
        save(root / images.format(i=i, third=i % 3), image)
        save(root / masks.format(i=i, third=i % 3), mask)
    return root


def classes(root: Path, n: int = 24, **makers: Maker) -> Path:
    """Write class folders with equal file names."""
    for k, (name, make) in enumerate(makers.items()):
        for i in range(n):
            save(root / name / f"{i:04}.png", make(np.random.default_rng([k, i])))
    return root


def paired(path: Path) -> list[tuple[str, str]]:
    """Return the names of images and masks that are listed at a path."""
    listing = sniff(path, path.parent / "cache")
    assert isinstance(listing.target, Masks) and listing.absent is None
    return list(zip(listing.ids.tolist(), listing.target.files.tolist(), strict=True))


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        ("image/{i}.png", "mask/{i}.png"),
        ("img/{i}.png", "gt/{i}.png"),
        ("raw/{i}.png", "annotations/{i}.png"),
        ("Images/{i}.jpg", "GroundTruth/{i}.png"),
        ("train/images/{i}.png", "train/masks/{i}.png"),
        ("images/train/{i}.png", "masks/train/{i}.png"),
        ("patient{third}/image/{i}.png", "patient{third}/mask/{i}.png"),
        ("image/patient{third}/{i}.png", "mask/patient{third}/{i}.png"),
        ("frames/{i}.png", "frames_masks/{i}_mask.png"),
        ("tiles/{i}.jpg", "outlines/{i}.png"),
        ("a/{i}.png", "b/{i}.png"),
        ("leftImg8bit/x_{i}_leftImg8bit.png", "gtFine/x_{i}_gtFine_labelIds.png"),
        ("images/{i}_training.tif", "1st_manual/{i}_manual1.png"),
    ],
)
def test_images_and_masks_are_pairs(tmp_path, images, masks):
    names = [(images.format(i=i, third=i % 3), masks.format(i=i, third=i % 3)) for i in range(8)]
    assert sorted(paired(pairs(tmp_path / "set", images, masks))) == sorted(names)


@pytest.mark.parametrize("third", ["instances", "overlays", "weights"])
def test_a_third_folder_makes_no_classes_of_them(tmp_path, third):
    pairs(tmp_path / "set", "image/{i}.png", "mask/{i}.png")
    pairs(tmp_path / "set", "image/{i}.png", third + "/{i}.png", number=5)
    assert ("image/3.png", "mask/3.png") in paired(tmp_path / "set")


def test_maps_of_many_numbered_objects(tmp_path):
    names = paired(pairs(tmp_path / "set", "tiles/{i}.png", "objects/{i}.png", number=60, dtype=np.uint16))
    assert ("tiles/3.png", "objects/3.png") in names


def test_in_an_archive(tmp_path):
    root = pairs(tmp_path / "set", "tiles/{i}.png", "outlines/{i}.png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted(root.rglob("*.png")):
            archive.write(path, path.relative_to(root))
    assert paired(tmp_path / "set.zip")[3] == ("tiles/3.png", "outlines/3.png")


def blank(rng: np.random.Generator) -> np.ndarray:
    return np.full((H, W), rng.integers(100, 200), np.uint8)


def noisy(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (H, W, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "makers",
    [
        {"cat": photograph, "dog": photograph},
        {"mask": photograph, "no_mask": photograph},
        {"with_mask": noisy, "without_mask": photograph},
        {"0": discs, "1": discs},
        {"empty": blank, "cell": photograph},
        {"sketch": discs, "photo": photograph},
        {"sketch": discs, "photo": noisy},
        {"sketch": discs, "photo": photograph, "noise": noisy},
        {**dict.fromkeys("abcdefghi", photograph), "j": discs},
    ],
    ids=lambda makers: "-".join(makers),
)
def test_class_folders_whose_files_are_numbered_alike_are_classes(tmp_path, makers):
    listing = sniff(classes(tmp_path, **makers), tmp_path / "cache")
    assert set(listing.classes) == set(makers) and not listing.notices


def test_class_folders_whose_files_bear_their_name_are_classes(tmp_path):
    for name, make in (("cat", photograph), ("sketch", discs)):
        for i in range(24):
            save(tmp_path / name / f"{name}_{i}.png", make(np.random.default_rng([i, len(name)])))
    assert sniff(tmp_path, tmp_path / "cache").classes == ("cat", "sketch")


def test_one_scene_in_two_states_is_two_classes(tmp_path):
    for i in range(12):
        rng = np.random.default_rng(i)
        image = photograph(rng)
        save(tmp_path / "clean" / f"{i}.png", image)
        save(tmp_path / "grainy" / f"{i}.png", np.clip(image + rng.normal(0, 20, image.shape), 0, 255).astype(np.uint8))
    assert sniff(tmp_path, tmp_path / "cache").classes == ("clean", "grainy")


def test_files_that_cannot_be_read_are_left_to_decoding(tmp_path):
    classes(tmp_path, cat=photograph, dog=photograph)
    put(tmp_path / "dog" / "0000.png", b"no image")
    assert sniff(tmp_path, tmp_path / "cache").classes == ("cat", "dog")


def test_membranes_are_images_with_masks(tmp_path):
    listing = sniff(real_data("isbi2012_em/isbi2012_em.zip"), tmp_path)
    assert isinstance(listing.target, Masks) and len(listing.ids) == 30 and set(listing.split) == {"train"}
    assert listing.ids[10] == "train/image/10.png" and listing.target.files[10] == "train/label/10.png"
    (notice,) = listing.notices
    assert notice.code == "unlabelled" and notice.text.startswith("30 images have no masks")
    sizes = np.full((30, 2), 512)
    read = read_masks(listing.target, sizes, LoadOptions(), tmp_path, 1, lambda what, done, total: None)
    assert read.rule.kind == "binary" and [(row.value, row.number, row.masks) for row in read.table] == [
        ("0", 0, 30),
        ("255", 1, 30),
    ]
    assert abs(read.table[0].share - 0.2196) < 1e-4 and read.column.spec.shape == (512, 512)


def test_masks_beside_their_images_are_no_examples(tmp_path):
    for name in ("benign", "no_mask"):
        pairs(tmp_path, f"{name}/{name} ({{i}}).png", f"{name}/{name} ({{i}})_mask.png", 4)
        save(tmp_path / name / f"{name} (0)_mask_1.png", discs(np.random.default_rng(0)))
        save(tmp_path / name / "9_mask.png", photograph(np.random.default_rng(9)))  # without an image beside it
    listing = sniff(tmp_path, tmp_path / "cache")
    assert np.bincount(listing.labels).tolist() == [5, 5]
    assert [notice.code for notice in listing.notices] == ["masks"]
    assert listing.notices[0].text.startswith("10 masks lie beside their images (benign/benign (0)_mask.png ")


def test_folders_that_say_a_split_as_well(tmp_path):
    pairs(tmp_path / "set", "train_images/{i}.png", "train_masks/{i}.png")
    listing = sniff(tmp_path / "set", tmp_path / "cache")
    assert set(listing.split) == {"train"} and len(listing.ids) == 8
