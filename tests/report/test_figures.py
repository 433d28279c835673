"""Each figure draws what it is given, from the smallest to the largest case, and nothing where there is nothing."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from example_report import bare, contents

from convscope.report.contents import Augmented, Samples
from convscope.report.figures import (
    augmented,
    baselines,
    curves,
    kernels,
    lr_schedule,
    style,
)
from convscope.report.figures import samples as any_samples
from convscope.report.figures.classification import confusion, mistakes, precision_recall, reliability, roc, samples

OPTIONAL = (baselines, curves, lr_schedule, mistakes, kernels, samples, any_samples, augmented)


def svg(drawing) -> str:
    file = io.StringIO()
    drawing.figure.savefig(file, format="svg")
    return file.getvalue()


@pytest.fixture(autouse=True)
def styled():
    with style.applied():
        yield


@pytest.mark.parametrize("module", OPTIONAL)
def test_nothing_is_drawn_from_nothing(module):
    assert module.draw(bare()) is None


@pytest.mark.parametrize("K", [2, 3, 12, 13, 33, 150])
def test_confusion_from_two_to_hundreds_of_classes(K):
    drawing = confusion.draw(contents(K, n=max(300, 2 * K)))
    text = svg(drawing)
    assert ("kind 1" in text) == (K < 150)  # names too small to read are left out
    assert ("percentage" in drawing.reading) == (K <= 12)


def test_confusion_shows_counts_and_shares():
    found = contents(2, n=200, skill=1.0)
    (a, b), _ = found.metrics["confusion"]
    text = svg(confusion.draw(found))
    assert f">{a}<" in text
    assert f">{100 * a / (a + b):.1f}\u202f%<" in text


@pytest.mark.parametrize("module", [roc, precision_recall])
@pytest.mark.parametrize("K", [2, 3, 40])
def test_curves_name_the_weakest_classes_and_the_mean(module, K):
    found = contents(K, n=400, skill=1.5)
    text = svg(module.draw(found))
    if K == 2:
        assert "kind 1: " in text
        return
    figure = "auc" if module is roc else "average_precision"
    weakest = min(found.metrics["per_class"], key=lambda row: row[figure]["value"])
    assert f"{weakest['class']}: {weakest[figure]['value']:.4f}" in text
    assert "mean of all classes" in text


@pytest.mark.parametrize(("module", "area"), [(roc, "auc"), (precision_recall, "average_precision")])
def test_the_area_under_the_drawn_curve_is_the_figure(module, area):
    from convscope.report.figures.classification.one_vs_rest import GRID, lines

    found = contents(2, n=2000, skill=0.7)
    (line,) = lines(found, module._height, area)
    drawn = np.trapezoid(line.height, GRID)
    assert drawn == pytest.approx(found.metrics["binary"][area]["value"], abs=0.01)


def test_good_curves_show_only_their_corner():
    wide, corner = (roc.draw(contents(3, n=600, skill=s)) for s in (0.5, 8.0))
    assert "Only the upper left corner" not in wide.reading
    assert "Only the upper left corner is shown, up to 5 % false alarms." in corner.reading


def test_a_method_far_behind_is_marked_not_drawn():
    found = contents(3, skill=4.5)
    far, middle, near = (
        replace(found.baselines[0], name=name, figure={"value": v, "low": v - 0.01, "high": v + 0.01})
        for name, v in (("majority", 0.1), ("middling", 0.8), ("nearly", 0.95))
    )
    assert "triangle" not in baselines.draw(replace(found, baselines=(middle, near))).reading
    assert "triangle" in baselines.draw(replace(found, baselines=(far, near))).reading


@pytest.mark.parametrize(
    "shape", [(1, 1, 3, 3), (2, 3, 5, 5), (6, 1, 5, 5), (64, 3, 7, 7), (96, 9, 3, 3), (4, 1, 1, 1)]
)
def test_kernels_of_any_count_and_depth(shape):
    drawing = kernels.draw(replace(contents(), kernels=np.random.default_rng(0).normal(size=shape)))
    svg(drawing)
    assert ("32 further kernels are not shown" in drawing.reading) == (shape[0] == 96)
    assert ("Of 9 input channels the first 4 are shown" in drawing.reading) == (shape[1] == 9)


def test_a_single_kernel_stands_beside_the_handmade_one():
    found = replace(contents(), kernels=np.full((1, 1, 3, 3), 0.25), handmade=np.ones((1, 3, 3)))
    drawing = kernels.draw(found)
    assert "drawn by hand" in svg(drawing)
    assert "Beside it the kernel a person would draw" in drawing.reading


def test_kernels_of_zeros_and_one_step_and_one_epoch_are_drawn():
    found = contents()
    first = {name: column[:1] for name, column in found.steps.items()}
    epoch = {name: column[:1] for name, column in found.epochs.items()}
    short = replace(found, steps=first, epochs=epoch, kernels=np.zeros((3, 1, 3, 3)))
    for module in (curves, lr_schedule, kernels):
        svg(module.draw(short))


def test_long_runs_are_thinned_and_keep_their_ends():
    found = contents()
    n = 20_000
    steps = {name: np.linspace(column[0], column[-1], n) for name, column in found.steps.items()}
    x, y = curves.thin(steps["epoch"], steps["loss"])
    assert len(x) <= curves.POINTS
    assert (x[0], x[-1], y[-1]) == (steps["epoch"][0], steps["epoch"][-1], steps["loss"][-1])
    assert len(svg(curves.draw(replace(found, steps=steps)))) < 150_000


def test_momentum_may_be_missing():
    found = contents()
    del found.steps["momentum"]
    assert "Momentum" not in svg(lr_schedule.draw(found))


@pytest.mark.parametrize("K", [2, 7, 25, 70])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 30, 50), (5, 200, 120)])
def test_samples_of_many_classes_and_shapes(K, shape):
    images = np.random.default_rng(0).integers(0, 4000, (2 * K, *shape)).astype(np.uint16)
    classes = tuple(f"kind {k}" for k in range(K))
    found = contents(2)
    found = replace(found, own=replace(found.own, classes=classes), samples=Samples(images, np.arange(2 * K) % K))
    drawing = samples.draw(found)
    assert "Brightness is stretched" in drawing.reading
    assert ("10 further classes are not shown" in drawing.reading) == (K == 70)


def test_augmented_rows_and_columns():
    images = np.random.default_rng(0).integers(0, 255, (3, 3, 16, 16)).astype(np.uint8)
    shown = Augmented(images, np.stack([images] * 4, axis=1))
    assert "as stored" in svg(augmented.draw(replace(contents(), augmented=shown)))


def test_reliability_needs_only_predictions():
    assert "How often it was right" in svg(reliability.draw(bare()))


def test_mistakes_say_truth_and_answer():
    found = contents()
    first = found.own.worst[0]
    text = svg(mistakes.draw(found))
    assert f"is {found.own.classes[first.truth]}" in text
    assert first.id.rpartition("/")[2] in text  # its folders would take the room of the name


def test_a_confusion_matrix_of_very_many_classes_shows_those_of_the_most_frequent_mistakes():
    found = contents(300, n=600)
    counts = np.zeros((300, 300), int)
    np.fill_diagonal(counts, 2)
    counts[7, 290], counts[41, 5] = 9, 8
    cells = [[int(t), int(g), int(counts[t, g])] for t, g in np.argwhere(counts)]
    found = replace(found, metrics={**found.metrics, "confusion_cells": cells})
    drawing = confusion.draw(found)
    assert drawing is not None and "Of 300 classes these are the 32" in drawing.reading
    names = [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()]
    assert len(names) == 32 and {"kind 7", "kind 290", "kind 41", "kind 5"} <= set(names)
