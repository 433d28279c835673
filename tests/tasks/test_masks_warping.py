"""The warping error: simple points by counting pieces, topology kept, no pixel left that could still be moved."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from convscope.errors import ShapeError
from convscope.tasks.metrics.masks.warping import AROUND, simple_points, warped, warping_error


def pieces(mask: np.ndarray) -> tuple[int, int]:
    """Return the number of 4-connected objects and of 8-connected pieces of the rest, the outside among these."""
    padded = np.pad(mask, 1)
    return ndimage.label(padded)[1], ndimage.label(~padded, np.ones((3, 3)))[1]


def disturbed(seed: int, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(size, size)), 1.5)
    return field > 0, field + rng.normal(0, 0.06, field.shape) > 0


def test_a_point_is_simple_if_flipping_it_changes_no_piece():
    for code in range(256):
        objects = np.zeros((3, 3), bool)
        for bit, (dy, dx) in enumerate(AROUND):
            objects[1 + dy, 1 + dx] = code >> bit & 1
        on, off = objects.copy(), objects.copy()
        on[1, 1] = True
        same = ndimage.label(on)[1] == ndimage.label(off)[1]
        rest = [ndimage.label(~mask, np.ones((3, 3)))[1] for mask in (on, off)]
        assert simple_points()[code] == (same and rest[0] == rest[1])


@pytest.mark.parametrize("seed", range(12))
def test_the_warped_truth_keeps_its_topology_and_cannot_move_further(seed):
    truth, predicted = disturbed(seed)
    moved = warped(truth, predicted)
    assert pieces(moved) == pieces(truth)
    assert (moved == truth)[truth == predicted].all()
    padded = np.pad(moved, 1)
    for y, x in np.argwhere(moved != predicted):
        code = sum(int(padded[y + 1 + dy, x + 1 + dx]) << bit for bit, (dy, dx) in enumerate(AROUND))
        assert not simple_points()[code]
    assert 0 < warping_error(truth, predicted) < (truth != predicted).mean()


def test_a_thicker_boundary_is_no_error_and_a_lost_one_is():
    truth = np.ones((20, 20), bool)
    truth[:, 9] = False
    thick, gap, hole, lost = truth.copy(), truth.copy(), truth.copy(), truth.copy()
    thick[:, 7:13] = False
    gap[10, 9] = True
    hole[4, 4] = False
    lost[:, 10:] = False
    assert warping_error(truth, thick) == warping_error(truth, truth) == 0
    assert warping_error(truth, gap) == warping_error(truth, hole) == 1 / 400
    assert warping_error(truth, lost) == 1 / 400  # all that is left of the second object


def test_objects_that_touch_at_a_corner_are_two():
    truth = np.zeros((4, 4), bool)
    truth[:2, :2] = truth[2:, 2:] = True
    joined = truth.copy()
    joined[1, 2] = True
    assert warping_error(truth, joined) == 1 / 16


def test_the_most_confident_pixel_moves_first():
    truth, predicted = np.zeros((3, 5), bool), np.zeros((3, 5), bool)
    truth[1, [0, 4]] = True  # two objects grow towards each other, and one pixel has to keep them apart
    predicted[1] = True
    confidence = np.array([[0] * 5, [0, 3, 1, 2, 0], [0] * 5], float)
    for order, left in ((confidence, 2), (confidence[:, [0, 1, 3, 2, 4]], 3)):
        moved = warped(truth, predicted, confidence=order)
        assert np.flatnonzero(moved[1] != predicted[1]).tolist() == [left]


def test_void_pixels_neither_move_nor_count():
    truth, predicted = np.zeros((2, 5, 5), bool)
    predicted[1, 1] = predicted[3, 3] = True
    valid = np.ones((5, 5), bool)
    valid[3, 3] = False
    assert warping_error(truth, predicted, valid=valid) == 1 / 24
    assert np.isnan(warping_error(truth, predicted, valid=np.zeros((5, 5), bool)))
    assert warping_error(np.ones((1, 1), bool), np.zeros((1, 1), bool)) == 1


def test_masks_have_two_axes():
    with pytest.raises(ShapeError, match=r"two axes.*\(2, 2, 2\)"):
        warping_error(np.ones((2, 2, 2), bool), np.ones((2, 2, 2), bool))
    with pytest.raises(ShapeError):
        warping_error(np.ones((2, 2), bool), np.ones((2, 3), bool))
