"""What a sample looks like in an epoch depends on seed, epoch and sample, not on how batches are cut or resumed."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convscope.data.augment import Policy, mix
from convscope.data.augment.draws import Draws
from convscope.data.batch import Batch
from convscope.data.dataset import Split
from convscope.data.loader import Loader, Normaliser
from convscope.data.preprocessing import Preprocessing
from convscope.errors import ConfigError

COUNT = 41  # no multiple of any vector width
POLICIES = [
    "none",
    "hflip shift=0.125",
    "vflip crop=0.2",
    "rotate=15 scale=0.2 shift=0.1",
    "brightness=0.2 contrast=0.3",
    "noise=0.1",
    "blur=1.5",
    "cutout=0.3",
    "mixup=0.4",
    "cutmix=1",
    "mixup=0.4 cutmix=0.5 hflip",
    "elastic=0.1 rotate=20",
    "stain=0.1",
    "hue=30 stain=0.05",
    "randaugment=7",
    "trivialaugment",
    "hflip rotate=10 scale=0.1 brightness=0.2 contrast=0.2 blur=1 noise=0.1 cutout=0.2 mixup=1",
]


def split(channels: int, height: int, width: int, dtype: str = "uint8") -> Split:
    """Return a split that holds every second image of a set."""
    rng = np.random.default_rng(height * width)
    pixels = rng.integers(0, 256, (2 * COUNT, height, width, channels)).astype(dtype)
    rows = np.arange(1, 2 * COUNT, 2)
    return Split("train", pixels, rows, np.arange(COUNT), rows.astype(str))


def batches(images: Split, size: int, policy: str, *, channels_last: bool = False) -> Loader:
    H, W, C = images.pixels.shape[1:]
    rule = Preprocessing(C, H, W, "crop", "uint8", (120.3, 99.1, 130.7)[:C], (60.7, 55.5, 71.3)[:C])
    normalise = Normaliser(rule, channels_last=channels_last)
    return Loader(images, normalise, size, seed=3, policy=Policy.parse(policy))


def _mixed(batch: Batch) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    return (None, None) if batch.mixed is None else (batch.mixed.targets[0], batch.mixed.weight)


def joined(found) -> list[torch.Tensor]:
    columns = zip(*((b.x, b.targets[0], *_mixed(b)) for b in found), strict=True)
    return [torch.cat(column) for column in columns if column[0] is not None]


@contextlib.contextmanager
def threads(count: int):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@settings(max_examples=60, deadline=None)
@given(
    policy=st.sampled_from(POLICIES),
    channels=st.sampled_from([1, 3]),
    height=st.integers(5, 40),
    width=st.integers(5, 40),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    size=st.integers(2, COUNT + 1),
    resume=st.floats(0, 0.99),
    count=st.sampled_from([1, 2]),
    channels_last=st.booleans(),
)
def test_a_sample_is_the_same_bits_in_any_batch(
    policy, channels, height, width, dtype, size, resume, count, channels_last
):
    """Whatever the batch size, the batch to resume from, the threads and the memory format."""
    assume(channels == 3 or "stain" not in policy)
    images = split(channels, height, width, dtype)
    with threads(1):
        whole = joined(batches(images, COUNT, policy).epoch(5))
    other = batches(images, size, policy, channels_last=channels_last)
    start = int(resume * len(other))
    with threads(count):
        found = joined(other.epoch(5, start))
    assert len(found) == len(whole) == (4 if "mix" in policy else 2)
    for mine, theirs in zip(found, whole, strict=True):
        assert torch.equal(mine, theirs[other.bounds[start] :])


@pytest.mark.parametrize("policy", POLICIES)
def test_large_batches_that_torch_divides_among_threads(policy):
    images = split(3, 96, 64)
    with threads(1):
        alone = joined(batches(images, 7, policy).epoch(0))
    with threads(2):
        together = joined(batches(images, COUNT, policy).epoch(0))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("policy", ["hflip rotate=10", "mixup=0.4 cutmix=1"])
def test_some_samples_of_an_epoch_are_what_its_batches_hold(policy):
    images = batches(split(3, 9, 9), 10, policy)
    whole = joined(images.epoch(2))
    at = np.array([7, 3, 30])
    for mine, theirs in zip(joined([images.of(at, 2)]), whole, strict=True):
        assert torch.equal(mine, theirs[[int((whole[1] == k).nonzero()) for k in at]])


def test_a_policy_that_does_not_suit_the_set_is_refused_before_training():
    with pytest.raises(ConfigError, match=r"^augmentation stain needs red, green and blue; these images have"):
        batches(split(1, 8, 8), 8, "tissue")


def test_an_epoch_resumed_at_its_end_has_no_batches():
    images = batches(split(1, 8, 8), 10, "mixup=0.2")
    assert list(images.epoch(0, len(images))) == []


def test_epochs_and_seeds_differ_and_repeat():
    images = split(1, 8, 8)
    first, again, later = (joined(batches(images, 8, "hflip").epoch(epoch)) for epoch in (0, 0, 1))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], later[1])


def test_a_mixed_image_lies_between_its_two():
    images = split(1, 8, 8)
    plain = joined(batches(images, COUNT, "none").sequential())[0]
    x, labels, partners, share = joined(batches(images, 8, "mixup=0.4").epoch(1))  # labels number the images
    blend = share.view(-1, 1, 1, 1) * plain[labels] + (1 - share.view(-1, 1, 1, 1)) * plain[partners]
    torch.testing.assert_close(x, blend)


def test_a_pasted_box_comes_from_the_partner_and_its_area_weighs_the_labels():
    images = split(1, 8, 8)
    plain = joined(batches(images, COUNT, "none").sequential())[0]
    x, labels, partners, share = joined(batches(images, 8, "cutmix=1").epoch(1))
    own = torch.from_numpy(mix.shares(Draws(images.rows[labels], 3, 1), 8, 8, cutmix=1))[:, None] == 1
    assert torch.equal(x, torch.where(own, plain[labels], plain[partners]))
    torch.testing.assert_close(share, own.float().mean((1, 2, 3)))
