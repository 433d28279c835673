"""COCO key points: a JSON file of ``images``, ``annotations`` with ``keypoints`` (x, y, visibility) and their names.

Visibility 0 means not labelled: the point is missing; 1 (hidden) and 2 (seen) are points alike. Images with several
annotated objects are refused: a network of points finds those of one.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.dataset import Notice
from convscope.data.listing import Listing, Target
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.files import FileImages, Files, hidden_notice, set_name, strings
from convscope.data.sources.matching import Matcher
from convscope.data.sources.point_columns import checked
from convscope.data.sources.rowfiles import left_out, refuse_twice, with_files
from convscope.data.sources.splitnames import BySplit, split_sets
from convscope.errors import DataError
from convscope.text import count, listed

MARK = b'"keypoints"'
SHOWN = 5
MOST_FILES = 20  # a set has one a split; more are something else, and each is read to look for the mark


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each set of JSON files (one a split) that hold key points."""
    tables = [name for name in files.names if name.lower().endswith(".json")]
    marked = [name for name in tables if len(tables) <= MOST_FILES and MARK in files.read(name)]
    return [
        Candidate(
            "COCO key points",
            ", ".join(each.values()),
            functools.partial(read, files, each),
            files=tuple(each.values()),
        )
        for each in split_sets(marked)
    ]


def read(files: Files, by_split: BySplit) -> Listing:
    """List the images with key points of a file (``{"": name}``), or of one for each split.

    Raises:
        DataError: no JSON, or not of this form; several objects in an image; files of different points; missing files.
    """
    matcher = Matcher(files)
    parts = [_read_one(files, name, split, matcher) for split, name in by_split.items()]
    names = parts[0].names
    if any(part.names != names for part in parts):
        raise DataError(f"{files.path}: the files {', '.join(by_split.values())} name different key points")
    images = [name for part in parts for name in part.images]
    where = f"{files.path}/{', '.join(by_split.values())}"
    points, notices = checked(where, np.concatenate([part.points for part in parts]), names, images)
    refs = [f"{ref} of {name}" for name, part in zip(by_split.values(), parts, strict=True) for ref in part.refs]
    refuse_twice(str(files.path), refs, images)
    ids = strings(images)
    return Listing(
        name=set_name(files.path),
        kind=f"COCO key points {', '.join(by_split.values())} ({count(len(names), 'point')}: {listed(names, 3)})",
        images=FileImages(files, ids),
        ids=ids,
        target=Target("points", points, names, name="keypoints"),
        split=np.concatenate(
            [np.full(len(part.images), split, "<U5") for split, part in zip(by_split, parts, strict=True)]
        ),
        notices=(
            *hidden_notice(files),
            *left_out(files, set(images)),
            *(notice for part in parts for notice in part.notices),
            *notices,
        ),
        absent=next((part.absent for part in parts if part.absent), None),
    )


class _Part:
    """The images of one file with their points (n, K, 2), and what is to be told."""

    def __init__(
        self, images: list[str], refs: list[str], points: np.ndarray, names: tuple[str, ...], absent: Notice | None
    ):
        self.images, self.refs, self.points, self.names, self.absent = images, refs, points, names, absent
        self.notices: list[Notice] = []


def _read_one(files: Files, name: str, split: str, matcher: Matcher) -> _Part:
    where = f"{files.path}/{name}"
    table = _parsed(files.read(name), where)
    paths = {each["id"]: str(each["file_name"]) for each in table["images"]}
    labelled = [
        each for each in table["annotations"] if each.get("num_keypoints", 1) and any(each.get("keypoints") or ())
    ]
    if not labelled:
        raise DataError(f"{where}: no annotation has key points")
    several = [
        paths.get(image, image) for image, number in Counter(e["image_id"] for e in labelled).items() if number > 1
    ]
    if several:
        raise DataError(
            f"{where}: {count(len(several), 'image')} with several annotated objects "
            f"({listed(map(str, several), SHOWN)}): the points of one object an image can be learned; cut each object "
            "out, or keep one of each image"
        )
    unknown = [str(each["image_id"]) for each in labelled if each["image_id"] not in paths]
    if unknown:
        raise DataError(f"{where}: annotations of images that are not listed: ids {listed(unknown, SHOWN)}")
    names = _names(table, labelled, where)
    points = np.stack([_points(each, len(names), where) for each in labelled])
    refs = [f"{each['id']}" for each in labelled]
    rows = with_files(
        where, refs, [paths[each["image_id"]] for each in labelled], matcher, name.rpartition("/")[0], split
    )
    part = _Part(rows.names, [refs[i] for i in rows.kept], points[rows.kept], names, rows.absent)
    part.notices += rows.notices
    bare = len(paths) - len(labelled)
    if bare:
        part.notices.append(Notice("no-points", f"{where}: {count(bare, 'image')} without key points; left out"))
    return part


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        table = json.loads(data)
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error})") from None
    lists = isinstance(table, dict) and all(isinstance(table.get(key), list) for key in ("images", "annotations"))
    if not lists or not all("id" in each and "file_name" in each for each in table["images"]):
        raise DataError(f"{where}: expected COCO's images (id, file_name) and annotations (image_id, keypoints)")
    if not all(isinstance(each, dict) and "image_id" in each for each in table["annotations"]):
        raise DataError(f"{where}: expected an image_id in every annotation")
    return table


def _names(table: Mapping[str, Any], labelled: Sequence[Mapping[str, Any]], where: str) -> tuple[str, ...]:
    """Return the names of the points that the annotations' one category has, or numbers."""
    kinds = {each.get("category_id") for each in labelled}
    if len(kinds) > 1:
        raise DataError(f"{where}: key points of {len(kinds)} categories; keep those of one")
    told = [each.get("keypoints") for each in table.get("categories", ()) if each.get("id") in kinds]
    if told and told[0]:
        return tuple(map(str, told[0]))
    return tuple(f"point_{k}" for k in range(len(labelled[0]["keypoints"]) // 3))


def _points(annotation: Mapping[str, Any], number: int, where: str) -> np.ndarray:
    """Return the points (K, 2) of an annotation, NaN for one that is not labelled."""
    values = annotation["keypoints"]
    told = f"{where}: annotation {annotation.get('id')}"
    if len(values) != 3 * number:
        raise DataError(
            f"{told}: expected {3 * number} numbers (x, y, visibility of {number} points), found {len(values)}"
        )
    try:
        triples = np.array(values, np.float64).reshape(number, 3)
    except (TypeError, ValueError):
        raise DataError(f"{told}: expected numbers, found {str(values)[:60]}") from None
    return np.where(triples[:, 2:] > 0, triples[:, :2], np.nan)
