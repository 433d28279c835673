"""The network's answer for every image of a split, in order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.loader import Loader


def logits_of(model: nn.Module, batches: Loader) -> tuple[Tensor, Tensor]:
    """Return logits (N, K) float32 and labels (N,) of a split: in evaluation mode, with no gradient recorded."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            found = [(model(batch.x), batch.targets[0]) for batch in batches.sequential()]
    finally:
        model.train(training)
    logits, labels = zip(*found, strict=True)
    return torch.cat(logits).float(), torch.cat(labels)


def targets_of(batch: Batch, classes: int) -> Tensor:
    """Return what the loss is told: labels (N,), or shares of the classes (N, classes) where images were mixed."""
    (labels,) = batch.targets
    if batch.mixed is None:
        return labels
    (partners,), weight = batch.mixed.targets, batch.mixed.weight
    shares = torch.zeros(len(batch), classes, device=labels.device)
    shares.scatter_add_(1, labels[:, None], weight[:, None])
    return shares.scatter_add_(1, partners[:, None], 1 - weight[:, None])
