"""Whether a network's weights are numbers at all: of NaN every explanation is NaN, and its picture looks like one."""

from __future__ import annotations

import torch
from torch import nn

from convscope.errors import CheckpointError


def check_finite(model: nn.Module) -> None:
    """Raise ``CheckpointError`` with the name of the first weights that are NaN or infinite.

    >>> broken = nn.Linear(2, 1)
    >>> _ = broken.weight.data.fill_(float("nan"))
    >>> check_finite(broken)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    convscope.errors.CheckpointError: weight holds NaN or infinity (2 of 2 values): the network's training has ...
    """
    for name, array in (*model.named_parameters(), *model.named_buffers()):
        if not array.is_floating_point() or bool(torch.isfinite(array).all()):
            continue
        wrong = int((~torch.isfinite(array)).sum())
        raise CheckpointError(
            f"{name} holds NaN or infinity ({wrong:,} of {array.numel():,} values): the network's training has "
            "diverged or its file is damaged, and nothing can be explained; train it again, with a lower lr"
        )
