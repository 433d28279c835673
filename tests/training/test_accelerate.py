"""The memory order of what has two or three spatial axes; everything else has only one."""

from __future__ import annotations

import pytest
import torch

from convscope.models import create
from convscope.training.accelerate import in_order, inference_model
from convscope.training.plan import Plan


@pytest.mark.parametrize(
    ("name", "size", "order"),
    [("unet_mini", (16, 24), torch.channels_last), ("unet3d_mini", (8, 16, 8), torch.channels_last_3d)],
)
def test_channels_last_of_images_and_of_volumes(name: str, size: tuple[int, ...], order: torch.memory_format) -> None:
    torch.manual_seed(0)
    net, x = create(name, classes=2, channels=3, size=size, width=4).eval(), torch.randn(2, 3, *size)
    expected = net(x)
    plan = Plan(channels_last=True)
    weight = net.get_submodule("level2.conv1").weight
    assert in_order(net, plan) is net and net.get_submodule("level2.conv1").weight is weight
    assert weight.is_contiguous(memory_format=order) and not weight.is_contiguous()  # pyright: ignore
    ordered = in_order(x, plan)
    assert ordered.is_contiguous(memory_format=order)
    torch.testing.assert_close(net(ordered), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(inference_model(net, channels_last=True)(ordered), expected, rtol=1e-4, atol=1e-4)
    assert in_order(net, Plan(channels_last=False)).get_submodule("level2.conv1").weight.is_contiguous()  # pyright: ignore


def test_a_signal_has_one_order() -> None:
    x = torch.randn(2, 3, 50)
    assert in_order(x, Plan(channels_last=True)) is x
