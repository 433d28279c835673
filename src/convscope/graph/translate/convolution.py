"""Convolutions, plain and transposed."""

from __future__ import annotations

from typing import Any

from convscope.graph.builder import GraphBuilder, Ref
from convscope.ops.arguments import each_axis, paddings


def correlate(
    graph: GraphBuilder,
    input: Ref,
    weight: Ref,
    bias: Ref | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Ref:
    """What PyTorch calls a convolution."""
    kernel = weight.shape[2:]
    steps, holes = (axes("correlate", value, len(kernel)) for value in (stride, dilation))
    padding = padding if isinstance(padding, str) else axes("correlate", padding, len(kernel), least=0)
    pairs = paddings("correlate", padding, input.shape[-len(kernel) :], kernel, steps, holes)
    return graph.emit("correlate", input, weight, bias, stride=steps, padding=pairs, dilation=holes, groups=groups)


def correlate_transpose(
    graph: GraphBuilder,
    input: Ref,
    weight: Ref,
    bias: Ref | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Ref:
    """A transposed convolution."""
    rank = len(weight.shape) - 2
    cut = axes("correlate_transpose", padding, rank, least=0)
    return graph.emit(
        "correlate_transpose",
        input,
        weight,
        bias,
        stride=axes("correlate_transpose", stride, rank),
        padding=tuple((n, n) for n in cut),
        output_padding=axes("correlate_transpose", output_padding, rank, least=0),
        dilation=axes("correlate_transpose", dilation, rank),
        groups=groups,
    )


def axes(operation: str, value: Any, rank: int, least: int = 1) -> tuple[int, ...]:
    """Return one number per axis; a sequence of one stands for all axes, as in PyTorch."""
    if not isinstance(value, int) and len(value) == 1:
        value = value[0]
    return each_axis(operation, "argument", value if isinstance(value, int) else tuple(value), rank, least)


RULES = {
    **{f"conv{rank}d": correlate for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": correlate_transpose for rank in (1, 2, 3)},
}
