"""Each primitive with samples that work and samples that must fail; ``tests/laws`` runs every law over all of it."""

from __future__ import annotations

from catalogue import (
    activation,
    adaptive,
    arrangement,
    attention,
    combination,
    condensing,
    correlation,
    dropout,
    embedding,
    functions,
    gathering,
    grid_sampling,
    linear,
    losses,
    matmul,
    normalisation,
    ordering,
    padding,
    pairs,
    patches,
    pooling,
    recurrence,
    reduction,
    resampling,
    rounding,
    softmax,
    unpooling,
    where,
)
from catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    entry.name: entry
    for room in (
        activation,
        adaptive,
        arrangement,
        attention,
        combination,
        condensing,
        correlation,
        dropout,
        embedding,
        functions,
        gathering,
        grid_sampling,
        linear,
        losses,
        normalisation,
        ordering,
        padding,
        pairs,
        patches,
        pooling,
        matmul,
        recurrence,
        reduction,
        resampling,
        rounding,
        where,
        softmax,
        unpooling,
    )
    for entry in room.ENTRIES
}
