"""The table of rules: how the relevance of a primitive's output goes to its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from convscope.explaining.lrp.normalised import batch_norm, own_moments
from convscope.explaining.lrp.products import attended, product, quotient
from convscope.explaining.lrp.step import Shares, Step, passed, pooled, proportional, returned, summed
from convscope.explaining.lrp.weighted import convolution, dense

Rule = Callable[[Step], Shares]


def _each(rule: Rule, *names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, rule)


RULES: Mapping[str, Rule] = {
    # a monotone function of one number
    **_each(passed, "relu", "leaky_relu", "selu", "elu", "gelu", "gelu_tanh", "silu", "softplus"),
    **_each(passed, "sigmoid", "tanh", "erf", "exp", "log", "clip", "detach"),
    # the same numbers elsewhere
    **_each(returned, "reshape", "permute", "strided_slice", "expand", "concatenate", "pad", "im2col"),
    **_each(returned, "gather", "where", "resample_nearest", "max_unpool"),
    # the winner takes all
    "max_pool": pooled,
    **_each(returned, "adaptive_max_pool", "global_max_pool", "reduce_max", "maximum", "minimum"),
    # sums and means
    **_each(proportional, "add", "subtract", "dropout", "avg_pool", "adaptive_avg_pool", "global_avg_pool"),
    **_each(proportional, "reduce_sum", "reduce_mean", "lp_pool", "reduce_norm", "col2im"),
    **_each(proportional, "resample_linear", "resample_cubic"),
    # sums with weights
    **_each(convolution, "correlate", "convolve", "correlate_transpose"),
    "linear": dense,
    # products
    **_each(product, "multiply", "matmul"),
    "divide": quotient,
    "attention": attended,
    # affine maps
    "batch_norm": batch_norm,
    **_each(own_moments, "layer_norm", "group_norm", "instance_norm"),
    "embedding": summed,
}
CONSTANT = frozenset(("compare", "argmax", "argsort", "round_off"))  # steps and places: their slope is 0
