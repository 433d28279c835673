"""The gradient of a score by the input: how much it changes with each number, and that times the number itself."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import in_batches
from convscope.explaining.explained import Explained
from convscope.explaining.forward import forward
from convscope.explaining.score import Score
from convscope.graph.node import OUTSIDE


def gradient(explained: Explained, score: Score) -> Attribution:
    """Return the gradient (N, C, *space) (Simonyan et al. 2014); its map is the largest magnitude over the channels.

    Of tokens (N, L) it is taken by what they are embedded as: values (N, D, L), a map (N, L).

    >>> import torch
    >>> linear = torch.nn.Conv1d(2, 1, 1, bias=False)
    >>> _ = linear.load_state_dict({"weight": torch.tensor([[[2.0], [-3.0]]])})
    >>> gradient(Explained(linear, torch.ones(1, 2, 1)), Score("y", lambda out: out[:, 0, 0])).map.tolist()
    [[3.0]]
    """

    def compute(part: Explained, of: Score) -> tuple[Tensor, ...]:
        with forward(part, of) as passed:
            return passed.gradient(), passed.scores

    values, scores = in_batches(explained, score, compute)
    return Attribution(magnitude(values), values, scores, "gradient", notes=left_out(explained))


def inputxgradient(explained: Explained, score: Score) -> Attribution:
    """Return input times gradient (N, C, *space) (Shrikumar et al. 2016); its map is the sum over the channels.

    >>> import torch
    >>> linear = torch.nn.Conv1d(2, 1, 1, bias=False)
    >>> _ = linear.load_state_dict({"weight": torch.tensor([[[2.0], [-3.0]]])})
    >>> inputxgradient(Explained(linear, torch.ones(1, 2, 1)), Score("y", lambda out: out[:, 0, 0])).map.tolist()
    [[-1.0]]
    """

    def compute(part: Explained, of: Score) -> tuple[Tensor, ...]:
        with forward(part, of) as passed:
            return passed.entry * passed.gradient(), passed.scores

    values, scores = in_batches(explained, score, compute)
    return Attribution(values.sum(1), values, scores, "inputxgradient", notes=left_out(explained))


def magnitude(values: np.ndarray) -> np.ndarray:
    """Return the largest magnitude over the channels of values (N, C, *space): (N, *space)."""
    return abs(values).max(1)


def left_out(explained: Explained) -> tuple[str, ...]:
    """Say where a network takes numbers out of PyTorch, so that their gradient is missing."""
    graph = explained.graph
    if graph is None:
        return ()
    paths = {node.path or graph.model for node in graph.unknown if node.arguments["operation"] == OUTSIDE}
    paths |= {read.path or graph.model for read in graph.reads if not read.decides}
    if not paths:
        return ()
    return (f"numbers leave PyTorch in {', '.join(sorted(paths))}: what the score owes to them has no gradient here",)
