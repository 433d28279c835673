"""Recurrent layers: stacked and in both directions they are several primitives, one per layer and direction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arrangement import joined, part_of, permuted


def layers(op: str, states: int) -> Callable[..., Any]:
    """Return the rule of a recurrent layer whose cells have so many states; the first is also the output."""

    def rule(
        graph: GraphBuilder,
        input: Ref,
        hx: Any,
        params: list[Ref],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> tuple[Ref, ...]:
        if not isinstance(hx, list | tuple | Ref) or len(input.shape) != 3:
            raise Unknown("a packed sequence, or one without a batch")
        first: list[Ref] = [hx] if isinstance(hx, Ref) else [*hx]
        directions = 2 if bidirectional else 1
        each = len(params) // (num_layers * directions)
        projected = op == "lstm" and first[0].shape[-1] != first[1].shape[-1]
        through = _projected if projected else functools.partial(_one_direction, op=op)
        x = input if batch_first else permuted(graph, input, (1, 0, 2))  # (N, T, I)
        last: list[list[Ref]] = [[] for _ in range(states)]
        for layer in range(num_layers):
            outputs: list[Ref] = []
            for direction in range(directions):
                at = layer * directions + direction
                weights = params[at * each : (at + 1) * each]
                begun = [None if states.zero else _state(graph, states, at) for states in first]
                output, ends = through(graph, x=x, weights=weights, begun=begun, backwards=direction == 1)
                outputs.append(output)
                for state, end in zip(last, ends, strict=True):
                    state.append(graph.emit("reshape", end, shape=(1, *end.shape)))
            x = joined(graph, outputs, 2)
        output = x if batch_first else permuted(graph, x, (1, 0, 2))
        return (output, *(joined(graph, ends, 0) for ends in last))

    return rule


def _one_direction(
    graph: GraphBuilder, x: Ref, weights: Sequence[Ref], begun: list[Ref | None], *, op: str, backwards: bool
) -> tuple[Ref, list[Ref]]:
    """Return the output (N, T, H) of one layer in one direction, and its last states (N, H)."""
    biases = (None, None) if len(weights) == 2 else tuple(weights[2:])
    x = _reversed(graph, x) if backwards else x
    if op in ("tanh", "relu"):
        output, end = _stepped(graph, op, x, weights[:2], biases, begun[0])
        return (_reversed(graph, output) if backwards else output), [end]
    output = graph.emit(op, x, *weights[:2], *biases, *begun)
    n, _, hidden = output.shape
    ends = [graph.getitem(output, i + 1, (n, hidden), output.dtype) for i in range(len(begun))]
    return (_reversed(graph, output) if backwards else output), ends


def _projected(
    graph: GraphBuilder, x: Ref, weights: Sequence[Ref], begun: list[Ref | None], *, backwards: bool
) -> tuple[Ref, list[Ref]]:
    """Return the output (N, T, P) of an LSTM whose hidden states are projected, step by step (Sak et al. 2014)."""
    above, along, *biases, down = weights
    n, steps, width = x.shape[0], x.shape[1], above.shape[0] // 4
    zeros = (_zeros(graph, x, (n, down.shape[0])), _zeros(graph, x, (n, width)))
    hidden, cell = (zero if state is None else state for zero, state in zip(zeros, begun, strict=True))
    brought = graph.emit("linear", _reversed(graph, x) if backwards else x, above, *biases[:1])  # (N, T, 4H)
    outputs: list[Ref] = []
    for t in range(steps):
        now = graph.emit("reshape", part_of(graph, brought, 1, t, 1), shape=(n, 4 * width))
        gates = graph.emit("add", now, graph.emit("linear", hidden, along, *biases[1:]))
        i, f, g, o = (
            graph.emit(kind, part_of(graph, gates, 1, gate * width, width))
            for gate, kind in enumerate(("sigmoid", "sigmoid", "tanh", "sigmoid"))
        )
        cell = graph.emit("add", graph.emit("multiply", f, cell), graph.emit("multiply", i, g))
        hidden = graph.emit("linear", graph.emit("multiply", o, graph.emit("tanh", cell)), down)
        outputs.append(graph.emit("reshape", hidden, shape=(n, 1, down.shape[0])))
    output = joined(graph, outputs, 1)
    return (_reversed(graph, output) if backwards else output), [hidden, cell]


def _zeros(graph: GraphBuilder, like: Ref, shape: tuple[int, ...]) -> Ref:
    return graph.emit("expand", graph.scalar(0, like.dtype), shape=shape)


def _stepped(
    graph: GraphBuilder, op: str, x: Ref, weights: Sequence[Ref], biases: Sequence[Ref | None], state: Ref | None
) -> tuple[Ref, Ref]:
    """Return the states (N, T, H) of Elman's cell (1990), step by step, and the last one (N, H)."""
    (above, along), (of_input, of_hidden) = weights, biases
    n, steps, hidden = x.shape[0], x.shape[1], along.shape[1]
    if state is None:
        state = _zeros(graph, x, (n, hidden))
    brought = graph.emit("linear", x, above, of_input)  # (N, T, H)
    states: list[Ref] = []
    for t in range(steps):
        now = graph.emit("reshape", part_of(graph, brought, 1, t, 1), shape=(n, hidden))
        state = graph.emit(op, graph.emit("add", now, graph.emit("linear", state, along, of_hidden)))
        states.append(graph.emit("reshape", state, shape=(n, 1, hidden)))
    return joined(graph, states, 1), state


