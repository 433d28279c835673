from __future__ import annotations

import torch
from torch import nn

from convscope.models import create
from convscope.models.mobilenet import InvertedResidual


def test_a_shortcut_stands_where_the_shape_stays() -> None:
    x = torch.randn(2, 8, 6, 6)
    same = InvertedResidual(8, 8, 1, 4).eval()
    torch.testing.assert_close(same(x), x + same.conv(x))
    wider, halved = InvertedResidual(8, 12, 1, 4).eval(), InvertedResidual(8, 8, 2, 4).eval()
    assert torch.equal(wider(x), wider.conv(x)) and wider(x).shape == (2, 12, 6, 6)
    assert torch.equal(halved(x), halved.conv(x)) and halved(x).shape == (2, 8, 3, 3)


def test_the_stages_of_the_paper_s_table() -> None:
    net = create("mobilenet_v2", classes=1000).get_submodule("features")
    blocks = [module for module in net if isinstance(module, InvertedResidual)]
    shapes: list[tuple[int, ...]] = []
    for block in blocks:
        block.register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape[1:3])))
    with torch.inference_mode():
        net(torch.zeros(1, 3, 224, 224))
    expected = [(16, 112), (24, 56), (32, 28), (64, 14), (96, 14), (160, 7), (320, 7)]
    assert list(dict.fromkeys(shapes)) == expected and len(blocks) == 17


def test_each_kernel_of_3_by_3_sees_one_channel() -> None:
    net = create("mobilenet_v2_mini", classes=2, channels=1, size=(28, 28))
    inner = [m for m in net.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)][1:]
    assert len(inner) == 8 and all(conv.groups == conv.in_channels == conv.out_channels for conv in inner)
