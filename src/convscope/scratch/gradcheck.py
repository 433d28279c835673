"""Is ``backward`` right? Compared with central differences, number by number."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from convscope.scratch.losses import Loss
from convscope.scratch.sequential import Sequential
from convscope.scratch.settings import examples, whole

STEP = 6e-6  # about the cube root of float64's precision: smaller, and rounding spoils it; larger, and curvature does
FLOOR = 1e-2  # an array whose gradient is below this share of the largest is compared with that
RESOLVED = 1e-4  # and a gradient below this share of the loss with that: differences resolve no less
SUSPECT = 1e-6  # an error above it may be that of a kink, not of backward


@dataclass(frozen=True)
class GradientCheck:
    """The largest error found, where, and what the two ways gave there.

    An error is relative to the largest number of the gradient of the same array. Below about 1e-5 the gradients are
    right; a wrong one is off by 1e-2 or more. ``checked`` numbers were compared; ``kinks`` more were not, because the
    loss has a kink there and no gradient.
    """

    error: float
    where: str
    backward: float
    difference: float
    checked: int
    kinks: int


def gradcheck(net: Sequential, x: ArrayLike, y: ArrayLike, loss: Loss, *, most: int = 200) -> GradientCheck:
    """Compare ``backward`` with (loss(w + h) - loss(w - h)) / 2h for each parameter and for x, in float64.

    A copy of the network does the work; the network itself is unchanged. Of arrays with more than ``most`` numbers a
    random choice of so many is checked (always the same). Where a ReLU or a maximum has its kink, the differences
    towards both sides disagree: such numbers are counted, not compared.

    Raises:
        ConfigError: no examples, x and y do not go together, or a setting is out of range.

    >>> from convscope import scratch
    >>> net = scratch.Sequential(scratch.Conv(1, 2, 3), scratch.Tanh(), scratch.Flatten(), scratch.Linear(8, 3))
    >>> check = gradcheck(net, np.random.default_rng(0).random((2, 1, 4, 4)), np.array([0, 2]), scratch.cross_entropy)
    >>> check.error < 1e-5, check.checked, check.kinks  # 18 + 2 + 24 + 3 parameters, 32 inputs
    (True, 79, 0)
    """
    whole("gradcheck", most=most)
    examples_given, target = examples("gradcheck", "x and y", x, y)
    net, inputs = net.astype(np.float64), np.array(examples_given, np.float64)

    def value() -> float:
        """Return the loss, from a fresh copy: layers with a memory (averages, dropout) all start alike."""
        return loss(copy.deepcopy(net).forward(inputs), target)[0]

    worked = copy.deepcopy(net)
    middle, gradient = loss(worked.forward(inputs), target)
    gradient_x = worked.backward(gradient)
    assert gradient_x is not None  # it was asked for
    gradients = {**worked.gradients(), "x": gradient_x}
    largest = {name: float(np.abs(gradient).max(initial=0)) for name, gradient in gradients.items()}
    floor = max(FLOOR * max(largest.values()), RESOLVED * abs(middle))

    errors, kinks = [(0.0, "", 0.0, 0.0)], 0
    for name, array in {**net.parameters(), "x": inputs}.items():
        for at in _chosen(array.shape, most):
            backward = float(gradients[name][at])
            before, after = _slopes(value, middle, array, at, STEP)
            closer = partial(_slopes, value, middle, array, at, STEP / 2)
            difference = (before + after) / 2
            size = max(largest[name], abs(difference), floor)
            error = abs(backward - difference) / size if size else 0.0
            if error > SUSPECT and _kink(abs(after - before) / size, error, size, closer):
                kinks += 1
            else:
                errors.append((error, f"{name}[{', '.join(map(str, at))}]", backward, difference))
    worst = max(errors[1:] or errors, key=lambda row: (math.isnan(row[0]), row[0]))
    return GradientCheck(*worst, checked=len(errors) - 1, kinks=kinks)


def _chosen(shape: tuple[int, ...], most: int) -> Iterator[tuple[int, ...]]:
    """Yield all indices of an array, or ``most`` of them at random."""
    count = int(np.prod(shape))
    flat = np.arange(count) if count <= most else np.random.default_rng(0).choice(count, most, replace=False)
    for at in flat:
        yield tuple(int(i) for i in np.unravel_index(at, shape))


def _kink(bend: float, error: float, size: float, closer: Callable[[], tuple[float, float]]) -> bool:
    """Is it a kink that makes the error? Slopes before and after differ by ``bend``: by curvature, or by a kink.

    A kink close by explains an error up to the bend; one just here bends as much over half the step, where curvature
    bends half as much.
    """
    if not bend > SUSPECT:
        return False
    before, after = closer()
    return bend >= error or abs(after - before) / size > 0.75 * bend


def _slopes(
    value: Callable[[], float], middle: float, array: np.ndarray, at: tuple[int, ...], step: float
) -> tuple[float, float]:
    """Return the slopes of ``value()`` just before and just after one number of ``array``, and put that back."""
    kept = array[at]
    step *= max(1.0, abs(kept))
    array[at] = kept + step
    above = value()
    array[at] = kept - step
    below = value()
    array[at] = kept
    return (middle - below) / step, (above - middle) / step
