"""Layers that commute with a group: turning or mirroring their input turns or mirrors their output, and nothing else.

After Cohen and Welling 2016, "Group equivariant convolutional networks". Maps over a group of |G| elements are stored
as (N, |G|·C, H, W), channel g·C + c (see ``group``), so that activations, poolings and dropout of single values work on
them unchanged. A layer that strides or pools commutes with the group only where its windows lie symmetrically in the
image; ``Halving`` does for every size.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d

from convscope.models.equivariant.group import Group


class _Convolution(nn.Module):
    """One set of filters, correlated with the input in every turned and mirrored form.

    ``weight`` is the filter of element 0, laid out as that of a plain convolution. The filters of all elements are the
    same numbers in another order; they are laid out anew in every forward pass and given to one plain convolution.
    """

    table: Tensor

    def __init__(
        self, group: Group, inputs: int, outputs: int, kernel_size: int, *, planes: int, padding: int, bias: bool
    ):
        super().__init__()
        self.group, self.inputs, self.outputs = group, inputs, outputs
        self.kernel_size, self.padding, self.planes = kernel_size, padding, planes
        self.weight = nn.Parameter(torch.empty(outputs, planes * inputs, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        # (|G|·planes·k²,): which of the planes·k² places of the filter each place of the turned filters is copied from.
        places = torch.arange(planes * kernel_size**2).view(1, planes, kernel_size, kernel_size)
        act = group.act if planes == 1 else group.act_on_maps
        turned = torch.stack([act(places, g) for g in range(group.size)])
        self.register_buffer("table", turned.flatten(), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights as a plain convolution with as many inputs does."""
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = self.weight[0].numel() ** -0.5
            nn.init.uniform_(self.bias, -bound, bound)

    def filters(self) -> Tensor:
        """Return the filters of all elements, (|G|·outputs, planes·inputs, k, k)."""
        k, planes = self.kernel_size, self.planes
        # Places first, so that whole rows are copied: measured several times as fast as turning each small window.
        rows = self.weight.unflatten(1, (planes, -1)).flatten(3).permute(1, 3, 0, 2).flatten(0, 1)  # (planes·k², O, C)
        turned = rows.index_select(0, self.table).unflatten(0, (-1, planes, k, k))  # (|G|, planes, k, k, O, C)
        return turned.permute(0, 4, 1, 5, 2, 3).flatten(2, 3).flatten(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, planes·inputs, H, W) to (N, |G|·outputs, H', W')."""
        bias = None if self.bias is None else self.bias.repeat(self.group.size)
        return conv2d(x, self.filters(), bias, padding=self.padding)

    def extra_repr(self) -> str:
        """Return the settings, for ``print``."""
        return (
            f"{self.group.name}, {self.inputs}, {self.outputs}, kernel_size={self.kernel_size}, "
            f"padding={self.padding}, bias={self.bias is not None}"
        )


class Lifting(_Convolution):
    """From images (N, C, H, W) to maps over the group: at element g, correlation with the filter turned by g.

    Equation 10 of the paper. ``weight`` is (outputs, inputs, k, k).
    """

    def __init__(
        self, group: Group, inputs: int, outputs: int, kernel_size: int, *, padding: int = 0, bias: bool = True
    ):
        super().__init__(group, inputs, outputs, kernel_size, planes=1, padding=padding, bias=bias)


class GroupConvolution(_Convolution):
    """From maps over the group to maps over the group: out(g) = Σ over h and y of f(h, y) · ψ(g⁻¹h, g⁻¹(y - x)).

    Equation 11 of the paper. ``weight`` is (outputs, |G|·inputs, k, k): |G| times as many as between plain maps.
    """

    def __init__(
        self, group: Group, inputs: int, outputs: int, kernel_size: int, *, padding: int = 0, bias: bool = True
    ):
        super().__init__(group, inputs, outputs, kernel_size, planes=group.size, padding=padding, bias=bias)


class GroupBatchNorm(nn.BatchNorm2d):
    """Batch norm with one mean, variance, weight and bias per feature, shared by all elements of the group."""

    def __init__(self, group: Group, channels: int):
        super().__init__(channels)
        self.group = group

    def forward(self, input: Tensor) -> Tensor:
        """Normalise maps (N, |G|·C, H, W): elements count as further images of the batch."""
        size = self.group.size
        return super().forward(input.unflatten(1, (size, -1)).flatten(0, 1)).unflatten(0, (-1, size)).flatten(1, 2)


class GroupPool(nn.Module):
    """The largest or mean value over the group of each feature at each place: what is left turns as an image does."""

    def __init__(self, group: Group, kind: Literal["max", "mean"] = "max"):
        super().__init__()
        self.group, self.kind = group, kind

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, |G|·C, H, W) to (N, C, H, W)."""
        maps = x.unflatten(1, (self.group.size, -1))
        return maps.amax(1) if self.kind == "max" else maps.mean(1)

    def extra_repr(self) -> str:
        """Return the settings, for ``print``."""
        return f"{self.group.name}, {self.kind}"


class Halving(nn.Module):
    """Max pooling that halves the sides, rounding up, and commutes with turns and mirrors at every size.

    Windows of 2 where a side is even, 12|34|56, and windows of 3 that share a pixel where it is odd, centred on every
    second one from border to border: 12|234|45. Either way both borders are treated alike and no pixel is dropped.
    """

    stride = 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, ⌈H/2⌉, ⌈W/2⌉)."""
        down, along = x.shape[2] % 2, x.shape[3] % 2
        return max_pool2d(x, (2 + down, 2 + along), 2, (down, along))
