"""The gated recurrent unit, with PyTorch's weights: gates in the order r, z, n (reset, update, candidate)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops.arguments import floats
from convscope.ops.linear import linear
from convscope.ops.primitive import Cost, Index, Primitive, Shape, Terms
from convscope.ops.recurrence import sequence
from convscope.ops.recurrence.sequence import Cell, Weights
from convscope.ops.special import expit


class GRU(NamedTuple):
    """All hidden states (N, T, H), and the last one (N, H)."""

    output: np.ndarray
    hidden: np.ndarray


class GRUGradients(NamedTuple):
    """The gradients of all inputs; None where there was none."""

    x: np.ndarray
    weight_ih: np.ndarray
    weight_hh: np.ndarray
    bias_ih: np.ndarray | None
    bias_hh: np.ndarray | None
    hidden: np.ndarray | None


def gru(
    x: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
    hidden: ArrayLike | None = None,
) -> GRU:
    """Return ``gru_step`` along the sequence x (N, T, I), from ``hidden`` (N, H) or from 0 (Cho et al. 2014).

    weight_ih (3H, I), weight_hh (3H, H), bias_ih and bias_hh (3H,), no bias is 0; returns output (N, T, H) and the last
    hidden state (N, H). Raises ``ShapeError`` where they do not fit or T is 0. By hand, all weights 0: z = ½ and n = 0
    halve the state in every step.

    >>> gru(np.ones((1, 2, 1)), np.zeros((3, 1)), np.zeros((3, 1)), hidden=np.array([[8.0]])).output.tolist()
    [[[4.0], [2.0]]]
    """
    x, hidden, weights = _given("gru", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden)
    output, (last,) = sequence.forward(CELL, x, weights, (hidden,))
    return GRU(output, last)


def gru_backward(
    grad: ArrayLike | GRU,
    x: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
    hidden: ArrayLike | None = None,
) -> GRUGradients:
    """Return the gradients of all inputs, back through time.

    ``grad`` is that of the output (N, T, H), or a ``GRU`` of those of both results, None where one is not used.

    >>> zeros = np.zeros((3, 1))
    >>> gru_backward(np.array([[[0.0], [1.0]]]), np.ones((1, 2, 1)), zeros, zeros, hidden=np.array([[8.0]])).hidden
    array([[0.25]])
    """
    x, hidden, weights = _given("gru_backward", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden)
    return GRUGradients(*sequence.backward("gru_backward", CELL, grad, x, weights, (hidden,)))


def gru_step(
    x: ArrayLike,
    hidden: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
) -> np.ndarray:
    """Return the next hidden state (1 - z)·n + z·hidden (N, H) for x (N, I) and hidden (N, H) (Cho et al. 2014).

    r, z = σ(W x + b + U h + c), n = tanh(Wₙ x + bₙ + r·(Uₙ h + cₙ)), with W, U, b, c the arrays as in ``gru``. Raises
    ``ShapeError`` where they do not fit. By hand, all weights 0: z = ½, n = 0.

    >>> gru_step(np.ones((1, 1)), np.array([[8.0]]), np.zeros((3, 1)), np.zeros((3, 1))).tolist()
    [[4.0]]
    """
    x, hidden, weights = _given("gru_step", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden)
    return sequence.forward(CELL, sequence.of_one("gru_step", x), weights, (hidden,))[1][0]


def gru_step_backward(
    grad: ArrayLike,
    x: ArrayLike,
    hidden: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
) -> GRUGradients:
    """Return the gradients of all inputs for ``grad`` (N, H).

    >>> gru_step_backward(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros((3, 1)), np.zeros((3, 1))).hidden
    array([[0.5]])
    """
    x, hidden, weights = _given("gru_step_backward", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden)
    gradients = sequence.backward(
        "gru_step_backward", CELL, (None, grad), sequence.of_one("gru_step", x), weights, (hidden,)
    )
    return GRUGradients(gradients[0][:, 0], *gradients[1:])


def _given(
    name: str, x: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, hidden: Any
) -> tuple[np.ndarray, np.ndarray, Weights]:
    x, *weights, hidden = floats(
        name, x=x, weight_ih=weight_ih, weight_hh=weight_hh, bias_ih=bias_ih, bias_hh=bias_hh, hidden=hidden
    )
    return x, hidden, Weights(*weights)


def _gates(from_input: np.ndarray, from_hidden: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return r, z, n and what the hidden state brings to n."""
    (r, z, n), (r_hidden, z_hidden, n_hidden) = np.split(from_input, 3, -1), np.split(from_hidden, 3, -1)
    r, z = expit(r + r_hidden), expit(z + z_hidden)
    return r, z, np.tanh(n + r * n_hidden), n_hidden


