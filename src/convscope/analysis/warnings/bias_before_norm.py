"""Biases that the normalisation after them takes away again."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.analysis.warnings.finding import DesignWarning, counted
from convscope.analysis.warnings.reading import Reading

CODE = "CS201-bias-before-norm"
LINEAR = ("linear", "correlate", "convolve", "correlate_transpose")
REMOVES = {"batch_norm": "batch normalisation", "instance_norm": "instance normalisation"}


def find(net: Reading) -> Iterator[DesignWarning]:
    """Yield one for each learned bias that only such a normalisation sees; ``number``: its weights."""
    for node in net.nodes:
        bias = net.graph.parameters.get(node.weights.get("bias", "")) if node.op in LINEAR else None
        after = net.users[node.name]
        if (
            bias
            and bias.trainable
            and after
            and all(user.op in REMOVES and user.inputs.get("x") == node.name for user in after)
        ):
            number = bias.shape[0]
            yield DesignWarning(
                CODE,
                node.name,
                number,
                f"the bias ({counted(number, 'weight')}) does nothing: the {REMOVES[after[0].op]} {after[0].name} "
                "subtracts the mean, and the bias with it",
                "build the layer with bias=False",
            )
