"""Activations and elementary functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.arithmetic import negative, swapped
from convscope.graph.translate.masks import alike


def plain(op: str, **arguments: Any) -> Callable[..., Ref]:
    """Return the rule of an operation without arguments of its own."""

    def rule(graph: GraphBuilder, input: Ref, inplace: bool = False) -> Ref:
        return graph.emit(op, input, **arguments)

    return rule


def leaky_relu(graph: GraphBuilder, input: Ref, negative_slope: float = 0.01, inplace: bool = False) -> Ref:
    """x where x > 0, else slope · x."""
    return graph.emit("leaky_relu", input, slope=negative_slope)


def elu(graph: GraphBuilder, input: Ref, alpha: float = 1.0, inplace: bool = False) -> Ref:
    """The exponential linear unit."""
    return graph.emit("elu", input, alpha=alpha)


def gelu(graph: GraphBuilder, input: Ref, approximate: str = "none") -> Ref:
    """x·Φ(x), exact or by tanh."""
    return graph.emit({"none": "gelu", "tanh": "gelu_tanh"}[approximate], input)


def clip(graph: GraphBuilder, input: Ref, min: Any = None, max: Any = None) -> Ref:
    """No less than ``min``, no more than ``max``."""
    if isinstance(min, Ref) or isinstance(max, Ref):
        return _between(graph, input, min, max)
    bounds = {name: graph.number(bound) for name, bound in (("low", min), ("high", max)) if bound is not None}
    return graph.emit("clip", input, **bounds)


def clamp_max(graph: GraphBuilder, input: Ref, max: Any) -> Ref:
    """No more than ``max``."""
    return clip(graph, input, None, max)


def _between(graph: GraphBuilder, input: Ref, low: Any, high: Any) -> Ref:
    """No less than one array, no more than another; on a bound the gradient is the input's."""
    for bound, relation in ((low, "less"), (high, "greater")):
        if bound is not None:
            input, bound = alike(graph, input, bound)
            input = graph.emit("where", graph.emit("compare", input, bound, relation=relation), bound, input)
    return input


