"""Normalisations over a single number: whatever it is, the result is the same."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.graph.node import Node

CODE = "CS202-norm-of-one"
SCORES = ("matmul", "multiply", "divide", "add", "reshape", "where")  # how the scores of an attention are made
NORMS = ("layer_norm", "group_norm", "instance_norm", "softmax", "log_softmax")


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each of them; ``number``: what it always returns, but for weight and bias."""
    for node in net.nodes:
        if node.op in NORMS and over(node) == 1:
            result = 1 if node.op == "softmax" else 0
            softmax = node.op.endswith("softmax")
            yield DesignWarning(
                CODE,
                node.name,
                result,
                f"{node.op} over one number returns {result} whatever it is" + ("" if softmax else ", before any bias"),
                _attention(net, node) if softmax else f"normalise over more: {_more(node)}",
            )


def _attention(net: Reading, node: Node) -> str:
    """Return what to do about a softmax: it may be one over the keys of an attention, and the input small."""
    source = net.graph.by_name.get(node.inputs.get("x", ""))
    while source is not None and source.op in SCORES[1:]:
        source = net.graph.by_name.get(source.inputs.get("x", ""))
    if source is not None and source.op == SCORES[0] and len(source.inputs) == 2:
        return "give a larger input: with this one there is a single key to attend to"
    return "take a sigmoid for one output, or two outputs, or another axis; keep it where weights were trained with it"


def over(node: Node) -> int:
    """Return over how many numbers of one example a node normalises."""
    if node.op == "layer_norm":
        return math.prod(node.shape[-node.arguments["axes"] :])
    if node.op == "group_norm":
        return math.prod(node.shape[1:]) // node.arguments["groups"]
    if node.op == "instance_norm":
        return math.prod(node.shape[2:])
    axis: int = node.arguments["axis"]
    return node.shape[axis]


def _more(node: Node) -> str:
    return {
        "layer_norm": "more axes",
        "group_norm": "fewer groups, or a larger input",
        "instance_norm": "a larger input, or all channels together (layer_norm)",
    }[node.op]
