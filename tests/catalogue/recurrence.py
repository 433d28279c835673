"""Recurrent cells in the catalogue."""

from __future__ import annotations

import numpy as np
import torch

from catalogue.entry import Entry, Refusal, Sample


def zero_biases(weight_ih, bias_ih, bias_hh):
    zeros = weight_ih.new_zeros(len(weight_ih))
    return zeros if bias_ih is None else bias_ih, zeros if bias_hh is None else bias_hh


def parameters(weight_ih, weight_hh, bias_ih, bias_hh):
    return [weight_ih, weight_hh, *zero_biases(weight_ih, bias_ih, bias_hh)]


def start(x, weight_hh, state):
    return (x.new_zeros(len(x), weight_hh.shape[1]) if state is None else state)[None]


def gru(x, weight_ih, weight_hh, bias_ih, bias_hh, hidden):
    weights = parameters(weight_ih, weight_hh, bias_ih, bias_hh)
    return torch.gru(x, start(x, weight_hh, hidden), weights, True, 1, 0.0, False, False, True)[0]


def lstm(x, weight_ih, weight_hh, bias_ih, bias_hh, hidden, cell):
    weights = parameters(weight_ih, weight_hh, bias_ih, bias_hh)
    states = [start(x, weight_hh, hidden), start(x, weight_hh, cell)]
    return torch.lstm(x, states, weights, True, 1, 0.0, False, False, True)[0]


def gru_step(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh):
    return torch.gru_cell(x, hidden, weight_ih, weight_hh, *zero_biases(weight_ih, bias_ih, bias_hh))


def lstm_step(x, hidden, cell, weight_ih, weight_hh, bias_ih, bias_hh):
    biases = zero_biases(weight_ih, bias_ih, bias_hh)
    return torch.lstm_cell(x, [hidden, cell], weight_ih, weight_hh, *biases)[0]


def products(gates: int, multiplications: int, additions: int):
    """Count, unit by unit, the sums of every gate; and so many of each in the gates themselves."""

    def rule(x, weight_ih, weight_hh, bias_ih=None, bias_hh=None, *states) -> tuple[int, int]:
        found = [0, 0]
        for _ in np.ndindex(*x[:-1], weight_hh[1]):
            for _ in range(gates):
                found[0] += weight_ih[1] + weight_hh[1]
                found[1] += weight_ih[1] - 1 + weight_hh[1] - 1 + (bias_ih is not None) + (bias_hh is not None)
            found[0] += multiplications
            found[1] += additions
        return found[0], found[1]

    return rule


def sequences(gates: int, states: int) -> tuple[Sample, ...]:
    """Return samples with 2 units and 2 inputs, with and without biases and first states."""
    weights = ((2 * gates, 2), (2 * gates, 2))
    biases, none, given = ((2 * gates,), (2 * gates,)), (None,) * states, ((2, 2),) * states
    return (
        Sample(((2, 3, 2), *weights, *biases, *given)),
        Sample(((1, 3, 2), *weights, *biases, *none)),
        Sample(((1, 3, 2), *weights, None, None, *none)),
        Sample(((1, 1, 1), (gates, 1), (gates, 1), (gates,), None, *none)),
        Sample(((0, 3, 2), *weights, *biases, *none)),
        Sample(((3, 7, 5), (4 * gates, 5), (4 * gates, 4), None, (4 * gates,), *none)),
    )


def steps(gates: int, states: int) -> tuple[Sample, ...]:
    weights, biases = ((2 * gates, 3), (2 * gates, 2)), ((2 * gates,), (2 * gates,))
    return (
        Sample(((2, 3), *((2, 2),) * states, *weights, *biases)),
        Sample(((1, 3), *((1, 2),) * states, *weights, None, None)),
        Sample(((0, 3), *((0, 2),) * states, *weights, *biases)),
        Sample(((5, 7), *((5, 4),) * states, (4 * gates, 7), (4 * gates, 4), (4 * gates,), None)),
    )


def refusals(name: str, gates: int, states: int) -> tuple[Refusal, ...]:
    none = (None,) * (2 + states)
    return (
        Refusal(
            ((2, 0, 3), (2 * gates, 3), (2 * gates, 2), *none),
            {},
            f"{name}: x must be (N, T, I) with T at least 1, found (2, 0, 3)",
        ),
        Refusal(
            ((2, 4, 3), (2 * gates, 3), (2 * gates + 1, 2), *none),
            {},
            f"{name}: weight_hh must be ({gates}·H, H), found ({2 * gates + 1}, 2)",
        ),
        Refusal(
            ((2, 4, 3), (2 * gates, 4), (2 * gates, 2), *none),
            {},
            f"{name}: weight_ih must be ({gates}·H, I) = ({2 * gates}, 3), found ({2 * gates}, 4)",
        ),
        Refusal(
            ((2, 4, 3), (2 * gates, 3), (2 * gates, 2), None, None, (1, 2), *none[3:]),
            {},
            f"{name}: hidden must be (N, H) = (2, 2), found (1, 2)",
        ),
    )


def refused_step(name: str, gates: int, states: int) -> tuple[Refusal, ...]:
    arrays = ((3,), *((2, 2),) * states, (2 * gates, 3), (2 * gates, 2), None, None)
    return (Refusal(arrays, {}, f"{name}: x must be (N, I), found (3,)"),)


ENTRIES = (
    Entry("gru", sequences(3, 1), refusals("gru", 3, 1), gru, products=products(3, 8, 7)),
    Entry("lstm", sequences(4, 2), refusals("lstm", 4, 2), lstm, products=products(4, 11, 8)),
    Entry("gru_step", steps(3, 1), refused_step("gru_step", 3, 1), gru_step),
    Entry("lstm_step", steps(4, 2), refused_step("lstm_step", 4, 2), lstm_step),
)
