from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import conv2d, relu

from convscope.models import create
from convscope.models.squeezenet import Fire


def test_a_fire_module_by_its_convolutions() -> None:
    fire = Fire(6, 2, 4).eval()
    x = torch.randn(2, 6, 5, 7)
    narrow = relu(conv2d(x, fire.squeeze.weight, fire.squeeze.bias))
    small = relu(conv2d(narrow, fire.expand1x1.weight, fire.expand1x1.bias))
    large = relu(conv2d(narrow, fire.expand3x3.weight, fire.expand3x3.bias, padding=1))
    torch.testing.assert_close(fire(x), torch.cat((small, large), 1))


def test_dropout_only_while_training() -> None:
    net, x = create("squeezenet1_1", classes=5, size=(64, 64)), torch.randn(2, 3, 64, 64)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_the_small_one_may_give_negative_scores() -> None:
    torch.manual_seed(0)
    logits = create("squeezenet_mini", classes=5, channels=1, size=(28, 28))(torch.randn(8, 1, 28, 28))
    assert bool((logits < 0).any())
    large = create("squeezenet1_0", classes=5, channels=1, size=(28, 28))(torch.randn(2, 1, 28, 28))
    assert bool((large >= 0).all())


def test_pooling_keeps_the_last_row() -> None:
    net = create("squeezenet1_0", classes=2, size=(227, 227)).get_submodule("features")
    sides: list[int] = []
    for module in net:
        if isinstance(module, nn.MaxPool2d):
            module.register_forward_hook(lambda _m, _i, out: sides.append(out.shape[-1]))
    with torch.inference_mode():
        net(torch.zeros(1, 3, 227, 227))
    assert sides == [55, 27, 13]  # the paper's table 1
