"""How far outputs see, and on which grid: against the exact sets of inputs, and against numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.analysis.exact_fields import field
from convscope.analysis.locality import Locality, NotLocal, locality
from convscope.analysis.parts import difference
from convscope.graph.record import record

WIDTH = 40


class Hourglass(nn.Module):
    """Random strides down, and up again by other means, with a way around and borders of its own."""

    def __init__(self, seed: int):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.border = str(rng.choice(["zeros", "reflect", "replicate"]))
        factor, kernel, self.dilation = (int(rng.choice(options)) for options in ([2, 3, 4], [2, 3, 5], [1, 2]))
        self.before = nn.Conv2d(1, 3, 3, padding=1, padding_mode=self.border)
        self.down = nn.Conv2d(3, 4, factor, factor) if rng.random() < 0.5 else nn.AvgPool2d(factor)
        channels = 4 if isinstance(self.down, nn.Conv2d) else 3
        pad = (kernel - 1) * self.dilation
        self.pad = (pad // 2, pad - pad // 2) * 2
        self.low = nn.Conv2d(channels, 3, kernel, dilation=self.dilation)
        self.up = [
            nn.ConvTranspose2d(3, 3, factor, factor),
            nn.ConvTranspose2d(3, 3, factor + 2, factor, 1),
            nn.Upsample(scale_factor=factor, mode="bilinear"),
            nn.Upsample(scale_factor=factor),
        ][rng.integers(4)]
        self.after = nn.Conv2d(6, 2, 1)
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.factor, 0, -height % self.factor), mode="replicate")
        x = self.before(x)
        low = self.up(self.low(F.pad(self.down(x), self.pad, mode="reflect")))
        return self.after(torch.cat([x, low], 1))[..., :height, :width]


def parts(network: nn.Module, whole: Locality, length: int) -> Iterator[tuple[bool, float]]:
    """Yield for random parts of an image whether they are proved to give the same, and by how much they differ."""
    rng, grid = np.random.default_rng(0), whole.grid[0]
    x = torch.from_numpy(rng.normal(size=(1, 1, length, WIDTH)))
    expected = network(x)
    for _ in range(10):
        start = int(rng.integers(0, length // grid // 3)) * grid
        end = min(start + int(rng.integers(8 * grid, length)), length)
        first = int(rng.integers(start, end - 1))
        last = int(rng.integers(first + 1, end))
        part = locality(record(network, (1, end - start, WIDTH)))
        change = (network(x[:, :, start:end])[:, :, first - start : last - start] - expected[:, :, first:last]).abs()
        yield difference(whole, part, 0, (first, last), start) is None, float(change.max().detach())


@pytest.mark.parametrize("seed", range(8))
def test_what_is_proved_to_be_the_same_is_and_nothing_else(seed):
    torch.manual_seed(seed)
    network = Hourglass(seed).double().eval()
    length = 16 * network.factor + seed % network.factor
    whole = locality(record(network, (1, length, WIDTH)))
    assert whole.grid == (network.factor,) * 2
    found = list(parts(network, whole, length))
    assert all((change < 1e-12) == same for same, change in found), found
    assert {same for same, _ in found} == {True, False}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_needed_is_the_exact_field(seed):
    graph = record(Hourglass(seed), (1, 48, 48))
    output = next(iter(graph.outputs.values()))
    needed = locality(graph).needed(0, (20, 23))[0]
    rows = np.concatenate([field(graph, output, (y, 24)).places.along(1) for y in (20, 21, 22)])
    assert needed == (rows.min(), rows.max() + 1)


def test_names_what_is_of_no_regular_step():
    class Stretched(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.interpolate(x, size=(31, 31), mode="bilinear")

    with pytest.raises(NotLocal, match="resample_linear has no regular step"):
        locality(record(Stretched(), (1, 30, 31)))
