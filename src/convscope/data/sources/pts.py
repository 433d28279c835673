"""Images with a ``.pts`` file of the same name beside each: the points of a face, as 300-W, LFPW and HELEN have them.

    version: 1
    n_points: 68
    {
    446.0 91.4
    ...
    }

Such files count pixels from 1 (menpo reads them so, too): 1 is subtracted, and the set says so.
"""

from __future__ import annotations

import functools
import re

import numpy as np

from convscope.data.dataset import Notice
from convscope.data.listing import Listing, Target
from convscope.data.numerals import real
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.files import FileImages, Files, hidden_notice, is_image, set_name, strings
from convscope.data.sources.point_columns import checked
from convscope.data.sources.splitnames import split_of
from convscope.errors import DataError
from convscope.text import count, listed

ENDING = ".pts"
FIRST = 1.0  # what the files call the first pixel
SHOWN = 5


def find(files: Files) -> list[Candidate]:
    """Return a candidate where ``.pts`` files have images beside them."""
    pairs = _pairs(files)
    if not pairs:
        return []
    folders = sorted({name.rpartition("/")[0] or "." for name in pairs})
    # A few beside many images may belong to something else: only where there is nothing else are they the set.
    images = sum(map(is_image, files.names))
    return [
        Candidate(
            "points (.pts)",
            listed(folders, 3),
            functools.partial(read, files),
            2 * len(pairs) >= images,
            tuple(pairs.values()),
        )
    ]


def read(files: Files) -> Listing:
    """List the images that have a ``.pts`` file.

    Raises:
        DataError: a file that is none of this form, or files with different numbers of points.
    """
    pairs = _pairs(files)
    images = sorted(pairs)
    _refuse_shared(files, pairs)
    shapes = [_points(_text(files, pairs[name]), f"{files.path}/{pairs[name]}") for name in images]
    sizes = {len(shape) for shape in shapes}
    if len(sizes) > 1:
        usual = max(sizes, key=[len(shape) for shape in shapes].count)
        odd = [
            f"{pairs[name]}: {len(shape)}" for name, shape in zip(images, shapes, strict=True) if len(shape) != usual
        ]
        raise DataError(
            f"{files.path}: {count(len(odd), '.pts file')} of another number of points than {usual} "
            f"({listed(odd, SHOWN)}); all images need the same points"
        )
    names = tuple(f"point_{k}" for k in range(len(shapes[0])))
    points, notices = checked(str(files.path), np.stack(shapes) - FIRST, names, images)
    ids = strings(images)
    alone = [name for name in files.names if is_image(name) and name not in pairs]
    left = (_left_out(alone),) if alone else ()
    return Listing(
        name=set_name(files.path),
        kind=f".pts files ({count(len(names), 'point')} an image, counted from pixel 1: 1 taken off)",
        images=FileImages(files, ids),
        ids=ids,
        target=Target("points", points, names, name="points"),
        split=np.array([split_of(name.split("/")[:-1]) for name in images], "<U5"),
        notices=(*hidden_notice(files), *left, *notices),
    )


def _left_out(images: list[str]) -> Notice:
    text = f"{count(len(images), 'image has', 'images have')} no .pts file; left out ({listed(images, 3)})"
    return Notice("left-out", text, tuple(images[:20]))


def _pairs(files: Files) -> dict[str, str]:
    """Return the ``.pts`` file of each image that has one of its name, in the same folder."""
    points = {name[: -len(ENDING)]: name for name in files.names if name.lower().endswith(ENDING)}
    return {
        name: points[stem] for name in files.names if is_image(name) and (stem := name.rpartition(".")[0]) in points
    }


def _refuse_shared(files: Files, pairs: dict[str, str]) -> None:
    """Raise ``DataError`` where one file has two images of its name, ``a.jpg`` and ``a.png``."""
    images: dict[str, list[str]] = {}
    for image, points in pairs.items():
        images.setdefault(points, []).append(image)
    shared = [f"{points}: {' and '.join(of)}" for points, of in images.items() if len(of) > 1]
    if shared:
        raise DataError(
            f"{files.path}: {count(len(shared), '.pts file')} beside several images ({listed(shared, SHOWN)}); keep one"
        )


def _text(files: Files, name: str) -> str:
    try:
        return files.read(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{files.path}/{name}: not UTF-8 text at byte {error.start}") from None


def _points(text: str, where: str) -> np.ndarray:
    """Return the points (K, 2) of a file's text."""
    matched = re.search(r"\{(?P<points>[^{}]*)\}", text)
    if not matched:
        raise DataError(f"{where}: expected points between {{ and }}, one x y a line, found none")
    first = text[: matched.start("points")].count("\n")
    points = []
    for number, line in enumerate(matched["points"].split("\n"), first + 1):
        words = line.split()
        if not words:
            continue
        numbers = [real(word) for word in words]
        if len(words) != 2 or None in numbers:
            missing = [word.lower() for word in words] == ["nan", "nan"]
            if not missing:
                raise DataError(f"{where} row {number}: expected x and y, found {line.strip()[:60]!r}")
            numbers = [np.nan, np.nan]
        points.append(numbers)
    stated = re.search(r"n_points:\s*(\d+)", text[: matched.start()])
    if not points or (stated and int(stated[1]) != len(points)):
        said = f"n_points: {stated[1]}" if stated else "some points"
        raise DataError(f"{where}: expected {said}, found {count(len(points), 'point')}")
    return np.array(points, np.float64)
