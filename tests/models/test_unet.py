from __future__ import annotations

import pytest
import torch
from torch import nn

from convscope.errors import ConfigError
from convscope.models import count_weights, create
from convscope.models.unet import encoder


def test_levels_give_what_a_decoder_takes() -> None:
    x, shapes = torch.randn(1, 2, 37, 52), []
    for name, part in encoder(2, 8, 4).items():
        x = part(x)
        if name.startswith("level"):
            shapes.append(tuple(x.shape[1:]))
    assert shapes == [(8, 37, 52), (16, 18, 26), (32, 9, 13), (64, 4, 6)]


def test_five_levels_hold_the_paper_s_weights() -> None:
    # Without norm, a level of width w on v channels has 9vw + w and 9ww + w weights; in all, with 64 on one channel:
    expected = sum(9 * v * w + w + 9 * w * w + w for v, w in ((1, 64), (64, 128), (128, 256), (256, 512), (512, 1024)))
    assert expected == 18_842_048
    with torch.device("meta"):
        net = create("unet_encoder", classes=2, channels=1, norm="none")
    assert sum(p.numel() for p in net.parameters()) == expected + 2 * 1024 + 2
    assert count_weights("unet_encoder_mini", classes=10, channels=1, size=(28, 28)) == 295_002


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "none"])
def test_any_norm_keeps_values_and_gradients_alive(norm: str) -> None:
    torch.manual_seed(0)
    net = create("unet_encoder_mini", classes=3, channels=1, size=(28, 28), norm=norm)
    net(torch.randn(4, 1, 28, 28)).square().sum().backward()
    first = next(module for module in net.modules() if isinstance(module, nn.Conv2d))
    assert first.weight.grad is not None and 1e-4 < float(first.weight.grad.norm()) < 1e4


def test_an_unknown_norm_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown norm 'groups'; did you mean 'group'"):
        encoder(1, 8, 2, "groups")
