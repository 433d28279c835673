"""A cell stepped along a sequence, forward and backward through time: what GRU and LSTM share.

A cell takes ``from_input`` (N, G·H), ``from_hidden`` (N, G·H) for its G gates and the states before, and returns the
states after; the hidden state (N, H) comes first and is the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from convscope.errors import ShapeError
from convscope.ops.arguments import check_gradient, matching, shapes
from convscope.ops.axes import Axes, listed, same, whole
from convscope.ops.linear import PRIMITIVES as LINEAR
from convscope.ops.linear import linear, linear_backward
from convscope.ops.primitive import Cost, Index, Primitive, Shape, Terms, count, function_of, traffic

States = tuple[np.ndarray, ...]


class Cell(NamedTuple):
    """One kind of cell: what it is called, its gates and states, and what one unit costs beside the two products."""

    name: str
    gates: int
    states: tuple[str, ...]
    each: tuple[int, int]
    forward: Callable[..., States]
    backward: Callable[..., tuple[np.ndarray, ...]]


class Weights(NamedTuple):
    """weight_ih (G·H, I), weight_hh (G·H, H), bias_ih and bias_hh (G·H,) or none; or their shapes."""

    ih: Any
    hh: Any
    bias_ih: Any
    bias_hh: Any


def forward(cell: Cell, x: np.ndarray, weights: Weights, states: Sequence[np.ndarray | None]) -> tuple[Any, States]:
    """Return the output (N, T, H) and the last states, each (N, H)."""
    outputs: list[np.ndarray] = []
    from_input, now = _begin(cell, x, weights, states)
    for step in np.moveaxis(from_input, 1, 0):  # (N, G·H)
        now = cell.forward(step, linear(now[0], weights.hh, weights.bias_hh), *now)
        outputs.append(now[0])
    return np.stack(outputs, 1), now


def backward(
    operation: str,
    cell: Cell,
    grad: ArrayLike | tuple[ArrayLike | None, ...],
    x: np.ndarray,
    weights: Weights,
    states: Sequence[np.ndarray | None],
) -> tuple[Any, ...]:
    """Return the gradients of x, weight_ih, weight_hh, bias_ih, bias_hh and the first states.

    ``grad`` is that of the output (N, T, H), or a tuple of it and those of the last states, None where not used.
    """
    from_input, now = _begin(cell, x, weights, states)
    seen: list[tuple[np.ndarray, ...]] = []
    for step in np.moveaxis(from_input, 1, 0):
        seen.append((step, linear(now[0], weights.hh, weights.bias_hh), *now))
        now = cell.forward(*seen[-1])
    of_output, *towards = _upstream(operation, grad, x.shape[:2], now)
    of_input, of_hidden = np.empty_like(from_input), np.empty_like(from_input)  # (N, T, G·H)
    for t in reversed(range(x.shape[1])):
        towards[0] = towards[0] + of_output[:, t]
        of_input[:, t], of_hidden[:, t], *towards = cell.backward(*towards, *seen[t])
        towards[0] = towards[0] + of_hidden[:, t] @ weights.hh
    before = np.stack([step[2] for step in seen], 1)  # (N, T, H)
    above = linear_backward(of_input, x, weights.ih, weights.bias_ih)
    along = linear_backward(of_hidden, before, weights.hh, weights.bias_hh)
    first = (None if state is None else gradient for state, gradient in zip(states, towards, strict=True))
    return (above.x, above.weight, along.weight, above.bias, along.bias, *first)


def shape(cell: Cell, x: Shape, weights: Weights, states: Sequence[Shape | None]) -> Shape:
    """Return (N, T, H), with all arrays checked against one another."""
    name, gates = cell.name, cell.gates
    if len(weights.hh) != 2 or weights.hh[0] != gates * weights.hh[1]:
        raise ShapeError(f"{name}: weight_hh must be ({gates}·H, H), found {weights.hh}")
    hidden = weights.hh[1]
    if len(x) != 3 or not x[1]:
        raise ShapeError(f"{name}: x must be (N, T, I) with T at least 1, found {x}")
    matching(name, "weight_ih", weights.ih, (gates * hidden, x[2]), f"({gates}·H, I)")
    matching(name, "bias_ih", weights.bias_ih, (gates * hidden,), f"({gates}·H,)")
    matching(name, "bias_hh", weights.bias_hh, (gates * hidden,), f"({gates}·H,)")
    for state, size in zip(cell.states, states, strict=True):
        matching(name, state, size, (x[0], hidden), "(N, H)")
    return (*x[:2], hidden)


def cost(cell: Cell, x: Shape, weights: Weights, states: Sequence[Shape | None], *, itemsize: int) -> Cost:
    """Return the cost of all steps: two products with weights, and the gates."""
    output = shape(cell, x, weights, states)
    rule = LINEAR[0].cost
    products = rule(x, weights.ih, weights.bias_ih), rule(output, weights.hh, weights.bias_hh)
    return Cost(
        sum(part.multiplications for part in products) + count(output) * cell.each[0],
        sum(part.additions for part in products) + count(output) * cell.each[1],
        *traffic(output, x, *weights, *states, itemsize=itemsize),
    )


def rows(at: tuple[int, ...], hidden: int, times: Sequence[int]) -> np.ndarray:
    """Return the rows of all gates that feed output ``at`` (n, t, unit) when gate g was used ``times[g]`` times.

    The last use is of the unit's own row; in every use before, all units feed it. By hand: 2 units, unit 1.

    >>> rows((0, 5, 1), 2, (0, 1, 2)).tolist()
    [3, 4, 5]
    """
    unit = at[-1]
    every = [np.arange(hidden) if n > 1 else np.arange(unit, unit + n) for n in times]
    return np.concatenate([gate * hidden + units for gate, units in enumerate(every)])


def axes(inputs: tuple[str, ...], states: tuple[str, ...]) -> Callable[..., Axes]:
    """Return the axes rule of a sequence (N, T, I), or of one step (N, I), for arrays in the order of ``inputs``.

    Each step sees all steps before it. Of the weights and of all states but the first, step and unit decide together.
    """

    def rule(*sizes: Shape | None) -> Axes:
        named = dict(zip(inputs, sizes, strict=False))
        x, weight = named["x"], named["weight_hh"]
        assert x is not None and weight is not None
        n, *steps, width = x
        units = weight[1]
        time = (listed(1, t, [range(o + 1) for o in range(t)]) for t in steps)
        alone = {state: (same(0, n), same(1, units)) for state in states[1:] if not steps}
        return {"x": (same(0, n), *time, whole(width)), states[0]: (same(0, n), whole(units)), **alone}

    return rule


def field(
    at: tuple[int, ...], x: Shape, weights: Weights, from_input: Sequence[int], from_hidden: Sequence[int]
) -> dict[str, Index]:
    """Return what of the weights feeds an output whose gates were used so many times, with input and hidden.

    A gate that multiplies an absent first state, which is 0, is not used in that step.
    """
    hidden = weights.hh[1]
    above, along = rows(at, hidden, from_input), rows(at, hidden, from_hidden)
    index: dict[str, Index] = {"weight_ih": (above, np.arange(x[2])), "weight_hh": (along, np.arange(hidden))}
    biases = {"bias_ih": weights.bias_ih, "bias_hh": weights.bias_hh}
    return index | {name: (above,) for name, bias in biases.items() if bias is not None}


def _upstream(
    operation: str, grad: ArrayLike | tuple[ArrayLike | None, ...], steps: Shape, states: States
) -> list[np.ndarray]:
    """Return the gradients of the output (N, T, H) and of each last state; 0 where none is given."""
    gradients = grad if isinstance(grad, tuple) else (grad,)
    hidden = states[0].shape[1]
    upstream = [np.zeros(size, states[0].dtype) for size in ((*steps, hidden), *shapes(*states))]
    for at, gradient in enumerate(gradients):
        if gradient is not None:
            gradient = np.asarray(gradient, upstream[at].dtype)
            check_gradient(operation, gradient, upstream[at].shape)
            upstream[at] = gradient
    return upstream


def of_one(name: str, x: Any) -> Any:
    """Return x (N, I), an array or its shape, as a sequence (N, 1, I)."""
    sizes: Shape = getattr(x, "shape", x)
    if len(sizes) != 2:
        raise ShapeError(f"{name}: x must be (N, I), found {sizes}")
    return (sizes[0], 1, sizes[1]) if sizes is x else x[:, None]


def step(
    name: str, whole: Primitive, cell: Cell, forward: Callable[..., Any], backward: Callable[..., Any]
) -> Primitive:
    """Return the primitive of one step: what is true of a sequence of one, with the states given beside x."""
    weights = tuple(name for name in whole.inputs[1:] if name not in cell.states)
    inputs = ("x", *cell.states, *weights)

    def as_sequence(*arrays: Any) -> list[Any]:
        named = dict(zip(inputs, arrays, strict=False))
        return [of_one(name, arrays[0]), *(named.get(other) for other in whole.inputs[1:])]

    def shape(*arrays: Shape | None) -> Shape:
        n, _, hidden = whole.shape(*as_sequence(*arrays))
        return n, hidden

    def cost(*arrays: Shape | None, itemsize: int = 4) -> Cost:
        return whole.cost(*as_sequence(*arrays), itemsize=itemsize)

    def beside(at: tuple[int, ...], *arrays: Shape | None) -> dict[str, Index]:
        index = whole.field((at[0], 0, at[1]), *as_sequence(*arrays))
        return {name: index[name] for name in weights if name in index}

    def terms(at: tuple[int, ...], *arrays: Any) -> Terms:
        told = whole.terms((at[0], 0, at[1]), *as_sequence(*arrays))
        if told.rule == "sum":
            return told
        named = dict(zip(("x", *cell.states), arrays, strict=False))
        return function_of(told.total, name, named, primitive.field(at, *shapes(*arrays)))

    rule = axes(inputs, cell.states)
    primitive = Primitive(
        name, inputs, forward, backward, shape, cost, rule, terms, differentiable=inputs, field=beside
    )
    return primitive


def _begin(
    cell: Cell, x: np.ndarray, weights: Weights, states: Sequence[np.ndarray | None]
) -> tuple[np.ndarray, States]:
    """Return what the inputs bring to all gates at once (N, T, G·H), and the first states, 0 where absent."""
    shape(cell, x.shape, Weights(*shapes(*weights)), shapes(*states))
    zero = np.zeros((len(x), weights.hh.shape[1]), x.dtype)
    return linear(x, weights.ih, weights.bias_ih), tuple(zero if state is None else state for state in states)
