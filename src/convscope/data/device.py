"""The way of examples to the device that computes: all of them once where they fit there, else batch by batch."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from convscope.data.columns import Column

SHARE = 0.25  # of a device's free memory that examples may take; the rest is for the network and its activations
CHUNK = 1_024  # examples at a time
_DTYPES = {"uint8": torch.uint8, "float32": torch.float32}  # torch picks rows of few others there


def sent(array: np.ndarray, device: str) -> Tensor:
    """Return an array on a device: to a GPU from pinned memory, so that the program goes on while it is on its way."""
    here = torch.from_numpy(array)
    return here.pin_memory().to(device, non_blocking=True) if device.startswith("cuda") else here.to(device)


def settled_on(device: str, column: Column) -> Tensor | None:
    """Return all raw values (n, *shape) of a column on a device of its own memory; ``None`` where they stay."""
    shape, dtype = column.spec.shape, column.spec.dtype
    sizes = [size for size in shape if size is not None]
    needed = len(column) * int(np.prod(sizes)) * np.dtype(dtype).itemsize
    if dtype not in _DTYPES or len(sizes) < len(shape) or needed > SHARE * free(device):
        return None
    held = torch.empty((len(column), *sizes), dtype=_DTYPES[dtype], device=device)
    bounds = list(itertools.pairwise([*range(0, len(column), CHUNK), len(column)]))
    for (first, last), raw in zip(bounds, column.stream(np.arange(a, b) for a, b in bounds), strict=True):
        assert isinstance(raw, np.ndarray)
        held[first:last] = sent(raw, device)
    return held


def free(device: str) -> int:
    """Return the free bytes of a device's own memory; the processor has none beside that which holds the examples."""
    return torch.cuda.mem_get_info(device)[0] if device.startswith("cuda") else 0
