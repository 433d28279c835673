"""Pictures of few points: each has its mark or colour and its name, and no axis hides the worst image."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from example_report import bare

from convscope.report.contents import Augmented, Contents
from convscope.report.figures import augmented, style
from convscope.report.figures.landmarks import cumulative, each_point, shapes
from convscope.report.figures.style import Drawing
from convscope.report.sections.landmarks.contents import Drawn, Placed


@pytest.fixture(autouse=True)
def styled():
    with style.applied():
        yield


def placed(names: tuple[str, ...], errors: np.ndarray) -> Contents:
    """Return the contents of a run that finds these points, with these errors (n,) in pixels."""
    rng = np.random.default_rng(0)
    drawn = Drawn(np.zeros((1, 20, 20), np.uint8), *rng.uniform(2, 18, (2, len(names), 2)), 3.0, "a.png")
    rows = [{"name": name, "missing": 0, "nme": {"value": 2.0, "low": 1.0, "high": 3.0}} for name in names]
    contents = bare()
    metrics = {**contents.metrics, "normaliser": "pixels", "points": rows}
    return replace(contents, metrics=metrics, own=Placed(names, errors, "", (drawn,) * 2, (drawn,) * 2))


def svg(drawing: Drawing | None) -> str:
    assert drawing is not None
    file = io.StringIO()
    drawing.figure.savefig(file, format="svg")
    return file.getvalue()


@pytest.mark.parametrize(("K", "marks"), [(2, 2), (5, 5), (6, 1)])
def test_each_of_few_points_has_its_mark_and_name(K: int, marks: int) -> None:
    names = tuple(f"point {k}" for k in range(K))
    drawing = shapes.worst(placed(names, np.ones(3)))
    assert drawing is not None
    lines = drawing.figure.axes[0].lines
    assert len({line.get_marker() for line in lines} - {"None", "none"}) == marks
    assert all((f">{name}<" in svg(drawing)) == (K <= 5) for name in names)


def test_two_points_stand_near_each_other() -> None:
    wide, narrow = (each_point.draw(placed(tuple("abcdefgh")[:K], np.ones(3))).figure for K in (8, 2))
    assert narrow.get_figwidth() < wide.get_figwidth() / 2


def test_the_curve_reaches_the_worst_image() -> None:
    drawing = cumulative.draw(placed(("a", "b"), np.array([*np.linspace(1, 4, 30), 9.5])))
    assert drawing is not None and drawing.figure.axes[0].get_xlim()[1] >= 9.5


def test_what_lies_far_beyond_the_curve_is_said() -> None:
    drawing = cumulative.draw(placed(("a", "b"), np.array([*np.linspace(1, 4, 30), 400.0])))
    assert drawing is not None and drawing.figure.axes[0].get_xlim()[1] < 10
    assert "3 images lie beyond the right edge, the worst at 400." in drawing.reading
    assert "3 images beyond" in svg(drawing)


@pytest.mark.parametrize("K", [2, 6])
def test_few_points_of_augmented_images_are_named(K: int) -> None:
    images, names = np.zeros((2, 1, 20, 20), np.uint8), tuple(f"point {k}" for k in range(K))
    points = np.random.default_rng(0).uniform(2, 18, (2, 4, K, 2))
    shown = Augmented(images, np.stack([images] * 3, axis=1), points, names)
    text = svg(augmented.draw(replace(bare(), augmented=shown)))
    assert all((f">{name}<" in text) == (K <= 5) for name in names)
