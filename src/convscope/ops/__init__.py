"""The primitives in NumPy: exact, for one to three spatial axes, without torch.

Arrays are (N, C, *space), float32 or float64, and stay what they are. Each operation has its ``..._backward``; what
else is known of it (output shape, cost, which index feeds which, the terms of one number) stands in ``PRIMITIVES``.
"""

from __future__ import annotations

from convscope.ops import kernels
from convscope.ops.activation import (
    gelu,
    gelu_backward,
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    selu,
    selu_backward,
    sigmoid,
    sigmoid_backward,
    silu,
    silu_backward,
    tanh,
    tanh_backward,
)
from convscope.ops.adaptive import (
    adaptive_avg_pool,
    adaptive_avg_pool_backward,
    adaptive_max_pool,
    adaptive_max_pool_backward,
    global_avg_pool,
    global_avg_pool_backward,
    global_max_pool,
    global_max_pool_backward,
)
from convscope.ops.arrangement import (
    detach,
    detach_backward,
    expand,
    expand_backward,
    permute,
    permute_backward,
    reshape,
    reshape_backward,
    strided_slice,
    strided_slice_backward,
)
from convscope.ops.attention import attention, attention_backward
from convscope.ops.combination import (
    add,
    add_backward,
    concatenate,
    concatenate_backward,
    divide,
    divide_backward,
    multiply,
    multiply_backward,
    subtract,
    subtract_backward,
)
from convscope.ops.condensing import (
    reduce_log_sum_exp,
    reduce_log_sum_exp_backward,
    reduce_norm,
    reduce_norm_backward,
    reduce_product,
    reduce_product_backward,
)
from convscope.ops.correlation import (
    Gradients,
    convolve,
    convolve_backward,
    correlate,
    correlate_backward,
    toeplitz,
)
from convscope.ops.cross_entropy import cross_entropy, cross_entropy_backward
from convscope.ops.dropout import dropout, dropout_backward
from convscope.ops.embedding import embedding, embedding_backward
from convscope.ops.functions import (
    absolute,
    absolute_backward,
    clip,
    clip_backward,
    cos,
    cos_backward,
    elu,
    elu_backward,
    erf,
    erf_backward,
    exp,
    exp_backward,
    gelu_tanh,
    gelu_tanh_backward,
    log,
    log_backward,
    power,
    power_backward,
    sin,
    sin_backward,
    softplus,
    softplus_backward,
)
from convscope.ops.gathering import gather, gather_backward, scatter, scatter_backward
from convscope.ops.grid_sampling import grid_sample, grid_sample_backward
from convscope.ops.linear import linear, linear_backward
from convscope.ops.losses import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    squared_error,
    squared_error_backward,
)
from convscope.ops.matmul import matmul, matmul_backward
from convscope.ops.normalisation import (
    Moments,
    batch_norm,
    batch_norm_backward,
    group_norm,
    group_norm_backward,
    instance_norm,
    instance_norm_backward,
    layer_norm,
    layer_norm_backward,
    moments,
)
from convscope.ops.ordering import argmax, argmax_backward, argsort, argsort_backward
from convscope.ops.padding import pad, pad_backward
from convscope.ops.pairs import (
    elementwise_power,
    elementwise_power_backward,
    maximum,
    maximum_backward,
    minimum,
    minimum_backward,
    remainder,
    remainder_backward,
)
from convscope.ops.patches import col2im, col2im_backward, im2col, im2col_backward
from convscope.ops.pooling import (
    MaxPooled,
    avg_pool,
    avg_pool_backward,
    lp_pool,
    lp_pool_backward,
    max_pool,
    max_pool_backward,
)
from convscope.ops.primitive import Cost, Index, Primitive, Terms
from convscope.ops.recurrence.gru import GRU, gru, gru_backward, gru_step, gru_step_backward
from convscope.ops.recurrence.lstm import LSTM, LSTMStep, lstm, lstm_backward, lstm_step, lstm_step_backward
from convscope.ops.reduction import (
    reduce_max,
    reduce_max_backward,
    reduce_mean,
    reduce_mean_backward,
    reduce_sum,
    reduce_sum_backward,
)
from convscope.ops.resampling import (
    resample_cubic,
    resample_cubic_backward,
    resample_linear,
    resample_linear_backward,
    resample_nearest,
    resample_nearest_backward,
)
from convscope.ops.rounding import (
    round_off,
    round_off_backward,
)
from convscope.ops.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward
from convscope.ops.table import PRIMITIVES
from convscope.ops.transposed import correlate_transpose, correlate_transpose_backward
from convscope.ops.unpooling import max_unpool, max_unpool_backward
from convscope.ops.where import compare, compare_backward, where, where_backward
from convscope.ops.window_walk import Step, steps

