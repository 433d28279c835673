"""Loader for training: index selections from the mapped pixels, normalised and augmented as whole batches.

The order of an epoch and what augmentation does to a sample depend on (seed, epoch, sample) alone, so a resumed run
sees what an undisturbed one would.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from convscope.data.batch import Batch, Mixed
from convscope.data.dataset import Split
from convscope.data.device import sent, settled_on
from convscope.data.preprocessing import Preprocessing
from convscope.data.streaming import read, take

if TYPE_CHECKING:
    from convscope.data.augment import Policy


class Normaliser:
    """Turns raw images (N, H, W, C) of any dtype into network input (N, C, H, W): (raw - mean) / std per channel.

    With ``plain`` the strides of a single channel are those of a fresh array; else torch may take it for channels last,
    and answer in that order, which code that calls ``view`` does not bear.
    """

    def __init__(
        self, preprocessing: Preprocessing, *, device: str = "cpu", channels_last: bool = False, plain: bool = False
    ):
        self.preprocessing, self.device, self.channels_last = preprocessing, device, channels_last
        self.plain = plain
        self.mean = torch.tensor(preprocessing.mean, dtype=torch.float32, device=device).view(-1, 1, 1)
        self.scale = 1 / torch.tensor(preprocessing.std, dtype=torch.float32, device=device).view(-1, 1, 1)
        # As (N, H, W·C) the innermost axis is long: six times as fast as with one of three channels.
        self._row = tuple(each.view(-1).repeat(preprocessing.width) for each in (self.mean, self.scale))

    def __call__(self, raw: np.ndarray | Tensor) -> Tensor:
        """Return the network input of raw images, which may lie on the device already; they are left as they are."""
        if isinstance(raw, np.ndarray):
            # torch computes little with uint16, so wide integers become floats before they leave NumPy.
            x = sent(raw if raw.dtype == np.uint8 else raw.astype(np.float32), self.device)
        else:
            x = raw
        if self.channels_last:
            mean, scale = self._row
            rows = x.reshape(*x.shape[:2], -1).to(torch.float32, copy=True)
            return rows.sub_(mean).mul_(scale).view(x.shape).permute(0, 3, 1, 2)
        x = x.permute(0, 3, 1, 2).contiguous()  # moved as bytes, a quarter of the floats
        if self.plain and x.shape[1] == 1:
            x = x.clone(memory_format=torch.contiguous_format)
        return x.to(torch.float32, copy=True).sub_(self.mean).mul_(self.scale)


@dataclass(frozen=True)
class _Choice:
    """Which samples make a batch, by position in the split, and what they are blended with, both (N,)."""

    at: np.ndarray
    partner_at: np.ndarray | None = None

    @property
    def all_at(self) -> np.ndarray:
        return self.at if self.partner_at is None else np.concatenate((self.at, self.partner_at))


class Loader:
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
        if policy is not None:
            policy.check(normalise.preprocessing, len(split))
        self.pixels, self.rows = split.pixels, split.rows
        self.labels = torch.from_numpy(np.asarray(split.labels, dtype=np.int64))
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
        chosen = (self._choose(order[first:last], epoch) for first, last in itertools.pairwise(self.bounds[start:]))
        chosen, coming = itertools.tee(chosen)
        for choice, raw in zip(chosen, self._raw(each.all_at for each in coming), strict=True):
            yield self._augmented(choice, raw, epoch)

    def sequential(self) -> Iterator[Batch]:
        """Yield the batches in the split's own order, not augmented."""
        bounds = list(itertools.pairwise(self.bounds))
        for (first, last), raw in zip(bounds, self._raw(np.arange(a, b) for a, b in bounds), strict=True):
            yield Batch(self.rows[first:last], (self.normalise(raw),), (self._device_labels[first:last],))

    def of(self, at: np.ndarray, epoch: int) -> Batch:
        """Return the samples at positions ``at`` (N,) of the split, to the bit as the batches of an epoch hold them."""
        choice = self._choose(at, epoch)
        return self._augmented(choice, take(self.pixels, self.rows[choice.all_at]), epoch)

    @cached_property
    def _settled(self) -> Tensor | None:
        return settled_on(self.normalise.device, self.pixels, self.rows)

    def _raw(self, wanted: Iterable[np.ndarray]) -> Iterator[np.ndarray | Tensor]:
        """Yield the raw images (k, H, W, C) at each of the positions (k,) ``wanted``."""
        if (there := self._settled) is None:
            return read(self.pixels, (self.rows[at] for at in wanted))
        return (there[sent(at, self.normalise.device)] for at in wanted)

    def _choose(self, at: np.ndarray, epoch: int) -> _Choice:
        if self.policy is None or not self.policy.blends:
            return _Choice(at)
        partners = self.policy.partners(self.rows[at], self.rows, seed=self.seed, epoch=epoch)
        return _Choice(at, np.searchsorted(self.rows, partners))

    def _augmented(self, choice: _Choice, raw: np.ndarray | Tensor, epoch: int) -> Batch:
        x, policy = self.normalise(raw), self.policy
        rows, targets = self.rows[choice.at], (self._labels(choice.at),)
        if policy is None:
            return Batch(rows, (x,), targets)
        rule = self.normalise.preprocessing
        x = policy(x, self.rows[choice.all_at], seed=self.seed, epoch=epoch, preprocessing=rule)
        if choice.partner_at is None:
            return Batch(rows, (x,), targets)
        own, partners = x.split(len(choice.at))
        x, share = policy.blend(own, partners, rows, seed=self.seed, epoch=epoch)
        return Batch(rows, (x,), targets, mixed=Mixed((self._labels(choice.partner_at),), share))

    def _labels(self, at: np.ndarray) -> Tensor:
        return self._device_labels[sent(at, self.normalise.device)]
