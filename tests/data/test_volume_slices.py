"""Folders of single slices as volumes: which files are one, in which order, and what is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

import convscope
from convscope.data.volumes.given import in_volume_file
from convscope.errors import ConfigError, DataError

DEPTH, H, W = 12, 20, 18


def volume(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a volume (D, H, W), each slice unlike the others, and its mask of 0, 1 and 4."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((DEPTH, H, W), np.uint8)
    mask[:, 2:9, 3:12], mask[3:, 11:17, 5:9] = 1, 4
    return rng.integers(0, 200, mask.shape, np.uint8) + 5 * mask, mask


def save(path: Path, pixels: np.ndarray, palette: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="minisblack")
    elif palette:
        drawn = Image.frombytes("P", pixels.shape[::-1], pixels.tobytes())
        drawn.putpalette([(7 * k + 31 * c) % 256 for k in range(256) for c in range(3)])
        drawn.save(path)
    else:
        Image.fromarray(pixels).save(path)


def saved(root: Path, images: str = "images/{k}.png", masks: str = "masks/{k}.png", seed: int = 0) -> Path:
    """Write slices named 8, 9, 10, ...: their order as text is another one."""
    for k, (pixels, mask) in enumerate(zip(*volume(seed), strict=True), 8):
        save(root / images.format(k=k), pixels)
        save(root / masks.format(k=k), mask, palette=True)
    return root


def loaded(path: Path, **options: Any) -> convscope.Data:
    settings: dict[str, Any] = {"cache": path.parent / "cache", "stacks": "volumes", **options}
    return convscope.load(path, **settings)


def whole(data: convscope.Data) -> tuple[np.ndarray, np.ndarray]:
    """Return all slabs of a set's only volume, one behind the other, and those of its mask."""
    parts = [(part.input.take(np.array([0]))[0], part.target.take(np.array([0]))[0]) for part in data.splits]
    return np.concatenate([a for a, _ in parts])[..., 0], np.concatenate([b for _, b in parts])


@pytest.mark.parametrize(
    ("images", "masks", "called"),
    [
        ("images/{k}.png", "masks/{k}.png", "images"),
        ("images/z{k}.tif", "masks/z{k}.tif", "images"),
        ("{k}.png", "{k}_mask.png", "set"),
    ],
)
def test_a_folder_of_slices_is_one_volume_in_the_order_of_its_numbers(
    tmp_path: Path, images: str, masks: str, called: str
) -> None:
    data = loaded(saved(tmp_path / "set", images, masks), valid=2, test=3, spacing="5,1,1")
    pixels, mask = volume()
    found, classes = whole(data)
    assert np.array_equal(found, pixels) and np.array_equal(classes, np.searchsorted([0, 1, 4], mask))
    assert [str(part.ids[0]) for part in data.splits] == [f"{called}[{a}:{b}]" for a, b in ((0, 7), (7, 9), (9, 12))]
    assert data.preprocessing.spacing == (5, 1, 1) and data.facts["volumes"].startswith("1, 12 × 20 × 18 × 1 uint8")
    as_images = loaded(tmp_path / "set", stacks="auto")
    assert len(as_images) == DEPTH and as_images.train.input.spec.kind == "image"


@pytest.mark.parametrize("packed", [False, True])
def test_several_folders_are_several_volumes_and_keep_their_splits(tmp_path: Path, packed: bool) -> None:
    for seed, case in enumerate(("train/a", "train/b", "val/c", "test/d")):
        saved(tmp_path / "set", f"{case}/images/{{k}}.png", f"{case}/masks/{{k}}.png", seed)
    path = tmp_path / "set"
    if packed:
        path = tmp_path / "set.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted((tmp_path / "set").rglob("*.png"), reverse=True):
                archive.write(file, file.relative_to(tmp_path / "set"))
    data = loaded(path)
    ids = {part.name: [str(name) for name in part.ids] for part in data.splits}
    assert ids == {
        "train": ["train/a/images", "train/b/images"], "valid": ["val/c/images"], "test": ["test/d/images"],
    }  # fmt: skip
    assert np.array_equal(data.train.input.take(np.array([1]))[0][..., 0], volume(1)[0])


def drop(root: Path) -> None:
    (root / "masks/12.png").unlink()


def resize(root: Path) -> None:
    save(root / "images/11.png", np.zeros((H, W + 1), np.uint8))


def recolour(root: Path) -> None:
    save(root / "masks/10.png", np.zeros((H, W, 3), np.uint8))


def damage(root: Path) -> None:
    (root / "images/9.png").write_bytes(b"no image")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop, r"1 image has no mask \(images/12.png\)"),
        (resize, r"images: images/11.png is 19 × 20 × 1 uint8, the first slice images/8.png 18 × 20 × 1 uint8"),
        (recolour, r"masks: masks/10.png is of another kind than the first slice masks/8.png"),
        (damage, r"images: images/9.png: not an image"),
    ],
)
def test_slices_that_do_not_fit_are_named(tmp_path: Path, change: Callable[[Path], None], message: str) -> None:
    change(saved(tmp_path / "set"))
    with pytest.raises(DataError, match=message):
        loaded(tmp_path / "set")


def test_what_are_no_slices_is_refused(tmp_path: Path) -> None:
    for case in "abc":
        for kind, pixels in zip(("images", "masks"), volume(), strict=True):
            save(tmp_path / "set" / case / kind / "0.png", pixels[5])
    with pytest.raises(ConfigError, match="--stacks volumes: set holds one image a folder"):
        loaded(tmp_path / "set")
    for word, case in (("train", "a"), ("test", "b")):
        for k in range(3):
            save(tmp_path / "mixed" / "images" / f"{word}_{case}{k}.png", volume()[0][k])
            save(tmp_path / "mixed" / "images" / f"{word}_{case}{k}_mask.png", volume()[1][k])
    with pytest.raises(DataError, match=r"slices in images are in several splits \(test, train\)"):
        loaded(tmp_path / "mixed")


def test_folders_of_slices_are_predicted_as_volumes(tmp_path: Path) -> None:
    saved(tmp_path / "new", "a/{k}.png", "b/{k}.png")
    tifffile.imwrite(tmp_path / "new" / "c.tif", volume()[0], photometric="minisblack")
    held = {each.name: each.read() for each in in_volume_file(tmp_path / "new")}
    assert list(held) == [str(tmp_path / "new" / name) for name in ("a", "b", "c.tif")]
    (folder,) = in_volume_file(tmp_path / "new" / "a")
    for values in (folder.read(), held[str(tmp_path / "new" / "c.tif")]):
        assert isinstance(values, np.ndarray) and np.array_equal(values[..., 0], volume()[0])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no volume .* and no folder of slices"):
        in_volume_file(tmp_path / "empty")


def test_a_file_for_each_object_is_no_slice(tmp_path: Path) -> None:
    for case in "abcd":
        save(tmp_path / "set" / case / "images" / f"{case}.png", volume()[0][0])
        for k in range(2):
            save(tmp_path / "set" / case / "masks" / f"{k}.png", np.roll(volume()[1][0], 9 * k, axis=0))
    with pytest.raises(ConfigError, match=r"--stacks volumes: set is .*, which are no stacks"):
        loaded(tmp_path / "set")
