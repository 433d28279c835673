"""Questions about convolutions, whose answers are computed when they are asked for: none is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope import ops, scratch
from convscope.errors import ConfigError, nearest
from convscope.ops.primitive import Primitive

CONVOLUTION: Primitive = ops.PRIMITIVES["correlate"]


@dataclass(frozen=True)
class Question:
    """What is asked, what computes the answer, and what to think of where an answer is wrong."""

    asks: str
    compute: Callable[[], Any]
    hint: str


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right; ``hint`` helps where it is not."""

    right: bool
    asks: str
    answer: Any
    hint: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        said = "right" if self.right else f"not right: {self.hint}"
        return f"{self.asks}\n  {self.answer!r}: {said}"


def questions() -> dict[str, str]:
    """Return every question by its name.

    >>> questions()["im2col"]
    'An image of 3 × 32 × 32 under kernels of 5 × 5: what shape has its matrix of patches, (rows, columns)?'
    """
    return {name: question.asks for name, question in QUESTIONS.items()}


def check(question: str, answer: Any) -> Verdict:
    """Return whether ``answer`` is what the engine computes for a question of ``questions()``.

    A shape is a tuple, a number a number, yes or no ``True`` or ``False``. Raises ``ConfigError`` for a question that
    there is not.

    >>> bool(check("im2col", (75, 784)))
    True
    >>> check("im2col", (784, 75))
    An image of 3 × 32 × 32 under kernels of 5 × 5: what shape has its matrix of patches, (rows, columns)?
      (784, 75): not right: a column is one patch with all its channels; count the places of the kernel
    """
    if question not in QUESTIONS:
        raise ConfigError(
            f"there is no question {question!r}{nearest(question, QUESTIONS)}; there are {', '.join(QUESTIONS)}"
        )
    asked = QUESTIONS[question]
    return Verdict(_equal(answer, asked.compute()), asked.asks, answer, asked.hint)


def _equal(answer: Any, computed: Any) -> bool:
    """Compare numbers and shapes; a number is no yes or no."""
    if isinstance(computed, bool) != isinstance(answer, bool | np.bool_):
        return False
    try:
        given, right = np.asarray(answer, dtype=float), np.asarray(computed, dtype=float)
    except (TypeError, ValueError):
        return False
    return given.shape == right.shape and bool(np.allclose(given, right, rtol=1e-3, atol=1e-9))


def _chain() -> tuple[int, ...]:
    first = CONVOLUTION.shape((12, 2, 64, 64), (4, 2, 5, 5), padding=4, stride=4)
    return CONVOLUTION.shape(first, (8, 4, 3, 3), padding=2)


