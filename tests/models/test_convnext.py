from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import conv2d, gelu

from convscope.models import create
from convscope.models.blocks import StochasticDepth
from convscope.models.convnext import ConvNeXtBlock


def test_a_block_by_its_formula() -> None:
    block = ConvNeXtBlock(4, 0.5, 0.0)
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.5)
    x = torch.randn(2, 4, 9, 8)
    state = block.state_dict()
    y = conv2d(x, state["block.0.weight"], state["block.0.bias"], padding=3, groups=4)
    y = (y - y.mean(1, keepdim=True)) / (y.var(1, correction=0, keepdim=True) + 1e-6).sqrt()
    y = y * state["block.2.weight"][:, None, None] + state["block.2.bias"][:, None, None]
    y = gelu(conv2d(y, state["block.3.weight"][:, :, None, None], state["block.3.bias"]))
    y = conv2d(y, state["block.5.weight"][:, :, None, None], state["block.5.bias"])
    torch.testing.assert_close(block(x), x + state["layer_scale"] * y)


def test_late_blocks_are_left_out_more_often() -> None:
    with torch.device("meta"):
        net = create("convnext_tiny", classes=2, drop_path=0.36)
    rates = [module.rate for module in net.modules() if isinstance(module, StochasticDepth)]
    assert len(rates) == 18 and rates == sorted(rates) and (rates[0], rates[-1]) == (0.02, 0.36)


def test_without_stochastic_depth_training_and_answering_are_alike() -> None:
    net, x = create("convnext_mini", classes=3, channels=1, size=(28, 28)), torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(net.train()(x), net.eval()(x))
    drawn = create("convnext_mini", classes=3, channels=1, size=(28, 28), drop_path=0.5)
    assert not torch.equal(drawn(x), drawn(x))
