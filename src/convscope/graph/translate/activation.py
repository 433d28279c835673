"""Activations and elementary functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convscope.graph.tape import Ref, Tape, Unknown
from convscope.graph.translate.masks import alike


def plain(op: str, **arguments: Any) -> Callable[..., Ref]:
    """Return the rule of an operation without arguments of its own."""

    def rule(tape: Tape, input: Ref, inplace: bool = False) -> Ref:
        return tape.emit(op, input, **arguments)

    return rule


def leaky_relu(tape: Tape, input: Ref, negative_slope: float = 0.01, inplace: bool = False) -> Ref:
    """x where x > 0, else slope · x."""
    return tape.emit("leaky_relu", input, slope=negative_slope)


def elu(tape: Tape, input: Ref, alpha: float = 1.0, inplace: bool = False) -> Ref:
    """The exponential linear unit."""
    return tape.emit("elu", input, alpha=alpha)


def gelu(tape: Tape, input: Ref, approximate: str = "none") -> Ref:
    """x·Φ(x), exact or by tanh."""
    return tape.emit({"none": "gelu", "tanh": "gelu_tanh"}[approximate], input)


def clip(tape: Tape, input: Ref, min: Any = None, max: Any = None) -> Ref:
    """No less than ``min``, no more than ``max``."""
    if isinstance(min, Ref) or isinstance(max, Ref):
        return _between(tape, input, min, max)
    bounds = {"low": min, "high": max}
    return tape.emit("clip", input, **{name: tape.number(bound) for name, bound in bounds.items() if bound is not None})


def _between(tape: Tape, input: Ref, low: Any, high: Any) -> Ref:
    """No less than one array, no more than another; on a bound the gradient is the input's."""
    for bound, relation in ((low, "less"), (high, "greater")):
        if bound is not None:
            input, bound = alike(tape, input, bound)
            input = tape.emit("where", tape.emit("compare", input, bound, relation=relation), bound, input)
    return input


