"""COCO objects: a JSON file of ``images``, and of ``annotations`` with a ``segmentation``: polygons or run lengths.

What is a crowd is void. Of several categories the pixels' classes are learned, of one its objects.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from convscope.data.decode.encoded import MAX_PIXELS, TooLarge, Unreadable
from convscope.data.decode.regions import polygon_pixels, run_lengths, run_pixels
from convscope.data.listing import Listing, Masks, RawMask
from convscope.data.notice import Notice
from convscope.data.sources.candidate import SPLIT_ORDER, SPLITS, Candidate
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import FileImages, Files, hidden_notice, set_name, strings
from convscope.data.sources.mask_files import stacked_objects
from convscope.data.sources.matching import Matcher
from convscope.data.sources.rowfiles import left_out, refuse_twice, with_files
from convscope.data.sources.splitnames import BySplit, split_of, split_sets
from convscope.errors import DataError
from convscope.text import count, listed

MARK = b'"segmentation"'
MOST_FILES = 20  # a set has one a split; more are something else, and each is read to look for the mark
SHOWN = 5
VOID = -1  # the class of a crowd

Annotation = Mapping[str, Any]


class RegionMasks:
    """Masks drawn from regions: object k + 1 of an image is its k-th annotation."""

    def __init__(
        self, names: np.ndarray, sizes: Sequence[tuple[int, int]], annotations: Sequence[Sequence[Annotation]],
        numbers: Mapping[int, int], stamp: str,
    ) -> None:  # fmt: skip
        """``numbers`` are those of the categories, by their id."""
        self.names = names
        self._sizes, self._annotations, self._numbers, self._stamp = sizes, annotations, numbers, stamp

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """Return the hash of the files."""
        return self._stamp

    def read(self, row: int) -> RawMask:
        """Return one mask."""
        return _drawn(self._sizes[row], self._annotations[row], self._numbers, MAX_PIXELS)

    def each(self, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[int, Callable[[], RawMask]]]:
        """Yield (row, what draws its mask)."""
        for row in range(len(self)):
            yield (
                row,
                functools.partial(_drawn, self._sizes[row], self._annotations[row], self._numbers, max_pixels),
            )


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return a candidate for each set of JSON files (one a split) that hold regions."""
    tables = [name for name in files.names if name.lower().endswith(".json")]
    marked = [name for name in tables if len(tables) <= MOST_FILES and MARK in files.read(name)]
    return [
        Candidate("COCO objects", ", ".join(each.values()), functools.partial(_read, files, each),
                  files=tuple(each.values()))
        for each in _by_split(marked)
    ]  # fmt: skip


def _by_split(names: Sequence[str]) -> list[BySplit]:
    """Return the files of one set: those that are named after splits, or lie in the folders of splits."""
    by_folder = {split_of(name.split("/")[:-1]): name for name in names}
    if len(by_folder) == len(names) > 1 and "" not in by_folder:
        return [{split: by_folder[split] for split in SPLIT_ORDER if split in by_folder}]
    return split_sets(names)


def _read(files: Files, by_split: BySplit) -> Listing:
    """List the images of a file, or of one for each split.

    Raises:
        DataError: no JSON, or not of this form; files of different categories; missing files.
    """
    matcher = Matcher(files)
    tables = {split: _parsed(files.read(name), f"{files.path}/{name}") for split, name in by_split.items()}
    names = _categories(files, by_split, tables)
    numbers = {number: k for k, number in enumerate(names)}
    images: list[str] = []
    sizes: list[tuple[int, int]] = []
    annotations: list[list[Annotation]] = []
    split: list[str] = []
    notices: list[Notice] = []
    refs: list[str] = []
    absent = None
    for word, table in tables.items():
        where = f"{files.path}/{by_split[word]}"
        listed_images = cast(list[Mapping[str, Any]], table["images"])
        paths = [str(each["file_name"]) for each in listed_images]
        ids = [str(each["id"]) for each in listed_images]
        rows = with_files(where, ids, paths, matcher, by_split[word].rpartition("/")[0], word)
        by_image = _by_image(table, {each["id"] for each in listed_images}, where)
        for k, name in zip(rows.kept, rows.names, strict=True):
            images.append(name)
            sizes.append((int(listed_images[k]["height"]), int(listed_images[k]["width"])))
            annotations.append(by_image[listed_images[k]["id"]])
            split.append(word or split_of(name.split("/")[:-1]))
            refs.append(f"{ids[k]} of {by_split[word]}")
        notices += rows.notices
        absent = absent or rows.absent
    refuse_twice(str(files.path), refs, images)
    stamp = files.fingerprint(strings(list(by_split.values())))
    stamp = hashlib.blake2b(f"{stamp} {images}".encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    ids_of_images = strings(images)
    reader = RegionMasks(ids_of_images, sizes, annotations, numbers, stamp)
    classes = {0.0: "background", **{float(k + 1): name for k, name in enumerate(names.values())}}
    return Listing(
        name=set_name(files.path),
        kind=f"COCO objects {', '.join(by_split.values())} ({count(len(names), 'category', 'categories')}: "
        f"{listed(names.values(), 3)})",
        images=FileImages(files, ids_of_images),
        ids=ids_of_images,
        target=Masks(reader, classes, objects=len(names) == 1 or None),
        split=np.array([SPLITS.get(word, word) for word in split], "<U5"),
        notices=(*hidden_notice(files), *left_out(files, set(images)), *notices, *_bare(annotations)),
        absent=absent,
    )


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        table = json.loads(data)
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error})") from None
    parts = ("images", "annotations", "categories")
    if not isinstance(table, dict) or not all(isinstance(table.get(key), list) for key in parts):
        raise DataError(f"{where}: expected COCO's images, annotations and categories")
    for part, keys in (("images", ("id", "file_name", "height", "width")), ("annotations", ("image_id",)),
                       ("categories", ("id", "name"))):  # fmt: skip
        for k, each in enumerate(cast(list[Any], table[part])):
            lacking = [key for key in keys if not isinstance(each, dict) or key not in each]
            if lacking:
                raise DataError(f"{where}: {part}[{k}] lacks {', '.join(lacking)}")
    _check_images(cast(list[Mapping[str, Any]], table["images"]), where)
    return cast(Mapping[str, Any], table)


