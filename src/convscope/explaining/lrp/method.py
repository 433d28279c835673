"""Layer-wise relevance propagation as a method of explanation: of any network whose graph has a rule for each node."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from torch import Tensor

from convscope.errors import ConfigError
from convscope.explaining.attribution import Attribution
from convscope.explaining.explained import Explained
from convscope.explaining.failures import check_finite
from convscope.explaining.lrp.relevance import NO_RULE, propagate
from convscope.explaining.lrp.step import Settings
from convscope.explaining.score import Score
from convscope.graph import Graph, Node
from convscope.graph.run import Values
from convscope.graph.subgraph import subgraph

HELD = 2**27  # numbers that one run of the graph may hold: more examples are taken in parts
PROBABILITIES = frozenset(("softmax", "log_softmax"))


def lrp(explained: Explained, score: Score, settings: Settings | None = None) -> Attribution:
    """Return the relevance of each input number for the scores, by rules of ``lrp.rules``.

    Convolutions share by the γ rule and all other sums by the ε rule, unless ``settings`` say otherwise (Montavon et
    al. 2019, "Layer-Wise Relevance Propagation: An Overview"). ``gap`` (N,) is by how much the relevance that arrives
    at the input misses that of the output: biases and the shifts of batch norms absorb some. A softmax at the end is
    left out: the score is of what goes into it. Of texts the map is of the tokens and there are no values.

    Raises ``ConfigError`` where the network could not be recorded, or has an operation without a rule, which is named.

    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3, bias=False))
    >>> found = lrp(Explained(network, torch.rand(2, 1, 8, 8)), Score("first", lambda out: out[:, 0]))
    >>> found.values.shape, bool(np.abs(found.gap).max() < 1e-3)
    ((2, 1, 8, 8), True)
    """
    graph = _graph(explained)
    x = _array(explained.x)
    size = _examples_at_once(graph)
    parts = [slice(first, first + size) for first in range(0, len(x), size)]
    each = [_of_part(graph, x[rows], score.at(rows), settings) for rows in parts]
    relevance, scored, gap = (np.concatenate(arrays) for arrays in zip(*each, strict=True))
    check_finite(explained, torch.from_numpy(scored))
    return Attribution(
        map=(relevance if explained.tokens else relevance.sum(1)).astype(np.float32),
        values=None if explained.tokens else relevance,
        score=scored.astype(np.float32),
        method="lrp",
        gap=gap,
        notes=_notes(graph),
    )


def _graph(explained: Explained) -> Graph:
    """Return the network as a graph that can be run; ``ConfigError`` says why there is none."""
    graph = explained.graph
    if graph is None:
        raise ConfigError("lrp: this network cannot be recorded as a graph (see inspect); take another method")
    if len(graph.inputs) != 1:
        raise ConfigError(f"lrp: the network must have one input, found {len(graph.inputs)}")
    graph = subgraph(graph, next(iter(graph.outputs.values())))  # what else it computes may be unknown
    for node in graph.unknown:
        raise ConfigError(f"lrp: {node.name}: {NO_RULE.format(node.arguments['operation'])}")
    return graph


def _array(x: Tensor) -> np.ndarray:
    """Return inputs as the graph computes with them: shorter types of numbers in float32."""
    short = x.dtype in (torch.bfloat16, torch.float16)
    return (x.float() if short else x).detach().cpu().numpy()


def _of_part(
    graph: Graph, x: np.ndarray, score: Score, settings: Settings | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return relevance (N, ...), scores (N,) and gaps (N,) of some examples."""
    values = graph.run(x)
    last = _logits(graph)
    scored, start = _start(values, last, score)
    relevance = propagate(graph, values, {last.name: start}, settings)[graph.inputs[0].name]
    total = partial(np.sum, axis=tuple(range(1, x.ndim)), dtype=np.float64)
    begun = start.reshape(len(x), -1).sum(1, dtype=np.float64)
    return relevance, scored, total(relevance) - begun


def _start(values: Values, node: Node, score: Score) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores (N,), and each output times the slope of its score: of a logit, itself and zeros."""
    with torch.inference_mode(False), torch.enable_grad():
        outputs = torch.from_numpy(values[node.name].copy()).requires_grad_()
        scored = score.of(outputs.double())
        (slope,) = torch.autograd.grad(scored.sum(), outputs)
    return scored.detach().numpy(), (outputs.detach() * slope).numpy()


def _logits(graph: Graph) -> Node:
    """Return the node that scores are of: the output, or what goes into the softmax that makes it."""
    node = graph[next(iter(graph.outputs.values()))]
    return graph[node.inputs["x"]] if node.op in PROBABILITIES else node


def _notes(graph: Graph) -> tuple[str, ...]:
    output = graph[next(iter(graph.outputs.values()))]
    if output.op not in PROBABILITIES:
        return ()
    return (f"the score is of the inputs of {output.name}: relevance is not defined through a {output.op}",)


def _examples_at_once(graph: Graph) -> int:
    if not graph.batched:
        return 1
    return max(1, HELD // sum(math.prod(node.shape) for node in graph.nodes))
