"""Images that lie on the device make the batches that images in the processor's memory make, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from convscope.data import device
from convscope.data.augment import Policy
from convscope.data.batch import Batch
from convscope.data.columns import InMemory
from convscope.data.dataset import Data
from convscope.data.loader import Loader
from convscope.data.transforms import Form
from convscope.training.feature_cache import cache_features
from convscope.training.plan import make_plan


def batches(data: Data, policy: str = "none", *, channels_last: bool = False) -> Loader:
    drawn = None if policy == "none" else Policy.parse(policy)
    return Loader(data.train, data.transforms, 64, form=Form(channels_last=channels_last), seed=1, policy=drawn)


def every(from_: Loader) -> list[Batch]:
    return [*from_.epoch(0), *from_.epoch(1, start=3), *from_.sequential()]


def settled_of(loader: Loader) -> torch.Tensor | None:
    """Return the images that lie on the device."""
    return loader._inputs[0].settled


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "free", lambda name: 1 << 40)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("policy", ["none", "shift=0.1 mixup=0.2"])
def test_batches_are_the_same_to_the_bit(
    digits: Data, monkeypatch: pytest.MonkeyPatch, policy: str, channels_last: bool
) -> None:
    here = every(batches(digits, policy, channels_last=channels_last))
    monkeypatch.setattr(device, "free", lambda name: 1 << 40)
    monkeypatch.setattr(device, "CHUNK", 100)  # not a divisor of the images
    settled = batches(digits, policy, channels_last=channels_last)
    there = every(settled)
    assert settled_of(settled) is not None and settled_of(settled).dtype == torch.uint8
    assert len(here) == len(there)
    for a, b in zip(here, there, strict=True):
        assert torch.equal(a.x, b.x) and torch.equal(a.targets[0], b.targets[0])
        assert a.x.stride() == b.x.stride()


@pytest.mark.usefixtures("roomy")
def test_what_is_held_is_not_changed_by_training_on_it(digits: Data) -> None:
    settled = batches(digits, "shift=0.1 noise=0.1")
    before = next(settled.sequential()).x
    next(settled.epoch(0)).x.zero_()
    assert torch.equal(next(settled.sequential()).x, before)


def test_they_stay_where_they_are_on_the_processor_and_where_there_is_little_room(
    digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settled_of(batches(digits)) is None
    needed = len(digits.train) * 64
    for room, fits in ((4 * needed - 1, False), (4 * needed, True)):
        monkeypatch.setattr(device, "free", lambda name, room=room: room)
        assert (settled_of(batches(digits)) is not None) is fits


@pytest.mark.usefixtures("roomy")
def test_wide_integers_stay_in_the_processors_memory(digits: Data) -> None:
    wide = InMemory.of("image", digits.everything.input.take(np.arange(len(digits))).astype(np.uint16))
    kept = batches(replace(digits, columns={**digits.columns, "image": wide}))
    assert settled_of(kept) is None
    assert torch.equal(next(kept.sequential()).x, next(batches(digits).sequential()).x)


@pytest.mark.usefixtures("roomy")
def test_features_take_the_place_of_images(digits: Data) -> None:
    images = batches(digits)
    next(images.epoch(0))
    once = cache_features(torch.nn.Flatten(), images, make_plan({"model": "tiny"}), None)
    batch, features = next(images.epoch(0)), next(once.epoch(0))
    assert torch.equal(features.x, batch.x.flatten(1))
    assert settled_of(once) is not None and settled_of(once).dtype == torch.float32
