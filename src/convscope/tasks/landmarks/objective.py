"""What a network of points is trained on: the distance of each place from the true one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.spec import Points
from convscope.tasks.landmarks.normaliser import lengths
from convscope.tasks.task import Measured, Monitor

ROUND = 0.01  # of the spread: below this distance the loss is quadratic, so that its slope does not jump


class Distance:
    """The mean distance of known points from the true ones, in units of the spread of places in the training split.

    Its metric ``nme`` is the normalised mean error of an image, as it is scored.
    """

    metrics: tuple[str, ...] = ("nme",)
    monitor = Monitor("nme", "lower")
    notices: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    def __init__(self, target: Points, blind: float, device: str = "cpu"):
        self.target, self.blind = target, blind
        self.places = Places(target).to(device)
        self.size = torch.tensor(target.frame[::-1], dtype=torch.float32, device=device)  # width, height
        self.unit = target.spread * max(target.frame)

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        """Compare raw output (N, 2K) with places (N, K, 2) from 0 to 1; missing ones (NaN) do not count."""
        (wanted,) = batch.targets
        places = self.places(output)
        known = torch.isfinite(wanted).all(2)
        apart = (places - torch.where(known[..., None], wanted, places.detach())) * self.size
        distance = (apart.square().sum(2) + (ROUND * self.unit) ** 2).sqrt() - ROUND * self.unit
        number = known.sum()
        loss = (distance * known).sum() / (number.clamp(min=1) * self.unit)
        with torch.no_grad():
            errors, scored = self._errors(apart.square().sum(2).sqrt(), known, wanted)
        return Measured(loss, number, errors[None], scored)

    def _errors(self, distance: Tensor, known: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum of the normalised mean errors of a batch's images, and how many have a point."""
        pixels = (wanted * self.size).cpu().numpy().astype(np.float64)
        length, _ = lengths(pixels, self.target.normaliser, self.target.names)
        each = (distance * known).sum(1) / known.sum(1).clamp(min=1)
        return (each / torch.from_numpy(length).to(each)).sum(), known.any(1).sum()


def objective(target: Points, options: Any, train: np.ndarray, valid: np.ndarray, device: str) -> Distance:
    """Return the objective for places (n, K, 2) of the training split, from 0 to 1."""
    apart = (train - np.array(target.shape)) * np.array(target.frame[::-1])
    blind = float(np.nanmean(np.linalg.norm(apart, axis=2))) / (target.spread * max(target.frame))
    return Distance(target, blind, device)


class Places(nn.Module):
    """From a network's raw output (N, 2K) to places (N, K, 2), from 0 to 1."""

    shape: Tensor

    def __init__(self, target: Points):
        super().__init__()
        self.form, self.spread = target.form, target.spread
        self.register_buffer("shape", torch.tensor(target.shape, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Return heat maps' centres as they are, and coordinates about the mean places."""
        x = x.unflatten(1, (-1, 2))
        return x if self.form == "heatmaps" else self.shape + self.spread * x


class Pixels(nn.Module):
    """From a network's raw output (N, 2K) to points (N, K, 2) in pixels of the frame that it sees."""

    size: Tensor

    def __init__(self, target: Points):
        super().__init__()
        self.places = Places(target)
        self.register_buffer("size", torch.tensor(target.frame[::-1], dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Return x and y from the centre of the upper left pixel."""
        return self.places(x) * self.size - 0.5
