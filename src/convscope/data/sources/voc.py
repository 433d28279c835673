"""The layout of Pascal VOC: ``JPEGImages``, ``SegmentationClass`` or ``SegmentationObject``, ``ImageSets``."""

from __future__ import annotations

import functools

from convscope.data.listing import Listing, Masks
from convscope.data.notice import Notice
from convscope.data.sources.candidate import SPLITS, Candidate, by_number
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, is_image, strings
from convscope.data.sources.mask_files import FileMasks
from convscope.data.sources.mask_listing import listing_of
from convscope.data.sources.mask_pairing import Pairs
from convscope.errors import DataError
from convscope.text import count

MASKS = ("SegmentationClass", "SegmentationObject")
LABEL_MAP = "labelmap.txt"  # CVAT writes it: name:red,green,blue:parts:actions


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate for each folder with images, and masks of classes or of objects."""
    roots = sorted({folder[: -len(kind)] for kind in MASKS for folder in files.folders if folder.endswith(kind)})
    return [
        Candidate(
            "Pascal VOC", root.rstrip("/") or ".", functools.partial(_read, files, root),
            files=tuple(name for name in files.names if name.startswith(f"{root}ImageSets/")),
        )
        for root in roots
        if root.endswith("/") or not root
    ]  # fmt: skip


def _read(files: Files, root: str) -> Listing:
    """List the images that have a mask, in the splits that ``ImageSets/Segmentation`` tells.

    Raises:
        DataError: no mask has an image.
    """
    kind = next(kind for kind in MASKS if f"{root}{kind}" in files.folders)
    masks, images = _by_stem(files, f"{root}{kind}/"), _by_stem(files, f"{root}JPEGImages/")
    split = _splits(files, root)
    pairs = Pairs()
    for stem in sorted(masks, key=by_number):
        if stem in images:
            pairs.add(images[stem], masks[stem], split.get(stem, ""))
        else:
            pairs.unpaired.append(masks[stem])
    if not pairs.images:
        raise DataError(
            f"{files.path}: none of {count(len(masks), 'mask')} in {root}{kind} has an image in {root}JPEGImages"
        )
    pairs.unmasked = [images[stem] for stem in split if stem in images and stem not in masks]
    wanted = {*pairs.images, *pairs.unmasked}
    pairs.unlabelled = [name for name in images.values() if name not in wanted]
    target = Masks(FileMasks(files, strings(pairs.masks)), _names(files, root), kind == "SegmentationObject" or None)
    both = all(f"{root}{each}" in files.folders for each in MASKS)
    notices = [Notice("other-masks", f"{root}SegmentationObject holds objects and is not used")] if both else []
    return listing_of(files, f"Pascal VOC (JPEGImages and {kind})", pairs, target=target, notices=notices)


def _by_stem(files: Files, folder: str) -> dict[str, str]:
    inside = (name for name in files.names if name.startswith(folder) and is_image(name))
    return {name.removeprefix(folder).rpartition(".")[0]: name for name in inside}


def _splits(files: Files, root: str) -> dict[str, str]:
    """Return the split of each image that a list of one split names."""
    split: dict[str, str] = {}
    for folder in ("ImageSets/Segmentation/", "ImageSets/Main/"):
        for word, name in SPLITS.items():
            path = f"{root}{folder}{word}.txt"
            if path in files.names:
                split |= {line.split()[0]: name for line in files.read(path).decode().splitlines() if line.strip()}
        if split:
            return split
    return {}


def _names(files: Files, root: str) -> dict[float, str]:
    """Return the names of colours that a label map tells."""
    if f"{root}{LABEL_MAP}" not in files.names:
        return {}
    names: dict[float, str] = {}
    for line in files.read(f"{root}{LABEL_MAP}").decode().splitlines():
        name, _, rest = line.partition(":")
        parts = rest.partition(":")[0].split(",")
        if not line.startswith("#") and len(parts) == 3 and all(part.strip().isdecimal() for part in parts):
            red, green, blue = (int(part) for part in parts)
            names[float(red << 16 | green << 8 | blue)] = name
    return names
