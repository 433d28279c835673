"""From maps to places: the head of a network that says where points are."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

STRIDE = 4  # image pixels a cell of a heat map, at most: finer ones cost more and gained nothing on 69 faces
WIDTH = 48
MARGIN = 1  # cells of a heat map beyond each border of the image, for points that lie just outside


class SoftArgmax(nn.Module):
    """The centre of each of K heat maps (N, K, h + 2, w + 2), after a softmax over its cells: (N, 2K), x and y in turn.

    From 0, the left or upper border of the image, to 1; the outermost cells lie beyond the borders.
    Nibali et al. 2018, "Numerical coordinate regression with convolutional neural networks" (DSNT).

    >>> maps = torch.full((1, 1, 4, 6), -100.0)
    >>> maps[0, 0, 1, 2] = 100.0  # the second of four columns, the first of two rows
    >>> SoftArgmax()(maps).tolist()
    [[0.375, 0.25]]
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Return the places, in float32 also where maps are of lower precision."""
        height, width = maps.shape[2:]
        y, x = (
            (torch.arange(size, dtype=torch.float32, device=maps.device) + (0.5 - MARGIN)) / (size - 2 * MARGIN)
            for size in (height, width)
        )
        places = torch.stack((x.repeat(height), y.repeat_interleave(width)), dim=1)  # (h w, 2)
        return (maps.float().flatten(2).softmax(2) @ places).flatten(1)


def heatmap_head(features: int, stride: float, outputs: int) -> OrderedDict[str, nn.Module]:
    """Return the modules of a head for maps (N, features, h, w) that lie ``stride`` image pixels apart, in order.

    The maps are doubled until a cell covers at most 4 pixels (Xiao et al. 2018, "Simple baselines for human pose
    estimation"; bilinear in place of transposed convolutions, which leave a checkerboard). ``outputs`` is twice the
    number of points.
    """
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    level = 0
    while level == 0 or stride > STRIDE:
        level += 1
        if stride > STRIDE:
            modules[f"up{level}"] = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
            stride /= 2
        modules[f"conv{level}"] = nn.Conv2d(features, WIDTH, 3, padding=1, bias=False)
        modules[f"norm{level}"] = nn.BatchNorm2d(WIDTH)
        modules[f"relu{level}"] = nn.ReLU()
        features = WIDTH
    modules["maps"] = nn.Conv2d(features, outputs // 2, 3, padding=1 + MARGIN)
    modules["places"] = SoftArgmax()
    return modules
