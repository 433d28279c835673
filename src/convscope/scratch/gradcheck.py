"""Is ``backward`` right? Compared with central differences, number by number."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from convscope.scratch.losses import Loss
from convscope.scratch.sequential import Sequential

STEP = 1e-6  # in float64: smaller, and rounding spoils the difference; larger, and curvature does
FLOOR = 1e-4  # a gradient below this share of the largest is compared with that: differences resolve no less


@dataclass(frozen=True)
class GradientCheck:
    """The largest relative error found, where, and what the two ways gave there.

    Below about 1e-5 the gradients are right; a wrong one is off by 1e-2 or more.
    """

    error: float
    where: str
    backward: float
    difference: float
    checked: int


def gradcheck(net: Sequential, x: np.ndarray, y: np.ndarray, loss: Loss, *, most: int = 200) -> GradientCheck:
    """Compare ``backward`` with (loss(w + h) - loss(w - h)) / 2h for each parameter and for x, in float64.

    A copy of the network does the work; the network itself is unchanged. Of arrays with more than ``most`` numbers a
    random choice of so many is checked (always the same). Say little of places where a ReLU or a maximum has its kink.

    >>> from convscope import scratch
    >>> net = scratch.Sequential(scratch.Conv(1, 2, 3), scratch.Tanh(), scratch.Flatten(), scratch.Linear(8, 3))
    >>> found = gradcheck(net, np.random.default_rng(0).random((2, 1, 4, 4)), np.array([0, 2]), scratch.cross_entropy)
    >>> found.error < 1e-5, found.checked  # 18 + 2 + 24 + 3 parameters, 32 inputs
    (True, 79)
    """
    net, x = net.astype(np.float64), np.array(x, np.float64)

    def value() -> float:
        """Return the loss, from a fresh copy: layers with a memory (averages, dropout) all start alike."""
        return loss(copy.deepcopy(net).forward(x), y)[0]

    worked = copy.deepcopy(net)
    gradient_x = worked.backward(loss(worked.forward(x), y)[1])
    assert gradient_x is not None  # it was asked for
    places = {**net.parameters(), "x": x}
    gradients = {**worked.gradients(), "x": gradient_x}
    floor = FLOOR * max(float(np.abs(gradient).max(initial=0)) for gradient in gradients.values())

    worst, checked = GradientCheck(0.0, "", 0.0, 0.0, 0), 0
    for name, array in places.items():
        for at in _chosen(array.shape, most):
            backward, difference = float(gradients[name][at]), _difference(value, array, at)
            size = max(abs(backward), abs(difference), floor)
            error = abs(backward - difference) / size if size else 0.0
            checked += 1
            if not error <= worst.error or not worst.where:
                worst = GradientCheck(error, f"{name}[{', '.join(map(str, at))}]", backward, difference, 0)
    return GradientCheck(worst.error, worst.where, worst.backward, worst.difference, checked)


def _chosen(shape: tuple[int, ...], most: int) -> Iterator[tuple[int, ...]]:
    """Yield all indices of an array, or ``most`` of them at random."""
    count = int(np.prod(shape))
    flat = np.arange(count) if count <= most else np.random.default_rng(0).choice(count, most, replace=False)
    for at in flat:
        yield tuple(int(i) for i in np.unravel_index(at, shape))


def _difference(value: Callable[[], float], array: np.ndarray, at: tuple[int, ...]) -> float:
    """Return the central difference of ``value()`` with respect to one number of ``array``, and put it back."""
    kept = array[at]
    array[at] = kept + STEP
    above = value()
    array[at] = kept - STEP
    below = value()
    array[at] = kept
    return (above - below) / (2 * STEP)
