"""Batches for training: index selections from the mapped pixels, normalised and augmented as whole batches.

The order of an epoch and what augmentation does to a sample depend on (seed, epoch, sample) alone, so a resumed run
sees what an undisturbed one would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from convscope.data.dataset import Split
from convscope.data.preprocessing import Preprocessing

if TYPE_CHECKING:
    from convscope.data.augment import Policy


@dataclass(frozen=True)
class Batch:
    """Network input x (N, C, H, W) float32 and labels (N,).

    Under mixup also the partners' labels (N,) and the weights (N,) of the first image.
    """

    x: Tensor
    labels: Tensor
    partner_labels: Tensor | None = None
    weight: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)


class Normaliser:
    """Turns raw images (N, H, W, C) of any dtype into network input (N, C, H, W): (raw - mean) / std per channel."""

    def __init__(self, preprocessing: Preprocessing, *, device: str = "cpu", channels_last: bool = False):
        self.device = device
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.mean = torch.tensor(preprocessing.mean, dtype=torch.float32, device=device).view(1, -1, 1, 1)
        self.scale = 1 / torch.tensor(preprocessing.std, dtype=torch.float32, device=device).view(1, -1, 1, 1)

    def __call__(self, raw: np.ndarray) -> Tensor:
        """Return the network input of raw images; they are left as they are."""
        # torch computes little with uint16, so wide integers become floats before they leave NumPy.
        array = raw if raw.dtype == np.uint8 else raw.astype(np.float32)
        x = torch.from_numpy(array).to(self.device).permute(0, 3, 1, 2)
        x = x.to(torch.float32, memory_format=self.layout, copy=True)
        return x.sub_(self.mean).mul_(self.scale)


class Batches:
    """The batches of a split, epoch by epoch.

    A last batch of a single image joins the one before it, since batch norm has no variance over one value.
    """

    def __init__(
        self,
        split: Split,
        normalise: Normaliser,
        batch_size: int,
        *,
        seed: int = 0,
        policy: Policy | None = None,
    ):
        self.pixels = np.asarray(split.pixels)  # a plain view: indexing a memmap object costs more per batch
        self.rows, self.labels = split.rows, torch.from_numpy(np.asarray(split.labels, dtype=np.int64))
        self.normalise, self.seed, self.policy = normalise, seed, policy
        count = len(split)
        self.bounds = [*range(0, count, batch_size), count]
        if len(self.bounds) > 2 and count - self.bounds[-2] == 1:
            del self.bounds[-2]
        self._device_labels = self.labels.to(normalise.device)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """Yield the shuffled, augmented batches of one epoch, from batch ``start`` on."""
        order = np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(len(self.labels))
        for first, last in zip(self.bounds[start:-1], self.bounds[start + 1 :], strict=True):
            yield self._augmented(order[first:last], epoch)

    def inorder(self) -> Iterator[Batch]:
        """Yield the batches in the split's own order, not augmented."""
        for first, last in zip(self.bounds[:-1], self.bounds[1:], strict=True):
            yield Batch(self.normalise(self.pixels[self.rows[first:last]]), self._device_labels[first:last])

    def _augmented(self, at: np.ndarray, epoch: int) -> Batch:
        labels = self._device_labels[torch.from_numpy(at).to(self._device_labels.device)]
        x = self._fetch(at, epoch)
        if self.policy is None or not self.policy.mixup:
            return Batch(x, labels)
        partners, weight = self.policy.partners(self.rows[at], self.rows, seed=self.seed, epoch=epoch)
        partner_at = np.searchsorted(self.rows, partners)
        share = torch.from_numpy(weight).to(x)
        x = torch.lerp(self._fetch(partner_at, epoch), x, share.view(-1, 1, 1, 1))
        return Batch(x, labels, self._device_labels[torch.from_numpy(partner_at).to(labels.device)], share)

    def _fetch(self, at: np.ndarray, epoch: int) -> Tensor:
        rows = self.rows[at]
        x = self.normalise(self.pixels[rows])
        return x if self.policy is None else self.policy(x, rows, seed=self.seed, epoch=epoch)
