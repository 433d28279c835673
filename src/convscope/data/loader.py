"""The one way through a split: its examples as batches, in order, or shuffled and augmented.

The order of an epoch and what augmentation does to an example depend on (seed, epoch, example) alone, so a resumed run
sees what an undisturbed one would.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment.draws import Draws
from convscope.data.batch import Batch, Mixed
from convscope.data.columns import RaggedBatch
from convscope.data.dataset import Split
from convscope.data.loader_columns import FOLLOWING, Encode, InputColumn, TargetColumn, Tokens
from convscope.data.patches import Patches, Places, cuts
from convscope.data.spec import FieldSpec
from convscope.data.transforms import (
    PLAIN,
    ClipTransform,
    Form,
    ImageTransform,
    LogMelTransform,
    SignalTransform,
    TextTransform,
    ToTensor,
    VolumeTransform,
)
from convscope.errors import ConfigError
from convscope.world import ALONE, World

if TYPE_CHECKING:
    from convscope.data.augment import Policy

Augmentable = ClipTransform | ImageTransform | LogMelTransform | SignalTransform | TextTransform | VolumeTransform


@dataclass(frozen=True)
class _Choice:
    """Which examples make a batch, by position in the split, and what they are blended with, both (N,)."""

    at: np.ndarray
    partner_at: np.ndarray | None = None

    @property
    def all_at(self) -> np.ndarray:
        return self.at if self.partner_at is None else np.concatenate((self.at, self.partner_at))

    def parted(self, raw: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return those of some values at ``all_at`` that belong to the examples, and those that belong to partners."""
        if not raw or self.partner_at is None:
            return raw, ()
        count = len(self.at)
        return tuple(values[:count] for values in raw), tuple(values[count:] for values in raw)


