"""Images and masks in sibling folders: ``images/7.png`` and ``masks/7.png``, splits or patients above or below.

The pairs are told by the files' names, never by their order. Several files for one image, in a folder that bears its
name or beside it, are its objects, one each.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence

from convscope.data.listing import Listing, Masks
from convscope.data.notice import Notice
from convscope.data.sources.candidate import Candidate, by_number
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files, is_image, strings
from convscope.data.sources.mask_files import ObjectMasks
from convscope.data.sources.mask_folders import PAIRED, Folders, Place, folder_roles, placed
from convscope.data.sources.mask_listing import listing_of
from convscope.data.sources.mask_pairing import Pairs
from convscope.data.sources.masks import without_shared_words
from convscope.errors import DataError
from convscope.text import count, listed

PREFERRED = (  # of several kinds of masks
    "manual", "gtfine labeltrainids", "gtfine labelids", "mask", "masks", "label", "labels", "annotation",
    "annotations", "gt", "groundtruth",
)  # fmt: skip
_VARIANT = re.compile(
    r"[-_. ](color|colour|instanceids|labelids|labeltrainids)$"
)  # of one mask, as Cityscapes has them


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate where folders are called as those of images and of masks are."""
    roles = folder_roles(files.folders, files.names)
    if not {"image", "mask"} <= {folder.role for folder in roles.values()}:
        return []
    if not {"image", "mask"} <= {placed(name, roles)[0] for name in files.names if is_image(name)}:
        return []
    return [Candidate("images with masks", ".", functools.partial(read, files, roles, columns))]


def read(files: Files, roles: Folders, columns: Columns) -> Listing:
    """List the pairs among files, in folders of known ``roles``.

    Raises:
        DataError: no names pair, or an image has two masks.
    """
    places: dict[str, list[Place]] = {"image": [], "mask": [], "": []}
    for name in sorted(filter(is_image, files.names), key=by_number):  # slices of a stack follow each other
        kind, place = placed(name, roles)
        places[kind].append(place)
    images = places["image"]
    masks, others = _one_kind(places["mask"], images)
    notices = [_other_masks(others)] if others else []
    grouped = columns.group is None
    where = f"{_folders(images)} and {_folders(masks)}"
    objects = _objects(images, masks)
    pairs = Pairs(unlabelled=[place.file for place in places[""]])
    if objects:
        homes = {_above(image) for image in images if image.file in objects}
        parts: list[list[str]] = []
        for image in images:
            if those := objects.get(image.file):
                pairs.add(image.file, those[0].rpartition("/")[0], image.split)
                parts.append(those)
            else:
                (pairs.unmasked if _above(image) in homes else pairs.unlabelled).append(image.file)
        target = Masks(ObjectMasks(files, strings(pairs.masks), parts), objects=True)
        return listing_of(files, f"images with a file for each object ({where})", pairs, target=target, notices=notices)
    _pair(files, images, masks, pairs)
    return listing_of(files, f"images with masks ({where})", pairs, notices=notices, grouped=grouped)


def _one_kind(masks: Sequence[Place], images: Sequence[Place]) -> tuple[list[Place], list[Place]]:
    """Return the masks in folders of one name, and the others: the name that pairs most images, ``mask`` before others.

    Folders that differ in the words of a split are of one name.
    """
    kinds: dict[str, list[Place]] = {}
    for place in masks:
        kinds.setdefault(_kind(place), []).append(place)
    stems = {(image.root, image.stem) for image in images}

    def rank(kind: str) -> tuple[int, int, str]:
        paired = sum((place.root, place.stem) in stems for place in kinds[kind])
        return -paired, PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED), kind

    first, *rest = sorted(kinds, key=rank)
    return kinds[first], [place for kind in rest for place in kinds[kind]]


def _kind(place: Place) -> str:
    """Return which kind of masks a file is of: the words of its folder, and which of several drawings it is."""
    variant = _VARIANT.search(place.below)
    return f"{place.kind} {variant[1]}" if variant else place.kind


