"""What is trained on where objects are to be told apart: their insides and borders, and how much a gap weighs."""

from __future__ import annotations

import itertools

import numpy as np

from convscope.tasks.segmentation.regions import boxes, distances

BACKGROUND, INSIDE, BORDER, VOID = 0, 1, 2, 255


def instance_classes(labels: np.ndarray) -> np.ndarray:
    """Return the class (H, W) uint8 of each pixel: background 0, inside of an object 1, border 2, void 255.

    ``labels`` (H, W), any number of axes, are 0 in the background, -1 where nothing is known (void), and else the
    number of an object. The border is an object's outermost pixels, one pixel wide: those with another object or the
    background above, below, to the left or to the right. Beyond the edge of the array and in the void nothing is known,
    so neither makes a border. An object of which all is border would leave nothing to find it by: all of it is inside,
    unless it goes on beyond the edge or in the void.

    >>> labels = np.array([[0, 0, 0, 0, 0], [0, 7, 7, 7, 9], [0, 7, 7, 7, 9], [0, 7, 7, 7, 9], [0, 0, 3, 0, 9]])
    >>> instance_classes(labels)
    array([[0, 0, 0, 0, 0],
           [0, 2, 2, 2, 2],
           [0, 2, 1, 2, 2],
           [0, 2, 2, 2, 2],
           [0, 0, 2, 0, 2]], dtype=uint8)
    """
    void = labels < 0
    classes = (labels > 0).astype(np.uint8)
    border = np.zeros(labels.shape, bool)
    cut = np.zeros(labels.shape, bool)  # the object goes on where nothing is known
    some_void = void.any()
    for axis in range(labels.ndim):
        before, after = neighbours(labels.ndim, axis)
        differ = labels[before] != labels[after]
        if some_void:
            cut[before] |= void[after]
            cut[after] |= void[before]
            differ &= ~(void[before] | void[after])
        border[before] |= differ
        border[after] |= differ
    border &= classes > 0
    classes[border] = BORDER
    _fill_thin(classes, labels, cut)
    classes[void] = VOID
    return classes


def neighbours(axes: int, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the indices of all pixels but the last, and but the first, along an axis."""
    everything = (slice(None),) * axis
    rest = (slice(None),) * (axes - axis - 1)
    return (*everything, slice(None, -1), *rest), (*everything, slice(1, None), *rest)


def _fill_thin(classes: np.ndarray, labels: np.ndarray, cut: np.ndarray) -> None:
    """Make all of an object inside where all of it is border and all of it is seen."""
    largest = int(labels.max(initial=0))
    if largest <= 0:
        return
    with_inside = np.zeros(largest + 1, bool)
    with_inside[labels[classes == INSIDE]] = True
    with_inside[labels[cut & (labels > 0)]] = True
    for axis, end in itertools.product(range(labels.ndim), (0, -1)):
        edge = labels.take(end, axis)
        with_inside[edge[edge > 0]] = True
    border = classes == BORDER
    at = np.flatnonzero(border)
    thin = at[~with_inside[labels.ravel()[at]]]
    classes.reshape(-1)[thin] = INSIDE


def border_weights(labels: np.ndarray, *, w0: float = 10.0, sigma: float = 5.0) -> np.ndarray:
    """Return the weight (H, W) float32 of each pixel's loss, larger in narrow gaps between objects.

    It is 1 + w0 · exp(-(d1 + d2)² / 2 sigma²) in the background, where d1 and d2 are the distances in pixels to the
    nearest and the second nearest object, and 1 in an object, in the void (-1), and with fewer than two objects.
    Ronneberger, Fischer and Brox, U-Net, MICCAI 2015, equation 2, without its class weights.

    >>> border_weights(np.array([[1, 0, 2]])).round(3)  # 1 + 10 · exp(-(1 + 1)² / 50)
    array([[ 1.   , 10.231,  1.   ]], dtype=float32)
    """
    weights = np.ones(labels.shape, np.float32)
    nearest, second = _nearest_two(labels, reach=6 * sigma)
    gap = (labels == 0) & np.isfinite(second)
    weights[gap] += w0 * np.exp(-((nearest[gap] + second[gap]) ** 2) / (2 * sigma**2))
    return weights


def _nearest_two(labels: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances (H, W) to the nearest and the second nearest object, ∞ where they are beyond ``reach``.

    At 6 sigma a weight of 10 has fallen to 2e-7. Each object's distances are therefore taken in its own surroundings.
    """
    margin = int(np.ceil(reach))
    nearest = np.full(labels.shape, np.inf, np.float32)
    second = nearest.copy()
    for number, box in enumerate(boxes(labels), start=1):
        if box is None:
            continue
        around = tuple(slice(max(0, at.start - margin), at.stop + margin) for at in box)
        distance = distances(labels[around] != number)
        distance[distance > reach] = np.inf
        second[around] = np.minimum(second[around], np.maximum(nearest[around], distance))
        nearest[around] = np.minimum(nearest[around], distance)
    return nearest, second