def _cell(from_input: np.ndarray, from_hidden: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray]:
    _, z, n, _ = _gates(from_input, from_hidden)
    return ((1 - z) * n + z * hidden,)


def _cell_backward(
    grad: np.ndarray, from_input: np.ndarray, from_hidden: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return the gradients of what input and hidden state bring to the gates, and of the state itself."""
    r, z, n, n_hidden = _gates(from_input, from_hidden)
    of_n = grad * (1 - z) * (1 - n * n)
    of_z = grad * (hidden - n) * z * (1 - z)
    of_r = of_n * n_hidden * r * (1 - r)
    return np.concatenate([of_r, of_z, of_n], -1), np.concatenate([of_r, of_z, of_n * r], -1), grad * z


# two σ of a sum: 4 and 4; tanh of a sum with a product: 2 and 1; (1 - z)·n + z·h: 2 and 2
CELL = Cell("gru", 3, ("hidden",), (8, 7), _cell, _cell_backward)
INPUTS = ("x", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "hidden")


def _parts(x: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = None, bias_hh: Any = None, hidden: Any = None) -> Any:
    return x, Weights(weight_ih, weight_hh, bias_ih, bias_hh), (hidden,)


def _shape(*arrays: Shape | None) -> Shape:
    return sequence.shape(CELL, *_parts(*arrays))


def _cost(*arrays: Shape | None, itemsize: int = 4) -> Cost:
    return sequence.cost(CELL, *_parts(*arrays), itemsize=itemsize)


def _field(at: tuple[int, ...], *arrays: Shape | None) -> dict[str, Index]:
    x, weights, (hidden,) = _parts(*arrays)
    t, begun = at[1], hidden is not None
    reset = t + (begun or weights.bias_hh is not None)  # r multiplies what the hidden state brings
    return sequence.field(at, x, weights, (reset, t + 1, t + 1), (t + begun,) * 3)


def _terms(at: tuple[int, ...], *arrays: np.ndarray | None) -> Terms:
    """Return two terms: the candidate n (it stands in no input) times 1 - z, and the hidden state before times z."""
    x, weights, (first,) = _parts(*arrays)
    example, t, unit = at
    x, states = x[[example]], (None if first is None else first[[example]],)
    _, (before,) = sequence.forward(CELL, x[:, :t], weights, states) if t else (None, states)
    before = np.zeros((1, weights.hh.shape[1]), x.dtype) if before is None else before
    from_input = linear(x[:, t], weights.ih, weights.bias_ih)
    _, z, n, _ = _gates(from_input, linear(before, weights.hh, weights.bias_hh))
    operand, factor = np.array([n[0, unit], before[0, unit]]), np.array([1 - z[0, unit], z[0, unit]])
    source = (None, "hidden" if t == 0 and first is not None else None)
    return Terms(float(operand @ factor), source, np.array([(example, unit)] * 2), operand, factor)


_SEQUENCE = Primitive(
    "gru", INPUTS, gru, gru_backward, _shape, _cost, sequence.axes(INPUTS, CELL.states), _terms, INPUTS, field=_field
)
PRIMITIVES = (_SEQUENCE, sequence.step("gru_step", _SEQUENCE, CELL, gru_step, gru_step_backward))
