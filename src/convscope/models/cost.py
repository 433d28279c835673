"""What a network costs: multiplications with an addition for one image, counted without computing any."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from convscope.data.spec import InputSpec
from convscope.models.building import zeros


def cost(build: Callable[[], nn.Module], input: InputSpec) -> tuple[int, int]:
    """Return the weights of the network that ``build`` returns, and its multiply-adds for one example.

    Only convolutions and matrix products count, as in the tables of papers: PyTorch's own counter does that, for any
    module. ``inspect`` counts every operation of a recorded graph. The network is built and run on torch's "meta"
    device, which knows shapes only, so that this is quick at any size; an axis that varies is taken as
    ``building.LONG``.

    >>> cost(lambda: nn.Conv2d(1, 4, 3), InputSpec(1, (6, 6)))  # 4 kernels of 9 weights and a bias, each at 4×4 places
    (40, 576)
    """
    with torch.device("meta"):
        net = build().eval()
    device = next(net.parameters()).device  # a network of one's own has real numbers
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(zeros(1, input).to(device))
    return sum(p.numel() for p in net.parameters()), counter.get_total_flops() // 2
