"""Normalisations over a single number: whatever it is, the result is the same."""

from __future__ import annotations

import math
from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning
from convscope.analysis.warnings.reading import Reading
from convscope.graph.node import Node

CODE = "CS202-norm-of-one"
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
                "take a sigmoid for one output, or two outputs" if softmax else f"normalise over more: {_more(node)}",
            )


def over(node: Node) -> int:
    """Return over how many numbers of one example a node normalises."""
    if node.op == "layer_norm":
        return math.prod(node.shape[-node.arguments["axes"] :])
    if node.op == "group_norm":
        return math.prod(node.shape[1:]) // node.arguments["groups"]
    if node.op == "instance_norm":
        return math.prod(node.shape[2:])
    return node.shape[node.arguments["axis"]]


def _more(node: Node) -> str:
    return {
        "layer_norm": "more axes",
        "group_norm": "fewer groups, or a larger input",
        "instance_norm": "a larger input, or all channels together (layer_norm)",
    }[node.op]
