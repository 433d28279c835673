"""Stored numbers as the tensors that a network sees, standardised on the device that computes; and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.device import sent
from convscope.data.transforms.transform import Form


class Standardiser:
    """Turns raw images (N, H, W, C) of any dtype into network input (N, C, H, W): (raw - mean) / std per channel."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], width: int, dtype: str, form: Form):
        self.form, self.dtype = form, dtype
        self.mean = torch.tensor(mean, dtype=torch.float32, device=form.device).view(-1, 1, 1)
        self.scale = 1 / torch.tensor(std, dtype=torch.float32, device=form.device).view(-1, 1, 1)
        # As (N, H, W·C) the innermost axis is long: six times as fast as with one of three channels.
        self._row = tuple(each.view(-1).repeat(width) for each in (self.mean, self.scale))

    def __call__(self, raw: np.ndarray | Tensor) -> Tensor:
        """Return the network input of raw images, which may lie on the device already; they are left as they are."""
        if isinstance(raw, np.ndarray):
            # torch computes little with uint16, so wide integers become floats before they leave NumPy.
            x = sent(raw if raw.dtype == np.uint8 else raw.astype(np.float32), self.form.device)
        else:
            x = raw
        if self.form.channels_last:
            mean, scale = self._row
            rows = x.reshape(*x.shape[:2], -1).to(torch.float32, copy=True)
            return rows.sub_(mean).mul_(scale).view(x.shape).permute(0, 3, 1, 2)
        x = x.permute(0, 3, 1, 2).contiguous()  # moved as bytes, a quarter of the floats
        if self.form.plain and x.shape[1] == 1:
            x = x.clone(memory_format=torch.contiguous_format)
        return x.to(torch.float32, copy=True).sub_(self.mean).mul_(self.scale)

    def undo(self, x: Tensor) -> np.ndarray:
        """Return the raw images (N, H, W, C) of network input (N, C, H, W), what whole numbers cannot hold cut off."""
        raw = (x / self.scale + self.mean).movedim(1, -1).cpu().numpy()
        if self.dtype == "float32":
            return raw
        return np.clip(np.rint(raw), 0, np.iinfo(self.dtype).max).astype(self.dtype)


# Its numbers are sent to a device once.
standardiser = lru_cache(maxsize=16)(Standardiser)


class Standardise(nn.Module):
    """(x - mean) / std per channel of x (N, C, ...) with so many axes of space."""

    def __init__(self, mean: Sequence[float], std: Sequence[float], axes: int):
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        shape = (-1, *(1,) * axes)
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(shape))
        self.register_buffer("scale", 1 / torch.tensor(std, dtype=torch.float32).view(shape))

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's input of raw numbers."""
        return (x.float() - self.mean) * self.scale
