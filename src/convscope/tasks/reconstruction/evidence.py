"""What reconstructions show of each image: how far its pixels are off, and how alike it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.data.spec import Pixels
from convscope.tasks.metrics.counts import ratio
from convscope.tasks.metrics.pictures import psnr, similarity
from convscope.tasks.reconstruction.target import in_parts


@dataclass(frozen=True)
class PixelErrors:
    """The mean squared error (n,) of each image's pixels, from 0 to 1, and its structural similarity (n,)."""

    squared: np.ndarray
    alike: np.ndarray

    @classmethod
    def of(cls, truth: Any, predicted: Any, target: Pixels) -> PixelErrors:
        """Take a column of raw images (n, H, W, C) and predicted pixels (n, C, H, W)."""
        squared, alike = np.empty(len(truth)), np.empty(len(truth))
        for at, x in in_parts(truth, target):
            y = np.asarray(predicted[at], np.float32)
            squared[at] = ((x - y) ** 2).reshape(len(x), -1).mean(1, dtype=np.float64)
            alike[at] = similarity(x, y)
        return cls(squared, alike)

    @property
    def per_example(self) -> np.ndarray:
        """The mean squared error (n,)."""
        return self.squared

    def figures(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return each figure (r,) under weights (n, r) of the images: the mean over images."""
        total = weights.sum(axis=0)
        each = {"mse": self.squared, "psnr": psnr(self.squared), "ssim": self.alike}
        return {name: ratio(values @ weights, total) for name, values in each.items()}
