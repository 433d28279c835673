"""HD95 on request: by distance transforms by hand, in pixels and in a unit, counted where it is not defined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from convscope.data.columns import InMemory
from convscope.data.spec import FieldSpec, Instances, PixelClasses
from convscope.report.sections.segmentation.report import classes
from convscope.tasks.segmentation.options import Options
from convscope.tasks.segmentation.scores import scores

VOID = 255


def columns(truth: np.ndarray, predicted: np.ndarray, K: int) -> tuple[InMemory, InMemory]:
    """Return masks (n, *space) and certain probabilities (n, *space, K) of predicted classes as columns."""
    spec = FieldSpec("mask", "mask", truth.shape[1:], "uint8", ignore=VOID)
    maps = np.eye(K, dtype=np.float32)[predicted]
    return InMemory(spec, truth), InMemory(FieldSpec("p", "map", maps.shape[1:], "float32"), maps)


def by_hand(truth: np.ndarray, predicted: np.ndarray, steps: tuple[float, ...]) -> float:
    """Return the 95th percentile of the distances between the outermost pixels of two masks, both ways."""
    edges = [mask & ~np.asarray(ndimage.binary_erosion(mask), bool) for mask in (truth, predicted)]
    to_truth, to_guess = (np.asarray(ndimage.distance_transform_edt(~edge, sampling=steps)) for edge in edges)
    return float(np.percentile(np.concatenate([to_guess[edges[0]], to_truth[edges[1]]]), 95))


@pytest.mark.parametrize("steps", [(), (0.5, 2.0), (3.0, 1.0, 0.25)])
def test_it_is_the_mean_over_images_that_have_the_class_in_both_masks(steps: tuple[float, ...]) -> None:
    rng, axes = np.random.default_rng(len(steps)), len(steps) or 2
    truth, predicted = (
        np.digitize(ndimage.gaussian_filter(rng.normal(size=(6, *(14,) * axes)), [0, *(2,) * axes]), (-0.05, 0.1))
        for _ in range(2)
    )
    truth, predicted = truth.astype(np.uint8), predicted.copy()
    truth[0][truth[0] == 2], predicted[1][predicted[1] == 2] = 0, 1  # one image without the class, one without a guess
    truth[2, :3] = VOID
    target = PixelClasses(("a", "b", "c"), (0.3, 0.4, 0.3), spacing=steps, unit="um" if steps else "")
    found = scores(*columns(truth, predicted, 3), target, Options(hd95=True), resamples=20).to_dict()
    expected = np.full((6, 3), np.nan)
    for at, (true, guess) in enumerate(zip(truth, predicted, strict=True)):
        for k in (1, 2):
            pair = (true == k, (guess == k) & (true != VOID))
            if all(mask.any() for mask in pair):
                expected[at, k] = by_hand(*pair, steps or (1.0,) * axes)
    of_each = np.nanmean(expected[:, 1:], axis=0)
    assert found["hd95"]["value"] == pytest.approx(of_each.mean())
    assert found["hd95"]["low"] <= found["hd95"]["value"] <= found["hd95"]["high"]
    assert [row.get("hd95", {}).get("value") for row in found["classes"]] == [None, *map(pytest.approx, of_each)]
    undefined = np.isnan(expected).sum(0)[1:].tolist()
    assert undefined[1] >= 2 and [row.get("hd95_undefined") for row in found["classes"]] == [None, *undefined]
    assert (
        found["metrics"]["hd95"]["unit"] == ("um" if steps else "px") and found["metrics"]["hd95"]["better"] == "lower"
    )
    listing = classes(found)
    assert listing.columns[-2:] == (f"HD95 ({'um' if steps else 'px'})", "without HD95")
    assert listing.rows[2][-1] == str(undefined[1]) and listing.rows[0][-1] == ""


def test_nobody_who_did_not_ask_waits_for_it() -> None:
    truth = np.zeros((3, 8, 8), np.uint8)
    truth[:, 2:5, 2:5] = 1
    target = PixelClasses(("a", "b"), (0.8, 0.2))
    found = scores(*columns(truth, truth, 2), target, Options(), resamples=20).to_dict()
    assert "hd95" not in found and len(classes(found).columns) == 8


def test_objects_and_images_that_all_lack_it() -> None:
    truth = np.zeros((2, 9, 9), np.uint8)
    truth[:, 2:5, 2:5] = 1
    spec = FieldSpec("mask", "instances", (9, 9), "int32", ignore=-1)
    certain = np.eye(3, dtype=np.float32)[np.roll(truth, 1, axis=2)]
    target = Instances(("background", "inside", "border"), (0.8, 0.1, 0.1))
    maps = InMemory(FieldSpec("p", "map", (9, 9, 3), "float32"), certain)
    found = scores(InMemory(spec, truth.astype(np.int32)), maps, target, Options(hd95=True), resamples=20).to_dict()
    assert found["hd95"]["value"] == 1 and found["main"] == "object_ap"
    blank = InMemory(maps.spec, np.eye(3, dtype=np.float32)[np.zeros_like(truth)])
    found = scores(InMemory(spec, truth.astype(np.int32)), blank, target, Options(hd95=True), resamples=20).to_dict()
    assert found["hd95"]["value"] is None and found["classes"][1]["hd95_undefined"] == 2
    assert classes(found).rows[1][-2:] == ("n/a", "2")
