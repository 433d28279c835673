"""Objects or class regions as GeoJSON, which QuPath, napari and geographic tools read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np

from convscope.runs.masks.outlines import Polygon, Ring, outlines_in_parts
from convscope.runs.masks.palette import colours


def write_objects(
    file: IO[bytes], labels: np.ndarray, names: Sequence[str], class_of: np.ndarray | None = None
) -> None:
    """Write one feature for each object in labels (H, W), a QuPath detection named by its number.

    ``class_of`` (n,) is the number of each object's class in ``names``, in the order of the labels 1 to n; without it
    all are the first. The first of ``names`` is the background where ``class_of`` is given, and has its colour.
    """
    _write(file, _of_objects(labels, names, class_of))


def write_regions(file: IO[bytes], mask: np.ndarray, names: Sequence[str]) -> None:
    """Write one feature for each class above 0 in a mask (H, W), a QuPath annotation of all of its regions."""
    _write(
        file,
        (
            _feature(polygons, "annotation", names[k], names[k], k)
            for k, polygons in outlines_in_parts(mask)
            if k < len(names)
        ),
    )


def _of_objects(labels: np.ndarray, names: Sequence[str], class_of: np.ndarray | None) -> Iterator[dict[str, Any]]:
    for label, polygons in outlines_in_parts(labels):
        k = 0 if class_of is None else int(class_of[label - 1])
        yield _feature(polygons, "detection", str(label), names[k], 1 if class_of is None else k)


def _feature(polygons: list[Polygon], kind: str, name: str, class_name: str, colour: int) -> dict[str, Any]:
    shapes = [[_closed(polygon.outer), *map(_closed, polygon.holes)] for polygon in polygons]
    single = len(shapes) == 1
    return {
        "type": "Feature",
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": shapes[0] if single else shapes,
        },
        "properties": {
            "objectType": kind,
            "name": name,
            "classification": {"name": class_name, "color": colours()[colour].tolist()},
        },
    }


def _closed(ring: Ring) -> list[list[int]]:
    """Return a ring that ends where it begins, as GeoJSON has it."""
    points = ring.tolist()
    return [*points, points[0]]


def _write(file: IO[bytes], features: Iterable[dict[str, Any]]) -> None:
    """Write a collection feature by feature, each on its own line."""
    file.write(b'{"type": "FeatureCollection", "features": [')
    between = b"\n"
    for feature in features:
        file.write(between + json.dumps(feature, ensure_ascii=False, separators=(",", ":")).encode())
        between = b",\n"
    file.write(b"\n]}\n")