def _seen() -> int:
    """Count the inputs of a long signal on which one output of both layers depends, by differentiating."""
    x, first, second = np.zeros((1, 1, 41)), np.ones((1, 1, 3)), np.ones((1, 1, 5))
    middle = ops.correlate(x, first)
    grad = np.zeros_like(ops.correlate(middle, second, stride=2))
    grad[..., grad.shape[-1] // 2] = 1
    below = ops.correlate_backward(grad, middle, second, stride=2).x
    return int(np.count_nonzero(ops.correlate_backward(below, x, first).x))


def _dropped() -> int:
    """Count the inputs that no output uses."""
    x, kernel = np.zeros((1, 1, 28)), np.ones((1, 1, 5))
    grad = np.ones_like(ops.correlate(x, kernel, stride=2))
    return int((ops.correlate_backward(grad, x, kernel, stride=2).x == 0).sum())


def _same_padding() -> int:
    sizes = (CONVOLUTION.shape((1, 1, 28, 28), (1, 1, 7, 7), padding=padding)[2] for padding in range(7))
    return next(padding for padding, size in enumerate(sizes) if size == 28)


def _moves_with(transform: Callable[[np.ndarray], np.ndarray], after: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Return whether the features of a transformed image are the transformed features, away from the borders."""
    rng = np.random.default_rng(0)
    x, kernel = np.zeros((1, 1, 24, 24)), rng.standard_normal((1, 1, 3, 3))
    x[..., 8:14, 8:14] = rng.random((6, 6))
    features = ops.correlate(x, kernel, padding=1)
    return bool(np.allclose(ops.correlate(transform(x), kernel, padding=1), after(features)))


def _shifted(x: np.ndarray) -> np.ndarray:
    return np.roll(x, 3, axis=3)


def _turned(x: np.ndarray) -> np.ndarray:
    return np.rot90(x, axes=(2, 3))


def _stride_moves() -> bool:
    """Return whether a shift by one moves the features of stride 2 by some whole number of places."""
    rng = np.random.default_rng(0)
    x, kernel = np.zeros((1, 1, 32)), rng.standard_normal((1, 1, 3))
    x[..., 12:20] = rng.random(8)
    features = ops.correlate(x, kernel, stride=2)
    moved = ops.correlate(np.roll(x, 1, axis=2), kernel, stride=2)
    return any(np.allclose(moved, np.roll(features, steps, axis=2)) for steps in (-1, 0, 1))


def _billion_operations() -> float:
    cost = CONVOLUTION.cost((1, 128, 256, 256), (128, 128, 5, 5), padding=2)
    return (cost.multiplications + cost.additions) / 1e9


QUESTIONS = {
    "two-layers": Question(
        "12 images of 2 × 64 × 64: 4 kernels of 5 × 5 with padding 4 and stride 4, then 8 kernels of 3 × 3 with "
        "padding 2. What shape comes out?",
        _chain,
        "⌊(w + 2p − k) / s⌋ + 1 for each layer; the batch stays, the channels are the number of kernels",
    ),
    "batch": Question(
        "8 images of 1 × 28 × 28, 3 kernels of 5 × 5, stride 2, padding 2: what shape comes out?",
        lambda: CONVOLUTION.shape((8, 1, 28, 28), (3, 1, 5, 5), stride=2, padding=2),
        "the batch stays; ⌊(28 + 4 − 5) / 2⌋ + 1 places a side",
    ),
    "im2col": Question(
        "An image of 3 × 32 × 32 under kernels of 5 × 5: what shape has its matrix of patches, (rows, columns)?",
        lambda: ops.im2col(np.zeros((1, 3, 32, 32)), 5)[0].shape,
        "a column is one patch with all its channels; count the places of the kernel",
    ),
    "weights": Question(
        "How many weights, biases included, has a convolution from 2 to 4 channels with kernels of 5 × 5?",
        lambda: scratch.Sequential(scratch.Conv(2, 4, 5)).weights.size,
        "a kernel has a layer for each input channel, and each kernel one bias",
    ),
    "same-padding": Question(
        "Which padding keeps 28 × 28 under kernels of 7 × 7 with stride 1?",
        _same_padding,
        "28 + 2p − 7 + 1 should be 28",
    ),
    "dropped": Question(
        "28 numbers, kernels of 5, stride 2, no padding: how many of them does no output use?",
        _dropped,
        "the last window begins at an even place; is (28 − 5) a multiple of 2?",
    ),
    "field": Question(
        "A kernel of 3 with stride 1, then one of 5 with stride 2: how many inputs does one output see along an axis?",
        _seen,
        "R = 3 + (5 − 1) · 1: the strides that count are those of the layers before",
    ),
    "billions": Question(
        "256 × 256 places, kernels of 5 × 5, 128 to 128 channels: how many billion operations, counting "
        "multiplications and additions apart?",
        _billion_operations,
        "height · width · k² · channels in · channels out multiplications, and nearly as many additions",
    ),
    "shift": Question(
        "The image moves by 3 pixels, away from the borders: do the features of a convolution move by 3, too?",
        lambda: _moves_with(_shifted, _shifted),
        "the same weights serve at every place",
    ),
    "turn": Question(
        "The image is turned by 90°: are the features the turned ones, whatever the kernel?",
        lambda: _moves_with(_turned, _turned),
        "the kernel is not turned with it",
    ),
    "stride-shift": Question(
        "The input moves by 1 under a convolution of stride 2: is there a move of the features that undoes it?",
        _stride_moves,
        "every second place is left out: which ones are kept changes",
    ),
    "upsampling": Question(
        "A transposed convolution with kernels of 2 × 2 and stride 2 on 1 × 1 × 7 × 7: what shape comes out?",
        lambda: ops.PRIMITIVES["correlate_transpose"].shape((1, 1, 7, 7), (1, 1, 2, 2), stride=2),
        "it undoes the shape of a convolution with stride 2",
    ),
}