def _check_images(images: Sequence[Mapping[str, Any]], where: str) -> None:
    """Refuse images without a size, and two of one id: whose the annotations are, nothing would tell."""
    first: dict[Any, int] = {}
    for k, each in enumerate(images):
        for side in ("height", "width"):
            if not isinstance(each[side], int | float) or each[side] < 1:
                raise DataError(f"{where}: images[{k}]: the {side} {each[side]!r}; expected a number of pixels")
        try:
            other = first.setdefault(each["id"], k)
        except TypeError:
            raise DataError(f"{where}: images[{k}]: the id {each['id']!r}; expected a number or a text") from None
        if other != k:
            raise DataError(f"{where}: images[{other}] and images[{k}] have one id, {each['id']}; give each its own")


def _categories(files: Files, by_split: BySplit, tables: Mapping[str, Mapping[str, Any]]) -> dict[int, str]:
    """Return the names of the categories that have objects, or of all where only their file's order tells."""
    told = [{each["id"]: str(each["name"]) for each in table["categories"]} for table in tables.values()]
    if any(names != told[0] for names in told):
        raise DataError(f"{files.path}: the files {', '.join(by_split.values())} name different categories")
    used = {each.get("category_id") for table in tables.values() for each in table["annotations"]}
    if unknown := sorted(str(number) for number in used - told[0].keys()):
        raise DataError(f"{files.path}: annotations of categories that are not listed: ids {listed(unknown, SHOWN)}")
    return {number: name for number, name in told[0].items() if number in used}


def _by_image(table: Mapping[str, Any], known: set[Any], where: str) -> dict[Any, list[Annotation]]:
    """Return the annotations of each image."""
    by_image: dict[Any, list[Annotation]] = defaultdict(list)
    unknown: list[str] = []
    for each in cast(list[Annotation], table["annotations"]):
        if each["image_id"] not in known:
            unknown.append(str(each["image_id"]))
        else:
            by_image[each["image_id"]].append(each)
    if unknown:
        raise DataError(f"{where}: annotations of images that are not listed: ids {listed(unknown, SHOWN)}")
    return by_image


def _bare(annotations: Sequence[Sequence[Annotation]]) -> list[Notice]:
    bare = sum(not those for those in annotations)
    if not bare:
        return []
    return [Notice("no-objects", f"{count(bare, 'image has', 'images have')} no annotated object; kept as background")]


def _drawn(
    size: tuple[int, int], annotations: Sequence[Annotation], numbers: Mapping[int, int], max_pixels: int
) -> RawMask:
    height, width = size
    if height * width > max_pixels:
        raise TooLarge(f"{width:,} × {height:,}", max_pixels)
    regions: list[np.ndarray] = []
    for each in annotations:
        try:
            regions.append(_region(each.get("segmentation"), height, width))
        except Unreadable as error:
            raise Unreadable(f"annotation {each.get('id')}: {error}") from None
    # Crowds lie below single objects, whatever their size.
    crowds = [k for k, each in enumerate(annotations) if each.get("iscrowd")]
    values = stacked_objects(size, regions, below=crowds)
    classes = [VOID if each.get("iscrowd") else numbers[each["category_id"]] + 1 for each in annotations]
    return RawMask(values, classes=np.array([0, *classes], np.int64))


def _region(told: Any, height: int, width: int) -> np.ndarray:
    if not told:  # taken for background, what is there would be learned as not there
        raise Unreadable("no region, a box at most; draw it, or take the annotation out")
    if isinstance(told, list):
        return polygon_pixels(cast(list[list[float]], told), height, width)
    if not isinstance(told, dict) or "counts" not in told:
        raise Unreadable(f"a region of the form {str(told)[:40]}; expected polygons or run lengths")
    region = cast(dict[str, Any], told)
    counts = region["counts"]
    if list(region.get("size", (height, width))) != [height, width]:
        raise Unreadable(f"run lengths of the size {region['size']}, in an image of {[height, width]}")
    return run_pixels(counts if isinstance(counts, list) else run_lengths(counts), height, width)
