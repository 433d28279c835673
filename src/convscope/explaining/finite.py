"""Whether a network's weights are numbers at all: of NaN every explanation is NaN, and its picture looks like one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from convscope.errors import CheckpointError


def not_finite(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the weights and buffers that hold NaN or infinity, by name."""
    for name, array in (*model.named_parameters(), *model.named_buffers()):
        if array.is_floating_point() and not bool(torch.isfinite(array).all()):
            yield name, array


def check_weights(model: nn.Module) -> None:
    """Raise ``CheckpointError`` with the name of the first weights that are NaN or infinite.

    >>> broken = nn.Linear(2, 1)
    >>> _ = broken.weight.data.fill_(float("nan"))
    >>> check_weights(broken)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    convscope.errors.CheckpointError: weight holds NaN or infinity (2 of 2 values): the network's training has ...
    """
    for name, array in not_finite(model):
        wrong = int((~torch.isfinite(array)).sum())
        raise CheckpointError(
            f"{name} holds NaN or infinity ({wrong:,} of {array.numel():,} values): the network's training has "
            "diverged or its file is damaged, and nothing can be explained; train it again, with a lower lr"
        )
