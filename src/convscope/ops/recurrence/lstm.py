"""Long short-term memory, with PyTorch's weights: gates in the order i, f, g, o (input, forget, cell, output)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.ops.arguments import floats
from convscope.ops.primitive import Cost, Index, Primitive, Shape, Terms, function_of, point
from convscope.ops.recurrence import sequence
from convscope.ops.recurrence.sequence import Cell, States, Weights
from convscope.ops.special import expit


class LSTM(NamedTuple):
    """All hidden states (N, T, H), the last one (N, H), and the last cell state (N, H)."""

    output: np.ndarray
    hidden: np.ndarray
    cell: np.ndarray


class LSTMStep(NamedTuple):
    """The next hidden state and the next cell state, each (N, H)."""

    hidden: np.ndarray
    cell: np.ndarray


class LSTMGradients(NamedTuple):
    """The gradients of all inputs; None where there was none."""

    x: np.ndarray
    weight_ih: np.ndarray
    weight_hh: np.ndarray
    bias_ih: np.ndarray | None
    bias_hh: np.ndarray | None
    hidden: np.ndarray | None
    cell: np.ndarray | None


def lstm(
    x: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
    hidden: ArrayLike | None = None,
    cell: ArrayLike | None = None,
) -> LSTM:
    """Return ``lstm_step`` along the sequence x (N, T, I), from ``hidden`` and ``cell`` (N, H) or from 0.

    weight_ih (4H, I), weight_hh (4H, H), bias_ih and bias_hh (4H,), no bias is 0; returns output (N, T, H), the last
    hidden and cell state (N, H). Raises ``ShapeError`` where they do not fit or T is 0. Source: Hochreiter &
    Schmidhuber 1997, Gers et al. 2000. By hand, all weights 0: f = ½ and g = 0 halve the cell state in every step.

    >>> lstm(np.ones((1, 2, 1)), np.zeros((4, 1)), np.zeros((4, 1)), cell=np.array([[8.0]])).cell.tolist()
    [[2.0]]
    """
    x, states, weights = _given("lstm", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden, cell)
    output, last = sequence.forward(CELL, x, weights, states)
    return LSTM(output, *last)


def lstm_backward(
    grad: ArrayLike | LSTM,
    x: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
    hidden: ArrayLike | None = None,
    cell: ArrayLike | None = None,
) -> LSTMGradients:
    """Return the gradients of all inputs, back through time.

    ``grad`` is that of the output (N, T, H), or an ``LSTM`` of those of all three results, None where one is not used.

    >>> zeros, of_cell = np.zeros((4, 1)), LSTM(None, None, np.array([[1.0]]))
    >>> lstm_backward(of_cell, np.ones((1, 2, 1)), zeros, zeros, cell=np.array([[8.0]])).cell
    array([[0.25]])
    """
    x, states, weights = _given("lstm_backward", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden, cell)
    return LSTMGradients(*sequence.backward("lstm_backward", CELL, grad, x, weights, states))


def lstm_step(
    x: ArrayLike,
    hidden: ArrayLike,
    cell: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
) -> LSTMStep:
    """Return hidden' = o·tanh(cell') and cell' = f·cell + i·g, each (N, H), for x (N, I), hidden and cell (N, H).

    i, f, o = σ(W x + b + U h + c) and g = tanh of its own such sum, with W, U, b, c the arrays as in ``lstm``. Raises
    ``ShapeError`` where they do not fit. By hand, all weights 0: f = ½, g = 0.

    >>> lstm_step(np.ones((1, 1)), np.ones((1, 1)), np.array([[8.0]]), np.zeros((4, 1)), np.zeros((4, 1))).cell.tolist()
    [[4.0]]
    """
    x, states, weights = _given("lstm_step", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden, cell)
    return LSTMStep(*sequence.forward(CELL, sequence.of_one("lstm_step", x), weights, states)[1])


def lstm_step_backward(
    grad: ArrayLike | LSTMStep,
    x: ArrayLike,
    hidden: ArrayLike,
    cell: ArrayLike,
    weight_ih: ArrayLike,
    weight_hh: ArrayLike,
    bias_ih: ArrayLike | None = None,
    bias_hh: ArrayLike | None = None,
) -> LSTMGradients:
    """Return the gradients of all inputs.

    ``grad`` is that of the hidden state (N, H), or an ``LSTMStep`` of those of both results, None where
    one is not used.

    >>> one, zeros, of_cell = np.ones((1, 1)), np.zeros((4, 1)), LSTMStep(None, np.array([[1.0]]))
    >>> lstm_step_backward(of_cell, one, one, one, zeros, zeros).cell
    array([[0.5]])
    """
    x, states, weights = _given("lstm_step_backward", x, weight_ih, weight_hh, bias_ih, bias_hh, hidden, cell)
    of_states = grad if isinstance(grad, tuple) else (grad,)
    gradients = sequence.backward(
        "lstm_step_backward", CELL, (None, *of_states), sequence.of_one("lstm_step", x), weights, states
    )
    return LSTMGradients(gradients[0][:, 0], *gradients[1:])


def _given(name: str, *arrays: Any) -> tuple[np.ndarray, States, Weights]:
    x, *weights, hidden, cell = floats(name, **dict(zip(INPUTS, arrays, strict=True)))
    return x, (hidden, cell), Weights(*weights)


def _gates(from_input: np.ndarray, from_hidden: np.ndarray) -> tuple[np.ndarray, ...]:
    i, f, g, o = np.split(from_input + from_hidden, 4, -1)
    return expit(i), expit(f), np.tanh(g), expit(o)


def _cell(
    from_input: np.ndarray, from_hidden: np.ndarray, _hidden: np.ndarray, cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    i, f, g, o = _gates(from_input, from_hidden)
    after = f * cell + i * g
    return o * np.tanh(after), after


def _cell_backward(
    grad: np.ndarray,
    grad_cell: np.ndarray,
    from_input: np.ndarray,
    from_hidden: np.ndarray,
    _hidden: np.ndarray,
    cell: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Return the gradients of what input and hidden state bring to the gates, and of both states themselves."""
    i, f, g, o = _gates(from_input, from_hidden)
    squashed = np.tanh(f * cell + i * g)
    of_cell = grad_cell + grad * o * (1 - squashed * squashed)
    of_i = of_cell * g * i * (1 - i)
    of_f = of_cell * cell * f * (1 - f)
    of_g = of_cell * i * (1 - g * g)
    of_o = grad * squashed * o * (1 - o)
    of_gates = np.concatenate([of_i, of_f, of_g, of_o], -1)
    return of_gates, of_gates, np.zeros_like(grad), of_cell * f


