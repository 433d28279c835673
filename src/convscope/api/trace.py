"""One unit of any network, opened: a run, a name, a module or a graph in; a ``Trace`` out.

What stands above ``tracing``: finding the network, reading the image, and PyTorch's own numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convscope.api.example import Example, example_of
from convscope.tracing.forward import Forward, compute
from convscope.tracing.terms import Trace, trace_number


def trace(
    network: Any, x: Any, node: str | None = None, at: Sequence[int] | None = None, *, input_shape: Any = None
) -> Trace:
    """Return one number of a network as the products that it is the sum of; ``.follow()`` goes on to their operands.

    Args:
        network: a run or its folder, an ``nn.Module``, ``package.module:name``, a name of ``convscope models``, or a
            ``Graph``.
        x: for a run that takes texts a text; for one that takes signals a file of one, FILE/ROW, an array (T,) or
            (T, C), or an example of a split; for any other run
            an image file, a picture of PIL, an example of a split or a raw image (H, W, C), which its
            preprocessing scales; for any other network one
            example (1, C, H, W) as it takes it, a list of those for several inputs, or a dictionary by their names; for
            a network by name also an image file, whose pixels are divided by the largest of their type (255, 65535).
        node: a name as ``inspect`` prints it; by default the network's output.
        at: the place in it without the batch, (channel, row, column); by default that of its largest number.
        input_shape: the shape (C, H, W) to which an image file is brought, where the network does not say it; by
            default its own.

    Raises:
        ConfigError: no such network or node. ShapeError: no such place. DataError: an image that cannot be used.

    By hand: 1·5 + 2·6 - 1 = 16.

    >>> import torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> _ = layer.load_state_dict({"weight": torch.tensor([[5.0, 6.0]]), "bias": torch.tensor([-1.0])})
    >>> traced = trace(layer, np.array([[1.0, 2.0]]))
    >>> traced.total, traced.bias, [(term.operand, term.factor, term.product) for term in traced.terms]
    (16.0, -1.0, [(1.0, 5.0, 5.0), (2.0, 6.0, 12.0)])
    """
    return trace_number(forward(network, x, input_shape), node, at)


def forward(network: Any, x: Any, input_shape: Any = None) -> Forward:
    """Return every value of one example, for tracing several numbers of it; the arguments are those of ``trace``."""
    return _watched(example_of(network, x, input_shape))


def _watched(example: Example) -> Forward:
    if example.model is None:
        return compute(example.graph, [np.asarray(one) for one in example.arrays])
    from convscope.graph.record.activations import activations

    graph, engine = activations(example.model, example.inputs)
    return compute(
        graph, [engine[node.name] for node in graph.inputs], engine, example.scaling, example.classes, example.tokens
    )
