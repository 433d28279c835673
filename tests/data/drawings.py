"""Small images with masks, written in every layout that is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

H, W = 24, 20


def image(seed: int, height: int = H, width: int = W, channels: int = 3) -> np.ndarray:
    """Return light and shade (H, W, 3), or (H, W) for one channel."""
    walk = np.random.default_rng(seed).normal(size=(height, width, channels)).cumsum(0).cumsum(1)
    pixels = (255 * (walk - walk.min()) / np.ptp(walk)).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def boxes(seed: int, values: tuple[int, ...] = (255,), height: int = H, width: int = W) -> np.ndarray:
    """Return a mask (H, W) uint8 with one box of each value on 0."""
    rng, mask = np.random.default_rng(seed), np.zeros((height, width), np.uint8)
    for k, value in enumerate(values):
        top, left = rng.integers(0, 4), rng.integers(0, 4) + 6 * k % width
        mask[top : top + 8 + k, left : left + 6] = value
    return mask


def save(path: Path, pixels: np.ndarray, **options: Any) -> Path:
    """Write an image file, whatever its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, pixels)
    elif path.suffix in (".tif", ".tiff"):
        tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    else:
        Image.fromarray(pixels).save(path, **options)
    return path


def palette_png(path: Path, indices: np.ndarray) -> Path:
    """Write a palette PNG whose colours say nothing of its indices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = Image.frombytes("P", indices.shape[::-1], indices.tobytes())
    drawn.putpalette([(7 * k + c * 31) % 256 for k in range(256) for c in range(3)])
    drawn.save(path)
    return path


def pair_folders(
    root: Path, n: int = 6, images: str = "images/{i}.png", masks: str = "masks/{i}.png", **how: Any
) -> Path:
    """Write pairs of files; ``how`` is for ``boxes``."""
    for i in range(n):
        save(root / images.format(i=i), image(i))
        save(root / masks.format(i=i), boxes(i, **how))
    return root


def nnunet(root: Path) -> Path:
    """Write two channels a case, one test case without label, and names."""
    for i in range(4):
        for channel in range(2):
            save(root / f"imagesTr/case_{i}_000{channel}.png", image(2 * i + channel, channels=1))
        save(root / f"labelsTr/case_{i}.png", boxes(i, (1, 2)))
    for channel in range(2):
        save(root / f"imagesTs/case_9_000{channel}.png", image(90 + channel, channels=1))
    told = {"channel_names": {"0": "a", "1": "b"}, "labels": {"background": 0, "liver": 1, "lesion": 2}}
    (root / "dataset.json").write_text(json.dumps(told))
    return root


def voc(root: Path) -> Path:
    """Write five images, four of which have a palette mask with a void border, in two splits."""
    for i in range(5):
        save(root / f"JPEGImages/2007_{i}.jpg", image(i))
        if i < 4:
            mask = boxes(i, (1, 15))
            mask[0] = 255
            palette_png(root / f"SegmentationClass/2007_{i}.png", mask)
    lists = root / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("2007_0\n2007_1\n2007_2\n")
    (lists / "val.txt").write_text("2007_3\n")
    return root


def object_files(root: Path) -> Path:
    """Write a folder an image, with a file an object: image k has k + 1 of them."""
    for i in range(4):
        save(root / f"id{i}/images/id{i}.png", image(i))
        for k in range(i + 1):
            mask = np.zeros((H, W), np.uint8)
            mask[2 + 5 * k : 5 + 5 * k, 3:9] = 255
            save(root / f"id{i}/masks/{chr(97 + k)}{i}.png", mask)
    return root


def coco(root: Path, categories: int = 2) -> Path:
    """Write three images: polygons with a hole, run lengths plain and compressed, a crowd; one without objects."""
    for i in range(3):
        save(root / f"images/{i}.png", image(i))
    runs = [2 * H + 3, 4, H - 4, 4]
    regions = [
        (0, 1, {"segmentation": [[2, 2, 12, 2, 12, 12, 2, 12], [5, 5, 9, 5, 9, 9, 5, 9]]}),
        (1, categories, {"segmentation": {"size": [H, W], "counts": [*runs, H * W - sum(runs)]}}),
        (1, 1, {"segmentation": {"size": [H, W], "counts": [15 * H, 2 * H, 3 * H]}, "iscrowd": 1}),
    ]
    told = {
        "images": [{"id": i, "file_name": f"{i}.png", "height": H, "width": W} for i in range(3)],
        "annotations": [{"id": k, "image_id": i, "category_id": c, **r} for k, (i, c, r) in enumerate(regions)],
        "categories": [{"id": c, "name": f"kind{c}"} for c in range(1, categories + 1)],
    }
    (root / "annotations").mkdir()
    (root / "annotations/objects.json").write_text(json.dumps(told))
    return root


def table(root: Path) -> Path:
    """Write a CSV of images and masks in no order of names; the last image has no mask."""
    rows = ["image,mask,split,patient"]
    for i in range(5):
        save(root / f"scans/s{i}.png", image(i))
        if i < 4:
            save(root / f"drawn/{'dbca'[i]}.png", boxes(i))
        mask = f"drawn/{'dbca'[i]}.png" if i < 4 else ""
        rows.append(f"scans/s{i}.png,{mask},{'test' if i == 3 else 'train'},p{i // 2}")
    (root / "pairs.csv").write_text("\n".join(rows) + "\n")
    return root


def stacks(root: Path, pages: int = 5) -> Path:
    """Write a stack of slices with its labels, and one without."""
    save(root / "train-volume.tif", np.stack([image(i, channels=1) for i in range(pages)]))
    save(root / "train-labels.tif", np.stack([boxes(i) for i in range(pages)]))
    save(root / "test-volume.tif", np.stack([image(9 + i, channels=1) for i in range(pages)]))
    return root


def npz(root: Path) -> Path:
    """Write an archive of images and masks, and the names of classes."""
    root.mkdir(parents=True, exist_ok=True)
    x, y = np.stack([image(i) for i in range(4)]), np.stack([boxes(i, (1, 2)) for i in range(4)])
    np.savez(root / "set.npz", x=x, y=y, class_names=np.array(["nothing", "left", "right"]))
    return root / "set.npz"