# three σ of a sum: 6 and 6; tanh of a sum: 1 and 1; f·c + i·g: 2 and 1; o·tanh: 2 and 0
CELL = Cell("lstm", 4, ("hidden", "cell"), (11, 8), _cell, _cell_backward)
INPUTS = ("x", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "hidden", "cell")


def _parts(*arrays: Any) -> tuple[Any, Weights, tuple[Any, Any]]:
    x, ih, hh, bias_ih, bias_hh, hidden, cell = (*arrays, *(None,) * 4)[:7]
    return x, Weights(ih, hh, bias_ih, bias_hh), (hidden, cell)


def _shape(*arrays: Shape | None) -> Shape:
    return sequence.shape(CELL, *_parts(*arrays))


def _cost(*arrays: Shape | None, itemsize: int = 4) -> Cost:
    return sequence.cost(CELL, *_parts(*arrays), itemsize=itemsize)


def _field(at: tuple[int, ...], *arrays: Shape | None) -> dict[str, Index]:
    x, weights, (hidden, cell) = _parts(*arrays)
    t = at[1]
    forget = t + (cell is not None)  # f multiplies the cell state
    along = t + (hidden is not None)
    index = sequence.field(at, x, weights, (t + 1, forget, t + 1, t + 1), (along, min(along, forget), along, along))
    if cell is not None:
        index["cell"] = (*point(at[:1]), np.arange(weights.hh[1]) if t else np.array(at[2:]))
    return index


def _terms(at: tuple[int, ...], *arrays: np.ndarray | None) -> Terms:
    """Return the inputs and first states that the output is a function of."""
    x, weights, states = _parts(*arrays)
    total = float(sequence.forward(CELL, x[:, : at[1] + 1], weights, states)[0][at])
    named = {"x": x, "hidden": states[0], "cell": states[1]}
    present = {name: array for name, array in named.items() if array is not None}
    return function_of(total, "lstm", present, _SEQUENCE.field(at, *(None if a is None else a.shape for a in arrays)))


_SEQUENCE = Primitive(
    "lstm", INPUTS, lstm, lstm_backward, _shape, _cost, sequence.axes(INPUTS, CELL.states), _terms, INPUTS, field=_field
)
PRIMITIVES = (_SEQUENCE, sequence.step("lstm_step", _SEQUENCE, CELL, lstm_step, lstm_step_backward))
