"""The way of images to the device that computes: all of them once where they fit there, else batch by batch."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor

from convscope.data.streaming import read

SHARE = 0.25  # of a device's free memory that images may take; the rest is for the network and its activations
CHUNK = 1_024  # images at a time
_DTYPES = {np.dtype(np.uint8): torch.uint8, np.dtype(np.float32): torch.float32}  # torch picks rows of few others there


def sent(array: np.ndarray, device: str) -> Tensor:
    """Return an array on a device: to a GPU from pinned memory, so that the program goes on while it is on its way."""
    here = torch.from_numpy(array)
    return here.pin_memory().to(device, non_blocking=True) if device.startswith("cuda") else here.to(device)


def settled_on(device: str, pixels: np.ndarray, rows: np.ndarray) -> Tensor | None:
    """Return the raw images ``pixels[rows]`` (N, H, W, C) on a device of its own memory; ``None`` where they stay."""
    needed = len(rows) * pixels[:1].nbytes
    if pixels.dtype not in _DTYPES or needed > SHARE * free(device):
        return None
    held = torch.empty((len(rows), *pixels.shape[1:]), dtype=_DTYPES[pixels.dtype], device=device)
    bounds = list(itertools.pairwise([*range(0, len(rows), CHUNK), len(rows)]))
    for (first, last), raw in zip(bounds, read(pixels, (rows[a:b] for a, b in bounds)), strict=True):
        held[first:last] = sent(raw, device)
    return held


def free(device: str) -> int:
    """Return the free bytes of a device's own memory; the processor has none beside that which holds the images."""
    return torch.cuda.mem_get_info(device)[0] if device.startswith("cuda") else 0
