"""What a network of labels is trained on: the binary cross entropy of each label."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from convscope.data.batch import Batch
from convscope.data.spec import Labels
from convscope.tasks.multilabel.options import Options
from convscope.tasks.task import Measured, Monitor


class LabelCrossEntropy:
    """The mean over labels and examples of -ln(probability of what is true); its metric is F1 over all labels."""

    metrics: tuple[str, ...] = ("f1",)
    monitor = Monitor("f1")
    notices: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    def __init__(self, blind: float):
        self.blind = blind

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        """Compare logits (N, K) with labels (N, K) of 0 and 1, or with their mixture."""
        (labels,) = batch.targets
        wanted = labels
        if batch.mixed is not None:
            (partners,), weight = batch.mixed.targets, batch.mixed.weight[:, None]
            wanted = weight * labels + (1 - weight) * partners
        loss = binary_cross_entropy_with_logits(output, wanted)
        with torch.no_grad():
            stated, true = output >= 0, labels > 0  # a logit of 0 is a probability of 0.5
            hits = (stated & true).sum()
        return Measured(loss, float(len(labels)), 2 * hits[None], stated.sum() + true.sum())


def objective(target: Labels, options: Options, train: np.ndarray, valid: np.ndarray, device: str) -> LabelCrossEntropy:
    """Return the objective for labels (n, K) of the training split; guessing states each label's frequency."""
    share = np.clip(train.mean(axis=0, dtype=np.float64), 1e-6, 1 - 1e-6) if len(train) else np.array([0.5])
    blind = float(-(share * np.log(share) + (1 - share) * np.log(1 - share)).mean())
    return LabelCrossEntropy(blind)


class Sigmoid(nn.Module):
    """From logits (N, K) to the probability of each label (N, K)."""

    def forward(self, logits: Tensor) -> Tensor:
        """Return the sigmoid of each logit."""
        return logits.sigmoid()
