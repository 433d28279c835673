"""What a network of masks is trained on: Dice and cross entropy over the pixels that are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.segmentation.borders import VOID
from convscope.tasks.task import Measured, Monitor

SMOOTH = 1e-5  # added to both sides of a Dice, so that one of nothing is no division by zero
FOCUS = 2.0  # the focal loss's power (Lin et al. 2017)


class MaskLoss:
    """The objective: a loss of logits (N, K, H, W) beside classes (N, H, W), and the Dice of all but the first class.

    Void pixels count in no part of it. The soft Dice is taken over the batch, for each class that is in it; with more
    than two classes the first, background, is left out (as nnU-Net does: Isensee et al. 2021). ``weights`` (K,) count a
    class more or less in the cross entropy.
    """

    metrics: tuple[str, ...] = ("dice",)
    monitor = Monitor("dice")
    notices: tuple[str, ...] = ()

    def __init__(self, classes: int, loss: str, weights: Tensor | None = None):
        self.classes, self.loss, self.weights = classes, loss, weights
        self.of_dice, self.of_pixels = "dice" in loss, loss != "dice"
        self.blind = self.of_dice * 1.0 + self.of_pixels * math.log(classes)
        self.narrow: tuple[str, ...] = ("the Dice",) if self.of_dice else ()

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        """Compare logits with the classes of a batch; of a larger mask the middle counts."""
        (masks,) = batch.targets
        weights = None
        if masks.ndim == output.ndim:  # with a weight for each pixel
            masks, weights = masks.unbind(1)
            weights = _middle(weights, output.shape[2:])
        labels = _middle(masks, output.shape[2:])
        logits = output.contiguous()  # the softmax goes through whole planes, many times faster than through pixels
        log_p = logits.log_softmax(1)
        p = log_p.exp()
        numbers = torch.arange(self.classes, dtype=labels.dtype, device=labels.device)
        truth = (labels[:, None] == numbers.view(-1, *[1] * (labels.ndim - 1))).float()  # of a void pixel all are 0
        known = labels != VOID
        value = output.new_zeros(())
        if self.of_pixels:
            value = value + self._of_pixels(log_p, p, truth if weights is None else truth * weights[:, None])
        if self.of_dice:
            value = value + self._of_dice(p, truth, known)
        with torch.no_grad():
            both, sizes = _overlap(logits.max(1).indices, labels, known)
        return Measured(value, known.count_nonzero().float(), both[None], sizes.clamp(min=1))

    def _of_pixels(self, log_p: Tensor, p: Tensor, truth: Tensor) -> Tensor:
        """Return the mean (focal) cross entropy of the known pixels, by their weights in ``truth`` and their class."""
        axes = (0, *range(2, p.ndim))
        each = log_p * truth if self.loss != "focal" else log_p * truth * (1 - p) ** FOCUS
        of_class, pixels = -each.sum(axes), truth.sum(axes)
        if self.weights is not None:
            of_class, pixels = of_class * self.weights, pixels * self.weights
        return of_class.sum() / pixels.sum().clamp(min=1e-6)  # 0 where nothing is known

    def _of_dice(self, p: Tensor, truth: Tensor, known: Tensor) -> Tensor:
        """Return 1 - the mean soft Dice of the classes that are in the batch."""
        axes = (0, *range(2, p.ndim))
        pixels = truth.sum(axes)
        dice = (2 * (p * truth).sum(axes) + SMOOTH) / ((p * known[:, None].float()).sum(axes) + pixels + SMOOTH)
        counted = (pixels > 0).float()
        if self.classes > 2:
            counted[0] = 0
        return 1 - (dice * counted).sum() / counted.sum().clamp(min=1) if counted.any() else dice.sum() * 0


def _middle(masks: Tensor, size: torch.Size) -> Tensor:
    """Cut masks (N, *space) to the ``size`` of what a network says, about their middle."""
    for axis, (side, whole) in enumerate(zip(size, masks.shape[1:], strict=True), 1):
        masks = masks.narrow(axis, (whole - side) // 2, side)
    return masks


def _overlap(predicted: Tensor, labels: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return twice the pixels on which both agree on a class other than the first, and those of either with one."""
    mine, theirs = (predicted > 0) & known, (labels > 0) & known
    sizes = mine.count_nonzero() + theirs.count_nonzero()
    return 2.0 * ((predicted == labels) & theirs).count_nonzero(), sizes.float()


def objective(target: PixelClasses | Instances, options: Any, train: Any, valid: Any, device: str) -> MaskLoss:
    """Return the objective for masks; the classes' shares of the training pixels weigh them, if asked for."""
    weights = None
    if options.class_weights == "balanced":
        weights = torch.tensor(balanced(np.array(target.shares)), dtype=torch.float32, device=device)
    return MaskLoss(len(target.names), options.loss, weights)


def balanced(shares: np.ndarray) -> np.ndarray:
    """Return a weight (K,) for each class, one over the root of its share; their mean over the pixels is 1.

    >>> balanced(np.array([0.96, 0.04])).round(3).tolist()
    [0.865, 4.238]
    """
    weights = np.where(shares > 0, 1 / np.sqrt(np.maximum(shares, 1e-9)), 0.0)
    return weights / max((weights * shares).sum(), 1e-9)


class Probabilities(nn.Module):
    """From logits (N, K, *space) to probabilities."""

    def forward(self, logits: Tensor) -> Tensor:
        """Return the softmax over the classes."""
        return logits.softmax(1)
