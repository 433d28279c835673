"""NaN, infinities, zeros, ties and lengths of 0: forward and backward they are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from convscope.graph.record import record
from graph.written import Written

NAN, INF = float("nan"), float("inf")
NUMBERS = torch.tensor(
    [
        [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, 3.0, -3.0],
        [6.0, -6.0, 20.0, 21.0, 100.0, -100.0, 1e-9, -1e-9, 1e30, -1e30, 0.3, 0.7, 2.0, -2.0],
    ],
    dtype=torch.float64,
)  # fmt: skip

POINTWISE: dict[str, Callable[[Tensor], Tensor]] = {
    **{
        name: getattr(F, name)
        for name in (
            *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign"),
            *("hardshrink", "softshrink", "tanhshrink", "hardtanh", "hardswish", "logsigmoid", "sigmoid", "tanh"),
        )
    },
    **{
        name: getattr(torch, name)
        for name in (
            *("abs", "sign", "sgn", "round", "floor", "ceil", "trunc", "frac", "exp", "exp2", "expm1", "log", "log1p"),
            *("sqrt", "square", "reciprocal", "sin", "cos", "erf"),
        )
    },
    **{f"power {exponent}": lambda x, n=exponent: x**n for exponent in (0, 1, 2, 3, -1, 0.5, 1.5, -2)},
    "rsqrt": lambda x: x.abs().rsqrt(),
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "threshold": lambda x: F.threshold(x, 0.5, -2.0),
    "softplus with constants": lambda x: F.softplus(x, 2.0, 5.0),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
    "rounded to decimals": lambda x: torch.round(x, decimals=1) + torch.round(x, decimals=-1),
    "clamp": lambda x: x.clamp(-1, 1),
    "clamp from below": lambda x: x.clamp(min=0.5),
    "clamp across": lambda x: x.clamp(1, -1),
    "clamp by arrays": lambda x: x.clamp(x.new_zeros(1) - 0.5, x.new_ones(1)),
    "where": lambda x: torch.where(x > 0, x, 0.0),
    "where it is no number": lambda x: torch.where(torch.isnan(x), 7.0, x * torch.isinf(x) + torch.isfinite(x)),
    "remainders": lambda x: x % 0.7 + torch.remainder(x, -3.0) + torch.fmod(x, -0.7),
    "rounded quotients": lambda x: (
        x.detach() // 0.7 + torch.div(x, -0.3, rounding_mode="floor") + x.div(3, rounding_mode="trunc")
    ),
    "a quotient by 0, cut": lambda x: x + torch.div(x, 0.0, rounding_mode="trunc").nan_to_num(0.0, 0.0, 0.0),
    "numbers in place of NaN": lambda x: torch.nan_to_num(x),
    "given numbers in place of NaN": lambda x: torch.nan_to_num(x, nan=1.0, posinf=7.0, neginf=-7.0),
    "maximum": lambda x: torch.maximum(x, x.roll(1, 1)) + torch.maximum(x, x * 1),
    "minimum": lambda x: torch.minimum(x, x.roll(1, 1)) + torch.minimum(x, x * 1),
    "power of a number": lambda x: torch.pow(2.0, x) + 3.0**x + 0.0**x,
    "power of two arrays": lambda x: x ** x.roll(1, 1),
}
# PyTorch's vector loops and its loops for the rest of an array give different gradients at NaN.
UNSURE = {
    *("abs", "celu", "elu", "selu", "hardshrink", "hardswish", "hardtanh", "prelu", "relu6", "softshrink", "threshold"),
    "clamp by arrays",
}

ROWS = torch.tensor(
    [
        [1.0, 1.0, 1.0], [2.0, 2.0, 1.0], [0.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 2.0, 3.0], [-0.0, 0.0, -0.0],
        [3.0, -3.0, 1.0], [-1.0, -1.0, -2.0], [5.0, 4.0, 5.0], [700.0, 710.0, -800.0],
    ],
    dtype=torch.float64,
)  # fmt: skip

LINES: dict[str, Callable[[Tensor], Tensor]] = {
    **{f"norm {order}": lambda x, p=order: torch.linalg.vector_norm(x, p, dim=1) for order in (0.5, 1, 1.5, 2, 3)},
    "norm 0": lambda x: torch.linalg.vector_norm(x, 0, dim=1) + x.sum(1),
    "largest norm": lambda x: torch.linalg.vector_norm(x, INF, dim=1),
    "least norm": lambda x: torch.linalg.vector_norm(x, -INF, dim=1),
    "norm of all": lambda x: x.norm() + x.norm(p=3),
    "normalised": lambda x: F.normalize(x, dim=1) + F.normalize(x, p=1.0, dim=1),
    "cosine": lambda x: F.cosine_similarity(x, x.flip(1), dim=1),
    "cosine of short vectors": lambda x: F.cosine_similarity(x, x.flip(1), dim=1, eps=2.5),
    "distance": lambda x: F.pairwise_distance(x, x * 1) + F.pairwise_distance(x, x.flip(1), p=1.0),
    "spread": lambda x: x.std(1) + x.std(1, correction=0) + torch.std_mean(x, 1)[0],
    "variance": lambda x: x.var(1) + sum(torch.var_mean(x, 1, correction=0)),
    "variance of one": lambda x: x[:, :1].var(1, correction=0) + x[:, :1].std(1, correction=0),
    "amax": lambda x: x.amax(1) - x.amin(1),
    "least and largest": lambda x: torch.aminmax(x, dim=1).max * 2 - torch.aminmax(x, dim=1).min,
    "max of all": lambda x: x.max() + x.min() * 2,
    "max along": lambda x: x.max(1).values + 2 * x.min(1).values,
    "max pooling": lambda x: F.max_pool1d(x[:, None], 3),
    "product": lambda x: x.prod(1),
    "product of all": lambda x: x.prod(),
    "running product": lambda x: x.cumprod(1),
    "running sum": lambda x: x.cumsum(1),
    "log of exponentials": lambda x: x.logsumexp(1),
    "softmax": lambda x: x.softmax(1),
}


def compared(function: Callable[[Tensor], Any], x: Tensor) -> Any:
    """Return output and gradient, each in NumPy and in PyTorch."""
    given = x.clone().requires_grad_()
    expected = function(given)
    grad = torch.arange(1.0, expected.numel() + 1, dtype=x.dtype).reshape(expected.shape)
    expected.backward(grad)
    assert given.grad is not None
    graph = record(Written(lambda s, x: function(x)).to(x.dtype), x)
    assert graph.unknown == ()
    values = graph.run(x.numpy())
    found = graph.backward(values, grad.numpy()).inputs["input"]
    found = np.zeros_like(x.numpy()) if found is None else found
    return (values.output, expected.detach().numpy()), (found, given.grad.numpy(force=True))


@pytest.mark.parametrize("name", POINTWISE)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_function_of_a_special_number_is_pytorchs(name: str, dtype: torch.dtype):
    x = NUMBERS.to(dtype)
    with np.errstate(all="ignore"):
        output, (found, expected) = compared(POINTWISE[name], x)
    relative, absolute = (1e-9, 1e-12) if dtype == torch.float64 else (3e-5, 1e-6)
    if name == "gelu" and dtype == torch.float32:
        output[1][0, 1] = INF  # PyTorch's vector loop makes NaN of it
    np.testing.assert_allclose(*output, rtol=relative, atol=absolute)
    known = ~np.isnan(x.numpy()) if name in UNSURE else np.full(x.shape, True)
    np.testing.assert_allclose(found[known], expected[known], rtol=relative, atol=absolute)


@pytest.mark.parametrize("name", LINES)
def test_ties_zeros_and_lengths_of_zero_have_pytorchs_gradient(name: str):
    output, gradient = compared(LINES[name], ROWS)
    np.testing.assert_allclose(*output, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(*gradient, rtol=1e-9, atol=1e-9)
    assert not np.isnan(gradient[0]).any()


def test_equal_maxima_share_the_gradient_where_no_axis_is_chosen_from():
    x = torch.tensor([[2.0, 2.0, 2.0, 1.0]])
    shares = {"amax": lambda x: x.amax(1), "max()": lambda x: x.max(), "norm": lambda x: x.norm(p=INF, dim=1)}
    for name, function in shares.items():
        assert compared(function, x)[1][0] == pytest.approx(np.array([[1, 1, 1, 0]]) / 3), name
    assert compared(lambda x: x.max(1).values, x)[1][0].tolist() == [[1, 0, 0, 0]]


def test_of_minus_infinity_alone_the_log_of_exponentials_is_minus_infinity():
    x = torch.tensor([[-INF, -INF], [-INF, 1.0], [INF, 1.0], [INF, -INF], [NAN, 1.0]])
    graph = record(Written(lambda s, x: x.logsumexp(1)), x)
    assert graph.run(x.numpy()).output.tolist()[:4] == [-INF, 1.0, INF, INF]
    assert np.isnan(graph.run(x.numpy()).output[4])


def test_a_straight_through_estimator_has_the_gradient_of_what_is_not_detached():
    x = torch.tensor([[0.4, 1.6, -0.7]])
    _, (found, expected) = compared(lambda x: (x + (x.round() - x).detach()) * 3, x)
    assert found.tolist() == expected.tolist() == [[3, 6, 9]]
