"""Outlines: filling them gives back the mask, and they are polygons by the book."""

from __future__ import annotations

import io
import itertools
import json
from typing import Any

import numpy as np
import pytest
from matplotlib.path import Path
from scipy import ndimage

from convscope.runs.masks import outlines as module
from convscope.runs.masks.geojson import write_objects, write_regions
from convscope.runs.masks.outlines import outlines

HOOK = np.array([[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 1]])  # two holes that meet in a corner


def filled(coordinates: list[Any], shape: tuple[int, int]) -> np.ndarray:
    """Return the mask of GeoJSON's rings, even-odd, by an independent test of each pixel's centre."""
    centres = np.stack(np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5), -1).reshape(-1, 2)
    inside = np.zeros(len(centres), int)
    for ring in coordinates:
        inside += Path(np.array(ring, float)).contains_points(centres)
    return (inside % 2 == 1).reshape(shape)


def signed_area(ring: list[list[int]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def drawn(seed: int) -> np.ndarray:
    """Return labels of all sorts: large blobs, noise, islands in holes, parts that touch in corners only."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((34, 41), np.int32)
    for number in range(1, 9):
        blob = ndimage.gaussian_filter(rng.normal(size=labels.shape), rng.uniform(0.3, 2.5))
        labels[blob > np.quantile(blob, 0.85)] = number * 5
    return labels


@pytest.mark.parametrize(
    "labels", [*map(drawn, range(6)), HOOK, HOOK[::-1], np.ones((3, 2), int), np.eye(4, dtype=int)]
)
def test_filling_gives_back_every_region(labels: np.ndarray):
    file = io.BytesIO()
    write_objects(file, labels, ["cell"])
    features = json.loads(file.getvalue())["features"]
    assert [feature["properties"]["name"] for feature in features] == [str(k) for k in np.unique(labels[labels > 0])]
    for feature in features:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        mask = labels == int(feature["properties"]["name"])
        parts = [filled(polygon, labels.shape) for polygon in polygons]
        np.testing.assert_array_equal(np.sum(parts, 0), mask)  # 1 and no more: no two polygons share a pixel
        assert len(parts) == ndimage.label(mask)[1] and all(ndimage.label(part)[1] == 1 for part in parts)
        for outer, *holes in polygons:
            assert signed_area(outer) > 0 > max((signed_area(hole) for hole in holes), default=-1)
            for ring in (outer, *holes):
                assert ring[0] == ring[-1] and len(ring) >= 5
                assert len({tuple(point) for point in ring}) == len(ring) - 1, "a ring passes no corner twice"
                turns = np.diff(np.array(ring), axis=0)
                assert ((turns != 0).sum(1) == 1).all() and (np.diff((turns[:, 0] != 0).astype(int)) != 0).all()


def test_in_slabs_it_is_the_same(monkeypatch: pytest.MonkeyPatch):
    labels = drawn(7)
    whole = [(k, [p.outer.tolist() for p in polygons]) for k, polygons in outlines(labels)]
    monkeypatch.setattr(module, "SLAB", 100)
    parts = [(k, [p.outer.tolist() for p in polygons]) for k, polygons in outlines(labels)]
    assert parts == whole


def test_one_feature_a_class_with_holes_and_islands():
    classes = np.zeros((9, 9), np.uint8)
    classes[1:8, 1:8] = 2
    classes[2:7, 2:7] = 1
    classes[4, 4] = 2
    file = io.BytesIO()
    write_regions(file, classes, ["background", "Zellkörper", "rand"])
    first, second = json.loads(file.getvalue())["features"]
    assert first["properties"]["classification"] == {"name": "Zellkörper", "color": [230, 159, 0]}
    assert first["geometry"]["type"] == "Polygon" and len(first["geometry"]["coordinates"]) == 2
    assert second["geometry"]["type"] == "MultiPolygon" and len(second["geometry"]["coordinates"]) == 2
    assert first["geometry"]["coordinates"][0] == [[2, 2], [7, 2], [7, 7], [2, 7], [2, 2]]


def test_objects_have_the_class_that_is_given():
    file = io.BytesIO()
    write_objects(file, np.array([[1, 0, 2]]), ["background", "a", "b"], np.array([2, 1]))
    assert [f["properties"]["classification"]["name"] for f in json.loads(file.getvalue())["features"]] == ["b", "a"]


@pytest.mark.parametrize("shape", [(0, 5), (4, 6)])
def test_nothing_is_an_empty_collection(shape: tuple[int, int]):
    file = io.BytesIO()
    write_objects(file, np.zeros(shape, np.int32), ["cell"])
    assert json.loads(file.getvalue()) == {"type": "FeatureCollection", "features": []}


@pytest.mark.parametrize("side", [1, 7, 20, 100])
def test_parts_give_the_outlines_of_the_whole(side: int):
    labels = drawn(9)
    whole = dict(outlines(labels))
    parts = dict(module.outlines_in_parts(labels, side))
    assert parts.keys() == whole.keys()
    for label, polygons in whole.items():
        assert len(parts[label]) == len(polygons)
        for mine, theirs in zip(parts[label], polygons, strict=True):
            for a, b in zip([mine.outer, *mine.holes], [theirs.outer, *theirs.holes], strict=True):
                np.testing.assert_array_equal(a, b)