def hardtanh(tape: Tape, input: Ref, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Ref:
    """Clipped to an interval."""
    return tape.emit("clip", input, low=min_val, high=max_val, edges=False)


def hardsigmoid(tape: Tape, input: Ref, inplace: bool = False) -> Ref:
    """(x + 3) / 6, clipped to 0..1 (Howard et al. 2019)."""
    raised = tape.emit("clip", tape.emit("add", input, 3.0), low=0, high=6, edges=False)
    return tape.emit("divide", raised, 6.0)


def hardswish(tape: Tape, input: Ref, inplace: bool = False) -> Ref:
    """x times its hard sigmoid."""
    return tape.emit("multiply", input, hardsigmoid(tape, input))


def softplus(tape: Tape, input: Ref, beta: float = 1, threshold: float = 20) -> Ref:
    """ln(1 + eˣ); PyTorch's is the line x above the threshold, which by default is the same to 2e-9."""
    if (beta, threshold) == (1, 20):
        return tape.emit("softplus", input)
    return tape.emit("softplus", input, beta=tape.number(beta), threshold=tape.number(threshold))


def mish(tape: Tape, input: Ref, inplace: bool = False) -> Ref:
    """x·tanh(ln(1 + eˣ)) (Misra 2019)."""
    return tape.emit("multiply", input, tape.emit("tanh", tape.emit("softplus", input)))


def prelu(tape: Tape, input: Ref, weight: Ref) -> Ref:
    """max(x, 0) + weight · min(x, 0): a slope that is learned, for all channels or for each."""
    slope = weight
    if len(weight.shape) == 1 and weight.shape != (1,):
        slope = tape.emit("reshape", weight, shape=(*weight.shape, *(1,) * (len(input.shape) - 2)))
    return tape.emit("add", tape.emit("relu", input), tape.emit("multiply", slope, tape.emit("clip", input, high=0)))


def glu(tape: Tape, input: Ref, dim: int = -1) -> Ref:
    """One half of the channels times the other's sigmoid."""
    axis = dim % len(input.shape)
    half = input.shape[axis] // 2
    size = tuple(half if i == axis else n for i, n in enumerate(input.shape))
    ones, zeros = (1,) * len(size), (0,) * len(size)
    ahead = tuple(half if i == axis else 0 for i in range(len(size)))
    first, second = (tape.emit("strided_slice", input, start=at, size=size, step=ones) for at in (zeros, ahead))
    return tape.emit("multiply", first, tape.emit("sigmoid", second))


def hardshrink(tape: Tape, input: Ref, lambd: float = 0.5) -> Ref:
    """0 where it is no further from 0 than λ, else x; NaN stays NaN."""
    near = tape.emit("compare", tape.emit("absolute", input), tape.scalar(lambd, input.dtype), relation="less_equal")
    return tape.emit("where", near, tape.scalar(0, input.dtype), input)


def softshrink(tape: Tape, input: Ref, lambd: float = 0.5) -> Ref:
    """x nearer to 0 by λ, no further than 0."""
    return tape.emit("subtract", input, tape.emit("clip", input, low=-lambd, high=lambd))


def rrelu(
    tape: Tape, input: Ref, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Ref:
    """x where x > 0, else a slope times x: when a network is evaluated, the mean slope."""
    if training:
        raise Unknown("random slopes")
    return tape.emit("leaky_relu", input, slope=(lower + upper) / 2)


def softmax(op: str) -> Callable[..., Ref]:
    """Return the rule of the softmax, or of its logarithm."""

    def rule(tape: Tape, input: Ref, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Ref:
        if dim is None or (dtype is not None and str(dtype).removeprefix("torch.") != input.dtype):
            raise Unknown("a softmax without an axis, or in another type")
        return tape.emit(op, input, axis=dim % len(input.shape))

    return rule


def power(tape: Tape, input: Any, exponent: Any) -> Ref:
    """x to a fixed power; or a number or an array to the power of an array."""
    if isinstance(input, Ref) and not isinstance(exponent, Ref):
        return tape.emit("power", input, exponent=tape.number(exponent))
    return tape.emit("elementwise_power", input, exponent)


def rounded(direction: str) -> Callable[..., Ref]:
    """Return the rule of rounding to whole numbers, or to so many decimals."""

    def rule(tape: Tape, input: Ref, *, decimals: int = 0) -> Ref:
        if not decimals:
            return tape.emit("round_off", input, direction=direction)
        scale = 10.0 ** abs(decimals)
        apart, together = ("multiply", "divide") if decimals > 0 else ("divide", "multiply")
        return tape.emit(together, tape.emit("round_off", tape.emit(apart, input, scale), direction=direction), scale)

    return rule


def logarithm(base: float) -> Callable[..., Ref]:
    """Return the rule of a logarithm to another base than e."""

    def rule(tape: Tape, input: Ref) -> Ref:
        return tape.emit("divide", tape.emit("log", input), math.log(base))

    return rule


def celu(tape: Tape, input: Ref, alpha: float = 1.0, inplace: bool = False) -> Ref:
    """The exponential linear unit, stretched so that it is smooth at 0 (Barron 2017)."""
    return tape.emit("multiply", tape.emit("elu", tape.emit("divide", input, float(alpha))), float(alpha))


def tangent(tape: Tape, input: Ref) -> Ref:
    """sin x / cos x."""
    return tape.emit("divide", tape.emit("sin", input), tape.emit("cos", input))


RULES: dict[str, Callable[..., Any]] = {
    **{name: plain(name) for name in ("relu", "selu", "silu", "sigmoid", "tanh", "exp", "log", "sin", "cos", "erf")},
    "relu6": plain("clip", low=0, high=6, edges=False),
    "log_sigmoid": lambda tape, input: tape.emit(
        "multiply", tape.emit("softplus", tape.emit("multiply", input, -1.0)), -1.0
    ),
    **dict.fromkeys(("abs", "absolute"), plain("absolute")),
    "hardshrink": hardshrink,
    "softshrink": softshrink,
    "rrelu": rrelu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "clamp": clip,
    "clip": clip,
    "clamp_min": lambda tape, input, min: clip(tape, input, min),
    "clamp_max": lambda tape, input, max: clip(tape, input, None, max),
    "hardtanh": hardtanh,
    "celu": celu,
    "tan": tangent,
    "log1p": lambda tape, input: tape.emit("log", tape.emit("add", input, 1.0)),
    "expm1": lambda tape, input: tape.emit("subtract", tape.emit("exp", input), 1.0),
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
    "rpow": lambda tape, input, other: power(tape, other, input),
    "exp2": lambda tape, input: power(tape, 2.0, input),
    "round": rounded("nearest"),
    "floor": rounded("down"),
    "ceil": rounded("up"),
    **dict.fromkeys(("trunc", "fix"), rounded("zero")),
    "frac": lambda tape, input: tape.emit("subtract", input, rounded("zero")(tape, input)),
    "square": plain("power", exponent=2),
    "sqrt": plain("power", exponent=0.5),
    "rsqrt": plain("power", exponent=-0.5),
    "reciprocal": plain("power", exponent=-1),
}