def hardtanh(
    graph: GraphBuilder, input: Ref, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Ref:
    """Clipped to an interval."""
    return graph.emit("clip", input, low=min_val, high=max_val, edges=False)


def hardsigmoid(graph: GraphBuilder, input: Ref, inplace: bool = False) -> Ref:
    """(x + 3) / 6, clipped to 0..1 (Howard et al. 2019)."""
    raised = graph.emit("clip", graph.emit("add", input, 3.0), low=0, high=6, edges=False)
    return graph.emit("divide", raised, 6.0)


def hardswish(graph: GraphBuilder, input: Ref, inplace: bool = False) -> Ref:
    """x times its hard sigmoid."""
    return graph.emit("multiply", input, hardsigmoid(graph, input))


def softplus(graph: GraphBuilder, input: Ref, beta: float = 1, threshold: float = 20) -> Ref:
    """ln(1 + eˣ); PyTorch's is the line x above the threshold, which by default is the same to 2e-9."""
    if (beta, threshold) == (1, 20):
        return graph.emit("softplus", input)
    return graph.emit("softplus", input, beta=graph.number(beta), threshold=graph.number(threshold))


def mish(graph: GraphBuilder, input: Ref, inplace: bool = False) -> Ref:
    """x·tanh(ln(1 + eˣ)) (Misra 2019)."""
    return graph.emit("multiply", input, graph.emit("tanh", graph.emit("softplus", input)))


def prelu(graph: GraphBuilder, input: Ref, weight: Ref) -> Ref:
    """max(x, 0) + weight · min(x, 0): a slope that is learned, for all channels or for each."""
    slope = weight
    if len(weight.shape) == 1 and weight.shape != (1,):
        slope = graph.emit("reshape", weight, shape=(*weight.shape, *(1,) * (len(input.shape) - 2)))
    below = graph.emit("multiply", slope, graph.emit("clip", input, high=0))
    return graph.emit("add", graph.emit("relu", input), below)


def glu(graph: GraphBuilder, input: Ref, dim: int = -1) -> Ref:
    """One half of the channels times the other's sigmoid."""
    axis = dim % len(input.shape)
    half = input.shape[axis] // 2
    size = tuple(half if i == axis else n for i, n in enumerate(input.shape))
    ones, zeros = (1,) * len(size), (0,) * len(size)
    ahead = tuple(half if i == axis else 0 for i in range(len(size)))
    first, second = (graph.emit("strided_slice", input, start=at, size=size, step=ones) for at in (zeros, ahead))
    return graph.emit("multiply", first, graph.emit("sigmoid", second))


def hardshrink(graph: GraphBuilder, input: Ref, lambd: float = 0.5) -> Ref:
    """0 where it is no further from 0 than λ, else x; NaN stays NaN."""
    near = graph.emit("compare", graph.emit("absolute", input), graph.scalar(lambd, input.dtype), relation="less_equal")
    return graph.emit("where", near, graph.scalar(0, input.dtype), input)


def softshrink(graph: GraphBuilder, input: Ref, lambd: float = 0.5) -> Ref:
    """x nearer to 0 by λ, no further than 0."""
    return graph.emit("subtract", input, graph.emit("clip", input, low=-lambd, high=lambd))


def rrelu(
    graph: GraphBuilder,
    input: Ref,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Ref:
    """x where x > 0, else a slope times x: when a network is evaluated, the mean slope."""
    if training:
        raise Unknown("random slopes")
    return graph.emit("leaky_relu", input, slope=(lower + upper) / 2)


def softmax(op: str) -> Callable[..., Ref]:
    """Return the rule of the softmax, or of its logarithm."""

    def rule(graph: GraphBuilder, input: Ref, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Ref:
        if dim is None or (dtype is not None and str(dtype).removeprefix("torch.") != input.dtype):
            raise Unknown("a softmax without an axis, or in another type")
        return graph.emit(op, input, axis=dim % len(input.shape))

    return rule


def power(graph: GraphBuilder, input: Any, exponent: Any) -> Ref:
    """x to a fixed power; or a number or an array to the power of an array."""
    if isinstance(input, Ref) and not isinstance(exponent, Ref):
        return graph.emit("power", input, exponent=graph.number(exponent))
    return graph.emit("elementwise_power", input, exponent)


def rounded(direction: str) -> Callable[..., Ref]:
    """Return the rule of rounding to whole numbers, or to so many decimals."""

    def rule(graph: GraphBuilder, input: Ref, *, decimals: int = 0) -> Ref:
        if not decimals:
            return graph.emit("round_off", input, direction=direction)
        scale = 10.0 ** abs(decimals)
        apart, together = ("multiply", "divide") if decimals > 0 else ("divide", "multiply")
        whole = graph.emit("round_off", graph.emit(apart, input, scale), direction=direction)
        return graph.emit(together, whole, scale)

    return rule


def logarithm(base: float) -> Callable[..., Ref]:
    """Return the rule of a logarithm to another base than e."""

    def rule(graph: GraphBuilder, input: Ref) -> Ref:
        return graph.emit("divide", graph.emit("log", input), math.log(base))

    return rule


def celu(graph: GraphBuilder, input: Ref, alpha: float = 1.0, inplace: bool = False) -> Ref:
    """The exponential linear unit, stretched so that it is smooth at 0 (Barron 2017)."""
    return graph.emit("multiply", graph.emit("elu", graph.emit("divide", input, float(alpha))), float(alpha))


OF_ONE: dict[str, Callable[[GraphBuilder, Ref], Ref]] = {
    "log_sigmoid": lambda graph, input: negative(graph, graph.emit("softplus", negative(graph, input))),
    "tan": lambda graph, input: graph.emit("divide", graph.emit("sin", input), graph.emit("cos", input)),
    "log1p": lambda graph, input: graph.emit("log", graph.emit("add", input, 1.0)),
    "expm1": lambda graph, input: graph.emit("subtract", graph.emit("exp", input), 1.0),
    "exp2": lambda graph, input: power(graph, 2.0, input),
    "frac": lambda graph, input: graph.emit("subtract", input, rounded("zero")(graph, input)),
}
RULES: dict[str, Callable[..., Any]] = {
    **OF_ONE,
    **{name: plain(name) for name in ("relu", "selu", "silu", "sigmoid", "tanh", "exp", "log", "sin", "cos", "erf")},
    "relu6": plain("clip", low=0, high=6, edges=False),
    **dict.fromkeys(("abs", "absolute"), plain("absolute")),
    "hardshrink": hardshrink,
    "softshrink": softshrink,
    "rrelu": rrelu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    **dict.fromkeys(("clamp", "clip", "clamp_min"), clip),
    "clamp_max": clamp_max,
    "hardtanh": hardtanh,
    "celu": celu,
    "log2": logarithm(2),
    "log10": logarithm(10),
    "hardsigmoid": hardsigmoid,
    "hardswish": hardswish,
    "softplus": softplus,
    "mish": mish,
    "prelu": prelu,
    "glu": glu,
    "softmax": softmax("softmax"),
    "log_softmax": softmax("log_softmax"),
    **dict.fromkeys(("pow", "ipow", "float_power"), power),
    "rpow": swapped(power),
    "round": rounded("nearest"),
    "floor": rounded("down"),
    "ceil": rounded("up"),
    **dict.fromkeys(("trunc", "fix"), rounded("zero")),
    "square": plain("power", exponent=2),
    "sqrt": plain("power", exponent=0.5),
    "rsqrt": plain("power", exponent=-0.5),
    "reciprocal": plain("power", exponent=-1),
}
