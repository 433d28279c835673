"""What each operation of PyTorch is in primitives: tables of rules, one family a file.

A rule takes the graph that is built and the call's arguments under PyTorch's names, arrays as ``Ref``, and emits
primitives; it raises ``Unknown`` for arguments that no primitive stands for. Names are PyTorch's without underscores
around them, so that ``add``, ``add_`` and ``Tensor.__add__`` are one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convscope.graph.translate import (
    activation,
    arithmetic,
    arrangement,
    attention,
    convolution,
    indexing,
    linear,
    masks,
    normalisation,
    ordering,
    padding,
    pooling,
    product,
    recurrence,
    reduction,
)

RULES: dict[str, Callable[..., Any]] = {
    name: rule
    for family in (
        *(activation, arithmetic, arrangement, attention, convolution, indexing, linear, masks),
        *(normalisation, ordering, padding, pooling, product, recurrence, reduction),
    )
    for name, rule in family.RULES.items()
}
