"""Targets that are not in memory come batch by batch: the same order and bytes as those that are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from convscope.data.augment import Policy
from convscope.data.batch import Batch
from convscope.data.columns import Column, InMemory, Ragged, RaggedBatch, Selected, Values, in_memory
from convscope.data.dataset import Dataset, Split
from convscope.data.loader import Encode, Loader
from convscope.data.spec import FieldSpec
from convscope.data.transforms import ImageTransform

N, SIDE = 23, 6


@dataclass(frozen=True, eq=False)
class Streamed:
    """A column that counts how many examples lie in memory at once."""

    whole: InMemory
    taken: list[int]

    @property
    def spec(self) -> FieldSpec:
        return self.whole.spec

    content = None

    def __len__(self) -> int:
        return len(self.whole)

    def take(self, rows: np.ndarray) -> np.ndarray:
        self.taken.append(len(rows))
        return self.whole.take(rows)

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[Values]:
        return map(self.take, batches)


def split(target: Column) -> Split:
    rng = np.random.default_rng(0)
    image = InMemory.of("image", rng.integers(0, 256, (N, SIDE, SIDE, 1), np.uint8))
    transform = ImageTransform(1, SIDE, SIDE, "crop", "uint8", (120.0,), (60.0,))
    columns = {"image": image, target.spec.name: target}
    rows = {"train": np.arange(1, N)}
    placements = np.column_stack([rng.uniform(0.5, 2, (N, 2)), rng.uniform(-3, 3, (N, 2))])
    return Dataset(
        "set", "set", columns, ("image",), (target.spec.name,), rows, np.arange(N).astype(str),
        transforms={"image": transform}, placements=placements,
    ).train  # fmt: skip


def loader(target: Column, policy: str = "none", encode: Encode | None = None) -> Loader:
    examples = split(target)
    drawn = None if policy == "none" else Policy.parse(policy)
    return Loader(examples, examples.dataset.transforms, 5, seed=2, policy=drawn, encode=encode)


def every(batches: Loader) -> list[Batch]:
    return [*batches.epoch(0), *batches.epoch(3, start=2), *batches.sequential(), batches.of(np.array([7, 0, 7]), 1)]


def target(kind: str) -> InMemory:
    rng = np.random.default_rng(1)
    if kind == "points":
        return InMemory.of("points", rng.uniform(0, SIDE, (N, 3, 2)), names=("a", "b", "c"))
    return InMemory.of("class", rng.integers(0, 4, N), names=("w", "x", "y", "z"))


@pytest.mark.parametrize("encode", [None, lambda stored: (stored * 2).astype(np.float32)])
@pytest.mark.parametrize(
    ("kind", "policy"),
    [("class", "none"), ("class", "mixup=0.4 cutmix=1"), ("points", "none"), ("points", "rotate=10 shift=0.1")],
)
def test_batches_are_the_same_to_the_bit(kind: str, policy: str, encode: Encode | None):
    whole, taken = target(kind), []
    held, streamed = (every(loader(column, policy, encode)) for column in (whole, Streamed(whole, taken)))
    assert len(held) == len(streamed)
    for mine, theirs in zip(held, streamed, strict=True):
        assert torch.equal(mine.x, theirs.x) and torch.equal(mine.targets[0], theirs.targets[0])
        assert mine.targets[0].dtype == theirs.targets[0].dtype
        if mine.mixed is not None:
            assert theirs.mixed is not None and torch.equal(mine.mixed.weight, theirs.mixed.weight)
            assert torch.equal(mine.mixed.targets[0], theirs.mixed.targets[0])
    assert 0 < max(taken) <= 12  # a last single one joins the batch before it; with partners


def test_ragged_targets_are_padded_with_what_is_not_scored():
    rng = np.random.default_rng(0)
    masks = [rng.integers(0, 3, (3 + k % 4, 5 - k % 3)) for k in range(N)]
    ragged = Ragged.of("mask", masks)
    ragged = replace(ragged, spec=replace(ragged.spec, ignore=255))
    for batch in every(loader(ragged)):
        shapes = np.array([masks[row].shape for row in batch.rows])
        assert batch.targets[0].shape == (len(batch), *shapes.max(0))
        for padded, row, (height, width) in zip(batch.targets[0].numpy(), batch.rows, shapes, strict=True):
            assert np.array_equal(padded[:height, :width], masks[row])
            assert (padded == 255).sum() == padded.size - height * width


def test_a_task_encodes_ragged_targets_itself():
    ragged = Ragged.of("signal", [np.full((1 + k, 1), k) for k in range(N)])

    def lengths(stored: RaggedBatch) -> np.ndarray:
        return stored.lengths

    for batch in every(loader(ragged, encode=lengths)):
        assert batch.targets[0].tolist() == (batch.rows + 1).tolist()


def test_other_inputs_leave_streamed_targets_where_they_are():
    column = Streamed(target("class"), taken := [])
    other: Split = split(column).with_input(InMemory.of("features", np.zeros((N - 1, 2), np.float32)))
    assert not taken and not in_memory(other.column("class"))
    values = other.column("class").take(np.arange(N - 1))
    assert isinstance(values, np.ndarray) and np.array_equal(values, column.whole.values[1:])


def test_examples_of_an_array_in_memory_are_in_memory():
    whole = target("class")
    assert in_memory(Selected(Selected(whole, np.arange(4)), np.array([2])))
    assert not in_memory(Selected(Streamed(whole, []), np.arange(4)))
    assert not in_memory(Ragged.of("signal", [np.zeros((2, 1)), np.zeros((3, 1))]))


def test_a_slice_of_a_ragged_batch_is_one():
    examples = [np.arange(k)[:, None] for k in (2, 5, 1, 4)]
    some = RaggedBatch.of(examples)[1:3]
    assert len(some) == 2 and np.array_equal(some[0], examples[1]) and np.array_equal(some[1], examples[2])