def _reversed(graph: GraphBuilder, x: Ref) -> Ref:
    """Return x (N, T, I) with time running backwards."""
    n, t, i = x.shape
    return graph.emit("strided_slice", x, start=(0, t - 1, 0), size=(n, t, i), step=(1, -1, 1))


def _state(graph: GraphBuilder, states: Ref, at: int) -> Ref:
    """Return the state (N, H) of one layer and direction from (layers, N, H)."""
    return graph.emit("reshape", part_of(graph, states, 0, at, 1), shape=states.shape[1:])


def gru_cell(graph: GraphBuilder, input: Ref, hx: Ref, w_ih: Ref, w_hh: Ref, b_ih: Any = None, b_hh: Any = None) -> Ref:
    """One step of a GRU."""
    return graph.emit("gru_step", input, hx, w_ih, w_hh, b_ih, b_hh)


def lstm_cell(
    graph: GraphBuilder, input: Ref, hx: Any, w_ih: Ref, w_hh: Ref, b_ih: Any = None, b_hh: Any = None
) -> tuple[Ref, Ref]:
    """One step of an LSTM: the hidden state and the cell state."""
    hidden = graph.emit("lstm_step", input, *hx, w_ih, w_hh, b_ih, b_hh)
    return hidden, graph.getitem(hidden, 1, hidden.shape, hidden.dtype)


def cell(op: str) -> Callable[..., Ref]:
    """Return the rule of one step of Elman's cell with an activation."""

    def rule(graph: GraphBuilder, input: Ref, hx: Ref, w_ih: Ref, w_hh: Ref, b_ih: Any = None, b_hh: Any = None) -> Ref:
        brought = graph.emit("linear", input, w_ih, b_ih)
        return graph.emit(op, graph.emit("add", brought, graph.emit("linear", hx, w_hh, b_hh)))

    return rule


RULES: dict[str, Callable[..., Any]] = {
    "gru": layers("gru", 1),
    "lstm": layers("lstm", 2),
    "rnn_tanh": layers("tanh", 1),
    "rnn_relu": layers("relu", 1),
    "rnn_tanh_cell": cell("tanh"),
    "rnn_relu_cell": cell("relu"),
    "gru_cell": gru_cell,
    "lstm_cell": lstm_cell,
}
