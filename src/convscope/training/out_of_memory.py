"""Memory that runs out: how it is recognised, and what to say where not even one example fits."""

from __future__ import annotations

from itertools import pairwise

import torch

from convscope.data.batch import Batch
from convscope.errors import Error

_OUT_OF_MEMORY = ("out of memory", "allocate memory", "not enough memory", "alloc_failed", "bad_alloc")

# What an input (N, ...) of so many axes is called, its axes behind N, and how it becomes smaller.
_BY_AXES = {
    2: ("text", " tokens", "the texts shorter (--max-length)"),
    3: ("signal", " (channels, steps)", "the signals shorter (--window)"),
    4: ("image", " (channels, height, width)", "the images smaller (--img-size)"),
    5: ("volume", " (channels, depth, height, width)", "the parts smaller (--img-size)"),
}


def split(batch: Batch, parts: int) -> list[Batch]:
    """Return a batch in at most ``parts`` parts of nearly equal size."""
    if parts == 1:
        return [batch]
    size, larger = divmod(len(batch), parts)
    ends = [size * part + min(part, larger) for part in range(parts + 1)]
    return [batch.part(slice(a, b)) for a, b in pairwise(ends) if b > a]


def does_not_fit(batch: Batch) -> Error:
    """Return the explained error for examples that cannot be trained on one at a time."""
    what, axes, smaller = _BY_AXES.get(batch.x.ndim, ("example", "", "the examples smaller"))
    return Error(
        f"not even one {what} of {' x '.join(map(str, batch.x.shape[1:]))}{axes} at a time fits into memory for a "
        f"training step; make {smaller}, choose a smaller network (--model), or end other programs"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory is short; PyTorch has no one type for it.

    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 64 bytes"))
    True
    >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in text for words in _OUT_OF_MEMORY)
