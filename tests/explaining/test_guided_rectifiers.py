"""Guided backpropagation against rectifiers whose gradient is written by hand, however a network writes its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.explaining.guided import deconv, guided
from convscope.explaining.score import ChosenScore
from convscope.models import create


class _Guided(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad.clamp(min=0) * (x > 0)


class _Deconv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        return grad.clamp(min=0)


Relu = Callable[[Tensor], Tensor]


class _Net(nn.Module):
    """A residual block, a concatenation and a rectifier that is used again, which is ``relu``'s."""

    def __init__(self, relu: Relu):
        super().__init__()
        torch.manual_seed(3)
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.last = nn.BatchNorm2d(4), nn.Linear(8, 3)
        self.norm.running_mean, self.norm.running_var = torch.randn(4), torch.rand(4) + 0.5
        self.module = relu if isinstance(relu, nn.Module) else None
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm(self.first(x)))
        y = self.relu(self.second(y) + y)
        y = torch.cat([self.relu(y - 0.3), self.relu(-y + 0.2)], 1)
        return self.last(functional.max_pool2d(y, 2).mean((2, 3)))


WRITTEN: dict[str, Relu] = {
    "module, used again": nn.ReLU(),
    "in place": nn.ReLU(inplace=True),
    "F.relu": functional.relu,
    "F.relu in place": lambda x: functional.relu(x, inplace=True),
    "relu_": torch.relu_,
    "method": lambda x: x.relu(),
    "threshold": lambda x: functional.threshold(x, 0.0, 0.0),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(("method", "by_hand"), [(guided, _Guided.apply), (deconv, _Deconv.apply)])
def test_it_is_the_gradient_written_by_hand_to_the_last_bit(written, method, by_hand):
    x, numbers = torch.randn(3, 2, 6, 6, generator=torch.Generator().manual_seed(0)), [2, 0, 1]
    hand = x.clone().requires_grad_()
    outputs = _Net(by_hand).eval()(hand)
    (expected,) = torch.autograd.grad(outputs[range(3), numbers].sum(), hand)
    attribution = method(Explained(_Net(WRITTEN[written]), x), ChosenScore(numbers))
    assert np.array_equal(attribution.values, expected.numpy())
    assert np.array_equal(attribution.map, expected.abs().amax(1).numpy())
    assert np.array_equal(attribution.score, outputs[range(3), numbers].detach().numpy())
    assert not attribution.notes


def test_a_network_without_rectifiers_is_refused_with_what_it_has_instead():
    selu = create("lenet", classes=10, channels=1, size=(28, 28))
    with pytest.raises(ConfigError, match=r"none, but ELU or SELU ×\d.*take gradient, ig or gradcam"):
        guided(Explained(selu, torch.zeros(1, 1, 28, 28)), ChosenScore([0]))
    linear = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ConfigError, match="this network has none:"):
        deconv(Explained(linear, torch.zeros(1, 1, 2, 2)), ChosenScore([0]))


class _Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        return grad


@pytest.mark.parametrize(
    ("bend", "name"),
    [
        (lambda x: x.clamp(min=0), "clamp"),
        (lambda x: torch.maximum(x, torch.zeros(())), "maximum"),
        (functional.gelu, "GELU"),
        (functional.selu, "ELU or SELU"),
        (lambda x: functional.hardtanh(x, -1, 1), "Hardtanh"),
        (_Own.apply, "_Own (its own gradient)"),
    ],
)
def test_what_bends_otherwise_is_named(bend, name):
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return functional.relu6(bend(x)).flatten(1)

    (note,) = guided(Explained(Net(), torch.randn(1, 1, 2, 2)), ChosenScore([0])).notes
    assert f"gradients pass {name} unchanged" in note and "the 1 rectifiers" in note