class Loader:
    """The batches of a split, epoch by epoch.

    ``transforms`` make network input of each of the split's inputs, in the ``form`` that is asked for; ``encode`` makes
    of stored targets what is trained on. ``policy`` augments the first input, and moves points and masks with it;
    ``becomes`` (K,) says which point each one is in a mirrored image, ``None`` that this is not known. With ``patches``
    parts of the examples make the batches, and stand in their place wherever examples are said here. A last batch of a
    single example joins the one before it, since batch norm has no variance over one value.
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
        patches: Patches | None = None,
    ):
        names = split.dataset.inputs
        if policy is not None:
            policy.check(_augmentable(transforms[names[0]], policy), len(split))
        self.split, self.transforms, self.batch_size, self.form = split, transforms, batch_size, form
        self.encode, self.seed, self.policy, self.becomes = encode, seed, policy, becomes
        self.patches = patches
        count = len(split) if patches is None else len(patches)
        self.rows = split.rows if patches is None else np.arange(count)  # parts of one image are drawn apart
        self._inputs = [InputColumn(split.column(name), transforms[name], form) for name in names]
        self._targets = [
            TargetColumn(split, name, encode, form.device) for name in split.dataset.targets if name not in names
        ]
        self._streamed = [target for target in self._targets if target.streams]
        self._following = [] if policy is None else [t for t in self._targets if t.spec.kind in FOLLOWING]
        if policy is not None:
            _check_following(policy, [target.spec for target in self._following], becomes, cut=patches is not None)
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
        return Loader(
            split, transforms, self.batch_size, form=self.form, encode=self.encode, seed=self.seed, patches=self.patches
        )

    def epoch(self, epoch: int, start: int = 0, world: World = ALONE) -> Iterator[Batch]:
        """Yield the shuffled, augmented batches of one epoch, from batch ``start`` on: this process's part of each."""
        order = np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(len(self.rows))
        chosen = (self._choose(order[first:last], epoch) for first, last in self._spans(world, start))
        chosen, coming = itertools.tee(chosen)
        for choice, raw in zip(chosen, self._raw((each.all_at for each in coming), self._places(epoch)), strict=True):
            yield self._augmented(choice, raw, epoch)

    def sequential(self, world: World = ALONE) -> Iterator[Batch]:
        """Yield the batches in the split's own order, not augmented: this process's part of each."""
        bounds = self._spans(world)
        wanted = (np.arange(first, last) for first, last in bounds)
        for (first, last), raw in zip(bounds, self._raw(wanted, self._places(0)), strict=True):
            inputs, learned = self._parted(raw)
            targets = self._targets_at(slice(first, last), learned)
            yield Batch(self.rows[first:last], self._tensors(inputs), targets, _lengths(inputs))

    def of(self, at: np.ndarray, epoch: int) -> Batch:
        """Return the examples at positions ``at`` (N,) of the split, to the bit as an epoch's batches hold them."""
        choice = self._choose(at, epoch)
        if self.patches is None:
            raw = tuple(each.column.take(choice.all_at) for each in (*self._inputs, *self._streamed))
        else:
            raw = next(self._raw([choice.all_at], self._places(epoch)))
        return self._augmented(choice, raw, epoch)

    def _places(self, epoch: int) -> Places | None:
        return None if self.patches is None else self.patches.places(self.seed, epoch)

    def _spans(self, world: World, start: int = 0) -> list[tuple[int, int]]:
        """Return where a process's part of each batch begins and ends, from batch ``start`` on."""
        return [
            (first + (last - first) * world.rank // world.size, first + (last - first) * (world.rank + 1) // world.size)
            for first, last in itertools.pairwise(self.bounds[start:])
        ]

    def _raw(self, wanted: Iterable[np.ndarray], places: Places | None) -> Iterator[tuple[Any, ...]]:
        """Yield the raw values of each input and streamed target at each of the positions (k,) ``wanted``."""
        columns = (*self._inputs, *self._streamed)
        wanted_of = itertools.tee(wanted, len(columns))
        if places is None or self.patches is None:
            return zip(*(each.stream(at) for each, at in zip(columns, wanted_of, strict=True)), strict=True)
        size = self.patches.size
        parts = (cuts(each.column, places, at, size) for each, at in zip(columns, wanted_of, strict=True))
        return zip(*parts, strict=True)

    def _parted(self, raw: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return the raw values of the inputs, and those of the streamed targets."""
        return (raw[: len(self._inputs)], raw[len(self._inputs) :]) if self._streamed else (raw, ())

    def _tensors(self, raw: tuple[Any, ...]) -> tuple[Tensor, ...]:
        if len(raw) == 1:  # as nearly always: a microsecond instead of four, in each batch
            return (self._inputs[0].tensor(raw[0]),)
        return tuple(each.tensor(values) for each, values in zip(self._inputs, raw, strict=True))

    def _choose(self, at: np.ndarray, epoch: int) -> _Choice:
        if self.policy is None or not self.policy.blends:
            return _Choice(at)
        partners = self.policy.partners(self.rows[at], self.rows, seed=self.seed, epoch=epoch)
        return _Choice(at, np.searchsorted(self.rows, partners))

    def _augmented(self, choice: _Choice, raw: tuple[Any, ...], epoch: int) -> Batch:
        raw, learned = self._parted(raw)
        learned, of_partners = choice.parted(learned)
        rows, policy = self.rows[choice.at], self.policy
        x, *others = self._tensors(raw)
        if policy is None:
            return Batch(rows, (x, *others), self._targets_at(choice.at, learned), _lengths(raw))
        transform = _augmentable(self._inputs[0].transform, policy)
        if isinstance(transform, SignalTransform | TextTransform):
            return self._varied(choice, (x, *others), raw, (learned, of_partners), epoch)
        from convscope.data.augment.apply import apply  # with SciPy: only where something is augmented

        of_targets = dict(self._with_raw(learned))
        x, *moved = apply(
            policy,
            (x, *(target.stored(choice.at, of_targets[target]) for target in self._following)),
            (self._inputs[0].column.spec, *(target.spec for target in self._following)),
            Draws(self.rows[choice.all_at], self.seed, epoch),
            preprocessing=transform,
            becomes=None if self.becomes is None else np.asarray(self.becomes),
        )
        values_of = dict(zip(self._following, moved, strict=True))
        targets = tuple(
            target.tensor_of(values_of[target]) if target in values_of else target.tensor(choice.at, raw_values)
            for target, raw_values in of_targets.items()
        )
        if choice.partner_at is None:
            return Batch(rows, (x, *others), targets)
        return self._blended(rows, x, targets, self._targets_at(choice.partner_at, of_partners), epoch)

    def _varied(
        self, choice: _Choice, inputs: tuple[Tensor, ...], raw: tuple[Any, ...], learned: tuple[Any, Any], epoch: int
    ) -> Batch:
        """Return signals or texts augmented; their targets stay as they are."""
        from convscope.data.augment.sequences import apply_to_sequences

        policy, rows = self.policy, self.rows[choice.at]
        assert policy is not None
        lengths = raw[0].lengths if isinstance(raw[0], RaggedBatch) else None
        draws = Draws(self.rows[choice.all_at], self.seed, epoch)
        x = apply_to_sequences(policy, inputs[0], lengths, draws, self._inputs[0].transform)  # pyright: ignore[reportArgumentType]
        targets = self._targets_at(choice.at, learned[0])
        if choice.partner_at is None:
            return Batch(rows, (x, *inputs[1:]), targets, _lengths(raw))
        return self._blended(rows, x, targets, self._targets_at(choice.partner_at, learned[1]), epoch)

    def _blended(
        self, rows: np.ndarray, x: Tensor, targets: tuple[Tensor, ...], of_partners: tuple[Tensor, ...], epoch: int
    ) -> Batch:
        """Return the examples blended with their partners, which stand behind them in ``x``."""
        assert self.policy is not None
        own, partners = x.split(len(rows))
        x, weight = self.policy.blend(own, partners, rows, seed=self.seed, epoch=epoch)
        return Batch(rows, (x,), targets, mixed=Mixed(of_partners, weight))

    def _targets_at(self, at: np.ndarray | slice, raw: tuple[Any, ...]) -> tuple[Tensor, ...]:
        """Return what is trained on at positions ``at`` (N,); ``raw`` are the values of the targets that stream."""
        if not raw:
            return tuple(target.tensor(at) for target in self._targets)
        return tuple(target.tensor(at, values) for target, values in self._with_raw(raw))

    def _with_raw(self, raw: tuple[Any, ...]) -> Iterator[tuple[TargetColumn, Any]]:
        streamed = iter(raw)
        return ((target, next(streamed) if target.streams else None) for target in self._targets)


def _augmentable(transform: ToTensor, policy: Policy) -> Augmentable:
    if not isinstance(
        transform,
        ClipTransform | ImageTransform | LogMelTransform | SignalTransform | TextTransform | VolumeTransform,
    ):
        raise ConfigError(f"augmentation {str(policy)!r} is for images, which these inputs are not; choose none")
    return transform


def _check_following(policy: Policy, specs: Sequence[FieldSpec], becomes: Sequence[int] | None, *, cut: bool) -> None:
    """Refuse what cannot be done to images with targets that lie in them."""
    kinds = {spec.kind for spec in specs}
    if not cut and any(None in spec.shape for spec in specs):
        raise ConfigError(
            f"augmentation {str(policy)!r}: it moves targets with their images, which are of one size, and these "
            "targets are of several; choose none"
        )
    if kinds and policy.blends:
        words = " and ".join("masks" if kind == "mask" else kind for kind in sorted(kinds))
        raise ConfigError(
            f"augmentation {str(policy)!r}: mixup and cutmix blend two images, and {words} of two images have no "
            "blend; leave them out"
        )
    if "points" in kinds and becomes is None and (policy.hflip or policy.vflip):
        raise ConfigError(
            f"augmentation {str(policy)!r}: in a mirrored image left and right points change places, and which ones do "
            "is not known: name them (--pairs left_eye-right_eye,...), or leave the flips out"
        )


def _lengths(raw: tuple[Any, ...]) -> Tensor | None:
    """Return how long each example of the first input is, (N,), where they were padded."""
    return torch.from_numpy(raw[0].lengths) if isinstance(raw[0], RaggedBatch | Tokens) else None
