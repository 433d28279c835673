"""The whole training, top to bottom in the order it runs."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ConfigError, Error
from convscope.scratch.history import Epoch, History, Step
from convscope.scratch.losses import Loss
from convscope.scratch.optimisers import Optimiser, clip_gradients
from convscope.scratch.sequential import Sequential
from convscope.scratch.settings import above_zero, examples, whole


def fit(
    net: Sequential,
    x: ArrayLike,
    y: ArrayLike,
    *,
    loss: Loss,
    optimiser: Optimiser,
    epochs: int,
    batch_size: int,
    clip: float | None = None,
    valid: tuple[ArrayLike, ArrayLike] | None = None,
    seed: int = 0,
    progress: Callable[[Step | Epoch], None] | None = None,
) -> History:
    """Train ``net`` on x (N, C, *space) or (N, F) and targets y (N, ...); return what happened.

    Every epoch goes through all examples once, in an order that depends on (seed, epoch) only; the last batch may be
    smaller. ``clip`` is the greatest length of the gradient. ``valid`` is a pair (x, y) judged after each epoch.
    ``progress`` is called with every step and every epoch as they end. The network trains in training mode, whichever
    mode it was in, and has that one again afterwards.

    Raises:
        ConfigError: x and y do not go together, or a setting is out of range.
        Error: the loss became infinite or NaN.

    >>> from convscope import scratch
    >>> x = np.array([[0.0], [1.0], [2.0]])  # y = 2·x + 1
    >>> net = scratch.Sequential(scratch.Linear(1, 1))
    >>> sgd = scratch.SGD(0.1)
    >>> history = fit(net, x, 2 * x + 1, loss=scratch.squared_error, optimiser=sgd, epochs=200, batch_size=3)
    >>> net.predict(np.array([[10.0]])).round(2).tolist(), len(history.steps)
    ([[21.0]], 200)
    """
    _check(loss, optimiser, clip, valid)
    whole("fit", epochs=epochs, batch_size=batch_size)
    x, y = examples("fit", "x and y", x, y)
    judged_on = examples("fit", "valid", *valid) if valid else None
    history = History()
    training = net.training
    try:
        for epoch in range(1, epochs + 1):
            began = time.perf_counter()
            total, right = 0.0, 0.0
            net.train()
            for number, rows in enumerate(batches(len(x), batch_size, seed, epoch), start=1):
                scores = net.forward(x[rows])
                value, gradient = loss(scores, y[rows])
                if not math.isfinite(value):
                    raise Error(_diverged(value, epoch, number, optimiser, clip, x[rows]))
                net.backward(gradient, input_gradient=False)
                length = None if clip is None else clip_gradients(net, clip)
                optimiser.step(net)

                total += value * len(rows)
                right += loss.right(scores, y[rows]) if loss.right else 0
                history.steps.append(Step(epoch, number, value, length))
                if progress:
                    progress(history.steps[-1])
            accuracy = right / len(x) if loss.right else None
            judged = evaluate(net, *judged_on, loss=loss) if judged_on else (None, None)
            history.epochs.append(Epoch(epoch, total / len(x), accuracy, *judged, time.perf_counter() - began))
            if progress:
                progress(history.epochs[-1])
    finally:  # also when the loss diverges, or someone stops it
        net.train(training)
    return history


def evaluate(
    net: Sequential, x: ArrayLike, y: ArrayLike, *, loss: Loss, batch_size: int = 256
) -> tuple[float, float | None]:
    """Return the mean loss over x and y, and the share of right answers (None where the loss knows none).

    Raises:
        ConfigError: no examples, or x and y do not go together.
    """
    whole("evaluate", batch_size=batch_size)
    x, y = examples("evaluate", "x and y", x, y)
    scores = net.predict(x, batch_size=batch_size)
    return loss(scores, y)[0], loss.right(scores, y) / len(x) if loss.right else None


def batches(count: int, size: int, seed: int, epoch: int) -> Iterator[np.ndarray]:
    """Yield the rows of each batch of an epoch: a permutation drawn from (seed, epoch), cut into pieces of ``size``.

    >>> [len(rows) for rows in batches(10, 4, seed=0, epoch=1)]
    [4, 4, 2]
    """
    order = np.random.default_rng((seed, epoch)).permutation(count)
    for first in range(0, count, size):
        yield order[first : first + size]


def _check(loss: Any, optimiser: Any, clip: float | None, valid: Any) -> None:
    """Refuse what is of the wrong kind."""
    if not isinstance(optimiser, Optimiser):
        known = inspect.isclass(optimiser) and issubclass(optimiser, Optimiser)
        hint = f"the class; make one of it: {optimiser.__name__}(lr)" if known else repr(optimiser)
        raise ConfigError(f"fit: optimiser must be one such as scratch.SGD(0.1), found {hint}")
    if not isinstance(loss, Loss):
        raise ConfigError(f"fit: loss must be a scratch.Loss such as scratch.cross_entropy, found {loss!r}")
    if clip is not None:
        above_zero("fit", "clip", clip, "; leave it out to clip nothing")
    if valid is not None and not (issubclass(type(valid), tuple | list) and len(valid) == 2):
        raise ConfigError(f"fit: valid must be a pair (x, y), found {type(valid).__name__}")


def _diverged(value: float, epoch: int, step: int, optimiser: Optimiser, clip: float | None, x: np.ndarray) -> str:
    """Say what to try when the loss is no number any more."""
    where = f"fit: the loss became {value} at epoch {epoch}, step {step}"
    if not np.isfinite(x).all():
        return f"{where}: the examples of this batch hold NaN or infinite numbers; remove or replace them"
    hint = "" if clip else ", or clip the gradient with clip=1.0"
    return f"{where}, with lr={optimiser.lr}; try lr={optimiser.lr / 10:g}{hint}, and inputs scaled to about -1..1"