__all__ = [
    "GRU", "LSTM", "PRIMITIVES", "Cost", "Gradients", "Index", "LSTMStep", "MaxPooled", "Moments", "Primitive", "Step",
    "Terms", "absolute", "absolute_backward", "adaptive_avg_pool", "adaptive_avg_pool_backward", "adaptive_max_pool",
    "adaptive_max_pool_backward", "add", "add_backward", "argmax", "argmax_backward", "argsort", "argsort_backward",
    "attention", "attention_backward", "avg_pool", "avg_pool_backward", "batch_norm", "batch_norm_backward",
    "binary_cross_entropy_with_logits", "binary_cross_entropy_with_logits_backward", "clip", "clip_backward", "col2im",
    "col2im_backward", "compare", "compare_backward", "concatenate", "concatenate_backward", "convolve",
    "convolve_backward", "correlate", "correlate_backward", "correlate_transpose", "correlate_transpose_backward",
    "cos", "cos_backward", "cross_entropy", "cross_entropy_backward", "detach", "detach_backward", "divide",
    "divide_backward", "dropout", "dropout_backward", "elementwise_power", "elementwise_power_backward", "elu",
    "elu_backward", "embedding", "embedding_backward", "erf", "erf_backward", "exp", "exp_backward", "expand",
    "expand_backward", "gather", "gather_backward", "gelu", "gelu_backward", "gelu_tanh", "gelu_tanh_backward",
    "global_avg_pool", "global_avg_pool_backward", "global_max_pool", "global_max_pool_backward", "grid_sample",
    "grid_sample_backward", "group_norm", "group_norm_backward", "gru", "gru_backward", "gru_step", "gru_step_backward",
    "im2col", "im2col_backward", "instance_norm", "instance_norm_backward", "kernels", "layer_norm",
    "layer_norm_backward", "leaky_relu", "leaky_relu_backward", "linear", "linear_backward", "log", "log_backward",
    "log_softmax", "log_softmax_backward", "lp_pool", "lp_pool_backward", "lstm", "lstm_backward", "lstm_step",
    "lstm_step_backward", "matmul", "matmul_backward", "max_pool", "max_pool_backward", "max_unpool",
    "max_unpool_backward", "maximum", "maximum_backward", "minimum", "minimum_backward", "moments", "multiply",
    "multiply_backward", "pad", "pad_backward", "permute", "permute_backward", "power", "power_backward",
    "reduce_log_sum_exp", "reduce_log_sum_exp_backward", "reduce_max", "reduce_max_backward", "reduce_mean",
    "reduce_mean_backward", "reduce_norm", "reduce_norm_backward", "reduce_product", "reduce_product_backward",
    "reduce_sum", "reduce_sum_backward", "relu", "relu_backward", "remainder", "remainder_backward",
    "resample_cubic", "resample_cubic_backward",
    "resample_linear", "resample_linear_backward", "resample_nearest", "resample_nearest_backward", "reshape",
    "reshape_backward", "round_off", "round_off_backward", "scatter", "scatter_backward", "selu", "selu_backward",
    "sigmoid", "sigmoid_backward", "silu", "silu_backward", "sin", "sin_backward", "softmax", "softmax_backward",
    "softplus", "softplus_backward", "squared_error", "squared_error_backward", "steps", "strided_slice",
    "strided_slice_backward", "subtract", "subtract_backward", "tanh", "tanh_backward", "toeplitz", "where",
    "where_backward",
]  # fmt: skip