def _objects(images: Sequence[Place], masks: Sequence[Place]) -> dict[str, list[str]]:
    """Return the files of each image's objects, where masks have one file an object; else nothing.

    They lie below a folder called as the image, or beside the only image of their folder, under other names.
    """
    by_folder: dict[tuple[str, str], list[str]] = {}
    for mask in masks:
        by_folder.setdefault((mask.root, mask.below.rpartition("/")[0]), []).append(mask.file)
    named = {i.file: by_folder[key] for i in images if (key := (i.root, i.below)) in by_folder}
    if len(named) >= PAIRED * len(images):
        return named
    alone: dict[str, list[Place]] = {}
    for image in images:
        alone.setdefault(image.root, []).append(image)
    if any(len(those) > 1 for those in alone.values()) or len(alone) < 2:
        return {}
    beside: dict[str, list[Place]] = {}
    for mask in masks:
        beside.setdefault(mask.root, []).append(mask)
    several = any(len(those) > 1 for those in beside.values())
    other_names = all(
        mask.stem != alone[root][0].stem for root, those in beside.items() for mask in those if root in alone
    )
    if not (several or other_names):
        return {}
    return {those[0].file: [mask.file for mask in beside[root]] for root, those in alone.items() if root in beside}


def _above(image: Place) -> tuple[str, str]:
    """Return the folder in which those of the images lie, and its split."""
    return image.root.rpartition("/")[0], image.split


def _pair(files: Files, images: Sequence[Place], masks: Sequence[Place], pairs: Pairs) -> None:
    """Pair images and masks by the names that pair most of them."""
    ways = [_keys(images, masks, lambda place: place.below), _keys(images, masks, lambda place: place.stem)]
    best = max(ways, key=lambda way: _paired(*way))
    if _paired(*best) < PAIRED * min(len(images), len(masks)):
        best = max(best, (_words_apart(images), _words_apart(masks)), key=lambda way: _paired(*way))
    by_image, by_mask = best
    if not by_image.keys() & by_mask.keys():
        raise DataError(
            f"{files.path}: no image has a mask of its name: {count(len(images), 'image')} such as {images[0].file}, "
            f"{count(len(masks), 'mask')} such as {masks[0].file}; they are not paired by their order. Give both files "
            "of a pair one name, or list them in a CSV with the columns image and mask"
        )
    _refuse_twice(by_image, "image")
    _refuse_twice(by_mask, "mask")
    with_masks = {_home(by_image[key][0]) for key in by_image.keys() & by_mask.keys()}
    for key, (image, *_) in by_image.items():
        if key in by_mask:
            mask = by_mask[key][0]
            pairs.add(image.file, mask.file, image.split or mask.split, image.root)
        elif _home(image) in with_masks:
            pairs.unmasked.append(image.file)
        else:
            pairs.unlabelled.append(image.file)
    pairs.unpaired += [mask.file for key, (mask, *_) in by_mask.items() if key not in by_image]


Keyed = dict[tuple[str, str, str], list[Place]]


def _home(place: Place) -> tuple[str, str, str]:
    return place.root, place.folder, place.split


def _keys(images: Sequence[Place], masks: Sequence[Place], stem: Callable[[Place], str]) -> tuple[Keyed, Keyed]:
    return _keyed(images, map(stem, images)), _keyed(masks, map(stem, masks))


def _words_apart(places: Sequence[Place]) -> Keyed:
    """Return files by what tells their names apart from each other: 1 and 2 of ``1_manual`` and ``2_manual``."""
    stems = dict.fromkeys(place.below for place in places)
    apart = {stem: key for key, stem in without_shared_words({stem: stem for stem in stems}).items()}
    return _keyed(places, [apart.get(place.below, place.below) for place in places])


def _keyed(places: Sequence[Place], stems: Iterable[str]) -> Keyed:
    keyed: Keyed = {}
    for place, stem in zip(places, stems, strict=True):
        keyed.setdefault((place.root, place.split, stem), []).append(place)
    return keyed


def _paired(a: Keyed, b: Keyed) -> int:
    return len(a.keys() & b.keys())


def _refuse_twice(keyed: Keyed, what: str) -> None:
    twice = [[place.file for place in those] for those in keyed.values() if len(those) > 1]
    if twice:
        raise DataError(
            f"{count(len(twice), 'pair')} with several {what}s ({' and '.join(twice[0][:3])}); keep one of each"
        )


def _folders(places: Sequence[Place]) -> str:
    return listed(sorted({f"{place.folder}/" for place in places}), 3)


def _other_masks(others: Sequence[Place]) -> Notice:
    text = f"{count(len(others), 'file')} in {_folders(others)} not used: masks are taken from one folder"
    return Notice("other-masks", text, tuple(place.file for place in others[:20]))
