"""Between what a network sees and what was stored: operations on light as it was measured work in raw units."""

from __future__ import annotations

import torch
from torch import Tensor

from convscope.data.transforms import ImageTransform


class Raw:
    """The raw units of a set: bytes 0..255 for uint8, whatever was stored for other kinds."""

    def __init__(self, preprocessing: ImageTransform, device: torch.device):
        self.dtype = preprocessing.dtype
        self.mean, self.std = (
            torch.tensor(values, dtype=torch.float32, device=device).view(-1, 1, 1)
            for values in (preprocessing.mean, preprocessing.std)
        )

    def of(self, x: Tensor) -> Tensor:
        """Return the raw values of network input x (N, C, H, W); what was stored as integers is exactly that again."""
        raw = x * self.std + self.mean
        return raw if self.dtype == "float32" else raw.round_()

    def back(self, raw: Tensor) -> Tensor:
        """Return the network input of raw values, to the bit what ``Normaliser`` makes of them."""
        return (raw - self.mean) * (1 / self.std)

    def within(self, raw: Tensor) -> Tensor:
        """Return raw values, those that an integer kind cannot hold cut off."""
        return raw if self.dtype == "float32" else raw.clamp(0, 255 if self.dtype == "uint8" else 65535)


def look_up(values: Tensor, tables: Tensor) -> Tensor:
    """Return ``tables`` (N, C, 256) at bytes ``values`` (N, C, H, W), which are whole numbers of any dtype."""
    N, C, H, W = values.shape
    return tables.gather(2, values.view(N, C, H * W).long()).view(N, C, H, W)
