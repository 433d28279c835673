"""The one way through a split: its examples as batches, in order, or shuffled and augmented.

The order of an epoch and what augmentation does to an example depend on (seed, epoch, example) alone, so a resumed run
sees what an undisturbed one would.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment.draws import Draws
from convscope.data.batch import Batch, Mixed
from convscope.data.columns import Column, RaggedBatch
from convscope.data.dataset import Split
from convscope.data.device import sent, settled_on
from convscope.data.transforms import PLAIN, Form, ImageTransform, ToTensor
from convscope.data.transforms.placement import placed
from convscope.errors import ConfigError
from convscope.world import ALONE, World

if TYPE_CHECKING:
    from convscope.data.augment import Policy

Encode = Callable[[np.ndarray], np.ndarray]  # stored targets (N, ...) -> what is trained on (N, ...)


@dataclass(frozen=True, eq=False)
class _Input:
    """A column of the split, numbered from 0, and how it becomes what the network sees."""

    column: Column
    transform: ToTensor
    form: Form

    @cached_property
    def settled(self) -> Tensor | None:
        """All its raw values, on a device that has memory of its own and room for them."""
        return settled_on(self.form.device, self.column)

    def stream(self, wanted: Iterable[np.ndarray]) -> Iterator[Any]:
        """Yield the raw values at each of the positions (k,) ``wanted``."""
        if (there := self.settled) is None:
            return self.column.stream(wanted)
        return (there[sent(at, self.form.device)] for at in wanted)


@dataclass(frozen=True)
class _Choice:
    """Which examples make a batch, by position in the split, and what they are blended with, both (N,)."""

    at: np.ndarray
    partner_at: np.ndarray | None = None

    @property
    def all_at(self) -> np.ndarray:
        return self.at if self.partner_at is None else np.concatenate((self.at, self.partner_at))


class Loader:
    """The batches of a split, epoch by epoch.

    ``transforms`` make network input of each of the split's inputs, in the ``form`` that is asked for; ``encode`` makes
    of stored targets what is trained on. ``policy`` augments the first input, and moves points with it; ``becomes``
    (K,) says which point each one is in a mirrored image, ``None`` that this is not known. A last batch of a single
    example joins the one before it, since batch norm has no variance over one value.
    """

    def __init__(
        self,
        split: Split,
        transforms: Mapping[str, ToTensor],
        batch_size: int,
        *,
        form: Form = PLAIN,
        encode: Encode | None = None,
        seed: int = 0,
        policy: Policy | None = None,
        becomes: Sequence[int] | None = None,
    ):
        names = split.dataset.inputs
        if policy is not None:
            policy.check(_image(transforms[names[0]], policy), len(split))
        self.split, self.transforms, self.batch_size, self.form = split, transforms, batch_size, form
        self.encode, self.seed, self.policy, self.becomes = encode, seed, policy, becomes
        self.rows = split.rows
        self._inputs = [_Input(split.column(name), transforms[name], form) for name in names]
        self._stored = [self._placed(split.column(name)) for name in split.dataset.targets]
        self._targets = [self._encoded(values) for values in self._stored]
        self._moving = [policy is not None and self._is_points(name) for name in split.dataset.targets]
        if policy is not None and any(self._moving):
            _check_points(policy, becomes)
        count = len(split)
        self.bounds = [*range(0, count, batch_size), count]
        if len(self.bounds) > 2 and count - self.bounds[-2] == 1:
            del self.bounds[-2]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def plain(self) -> Loader:
        """The same batches, not augmented."""
        return self if self.policy is None else self.over(self.split, self.transforms)

    def over(self, split: Split, transforms: Mapping[str, ToTensor]) -> Loader:
        """Return the batches of other values of the same examples, in the same orders, not augmented."""
        return Loader(split, transforms, self.batch_size, form=self.form, encode=self.encode, seed=self.seed)

    def epoch(self, epoch: int, start: int = 0, world: World = ALONE) -> Iterator[Batch]:
        """Yield the shuffled, augmented batches of one epoch, from batch ``start`` on: this process's part of each."""
        order = np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(len(self.split))
        chosen = (self._choose(order[first:last], epoch) for first, last in self._spans(world, start))
        chosen, coming = itertools.tee(chosen)
        for choice, raw in zip(chosen, self._raw(each.all_at for each in coming), strict=True):
            yield self._augmented(choice, raw, epoch)

    def sequential(self, world: World = ALONE) -> Iterator[Batch]:
        """Yield the batches in the split's own order, not augmented: this process's part of each."""
        bounds = self._spans(world)
        for (first, last), raw in zip(bounds, self._raw(np.arange(a, b) for a, b in bounds), strict=True):
            targets = tuple(target[first:last] for target in self._targets)
            yield Batch(self.rows[first:last], self._tensors(raw), targets, _lengths(raw))

    def of(self, at: np.ndarray, epoch: int) -> Batch:
        """Return the examples at positions ``at`` (N,) of the split, to the bit as an epoch's batches hold them."""
        choice = self._choose(at, epoch)
        return self._augmented(choice, tuple(each.column.take(choice.all_at) for each in self._inputs), epoch)

    def _spans(self, world: World, start: int = 0) -> list[tuple[int, int]]:
        """Return where a process's part of each batch begins and ends, from batch ``start`` on."""
        return [
            (first + (last - first) * world.rank // world.size, first + (last - first) * (world.rank + 1) // world.size)
            for first, last in itertools.pairwise(self.bounds[start:])
        ]

    def _raw(self, wanted: Iterable[np.ndarray]) -> Iterator[tuple[Any, ...]]:
        """Yield the raw values of each input at each of the positions (k,) ``wanted``."""
        wanted_of = itertools.tee(wanted, len(self._inputs))
        return zip(*(each.stream(at) for each, at in zip(self._inputs, wanted_of, strict=True)), strict=True)

    def _tensors(self, raw: tuple[Any, ...]) -> tuple[Tensor, ...]:
        if len(raw) == 1:  # as nearly always: a microsecond instead of four, in each batch
            return (self._inputs[0].transform.tensor(raw[0], self.form),)
        return tuple(each.transform.tensor(values, self.form) for each, values in zip(self._inputs, raw, strict=True))

    def _choose(self, at: np.ndarray, epoch: int) -> _Choice:
        if self.policy is None or not self.policy.blends:
            return _Choice(at)
        partners = self.policy.partners(self.rows[at], self.rows, seed=self.seed, epoch=epoch)
        return _Choice(at, np.searchsorted(self.rows, partners))

    def _augmented(self, choice: _Choice, raw: tuple[Any, ...], epoch: int) -> Batch:
        rows, targets, policy = self.rows[choice.at], self._targets_at(choice.at), self.policy
        x, *others = self._tensors(raw)
        if policy is None:
            return Batch(rows, (x, *others), targets, _lengths(raw))
        x = policy(
            x,
            self.rows[choice.all_at],
            seed=self.seed,
            epoch=epoch,
            preprocessing=_image(self._inputs[0].transform, policy),
        )
        if any(self._moving):
            targets = self._moved(choice.at, targets, Draws(rows, self.seed, epoch), tuple(x.shape[1:]))
        if choice.partner_at is None:
            return Batch(rows, (x, *others), targets)
        own, partners = x.split(len(rows))
        x, weight = policy.blend(own, partners, rows, seed=self.seed, epoch=epoch)
        return Batch(rows, (x,), targets, mixed=Mixed(self._targets_at(choice.partner_at), weight))

    def _is_points(self, target: str) -> bool:
        return self.split.dataset.columns[target].spec.kind == "points"

    def _placed(self, column: Column) -> np.ndarray:
        """Return all values of a target, points in pixels of the stored images."""
        values = column.take(np.arange(len(column)))
        assert isinstance(values, np.ndarray)
        return placed(values, self.split.placements) if column.spec.kind == "points" else values

    def _encoded(self, values: np.ndarray) -> Tensor:
        encoded = values if self.encode is None else self.encode(values)
        return torch.from_numpy(encoded).to(self.form.device)

    def _moved(
        self, at: np.ndarray, targets: tuple[Tensor, ...], draws: Draws, shape: tuple[int, ...]
    ) -> tuple[Tensor, ...]:
        """Return the targets, points where the policy moves them in images of this shape (C, H, W)."""
        from convscope.data.augment.points import follow

        assert self.policy is not None and len(shape) == 3
        becomes = None if self.becomes is None else np.asarray(self.becomes)
        return tuple(
            self._encoded(follow(self.policy, stored[at], draws, shape, becomes)) if moving else target
            for target, stored, moving in zip(targets, self._stored, self._moving, strict=True)
        )

    def _targets_at(self, at: np.ndarray) -> tuple[Tensor, ...]:
        return tuple(target[sent(at, self.form.device)] for target in self._targets)


def _image(transform: ToTensor, policy: Policy) -> ImageTransform:
    if not isinstance(transform, ImageTransform):
        raise ConfigError(f"augmentation {str(policy)!r} is for images, which these inputs are not; choose none")
    return transform


def _check_points(policy: Policy, becomes: Sequence[int] | None) -> None:
    """Refuse what cannot be done to images with points."""
    if policy.blends:
        raise ConfigError(
            f"augmentation {str(policy)!r}: mixup and cutmix blend two images, and points of two images have no blend; "
            "leave them out"
        )
    if becomes is None and (policy.hflip or policy.vflip):
        raise ConfigError(
            f"augmentation {str(policy)!r}: in a mirrored image left and right points change places, and which ones do "
            "is not known: name them (--pairs left_eye-right_eye,...), or leave the flips out"
        )


def _lengths(raw: tuple[Any, ...]) -> Tensor | None:
    """Return how long each example of the first input is, (N,), where they were padded."""
    return torch.from_numpy(raw[0].lengths) if isinstance(raw[0], RaggedBatch) else None
