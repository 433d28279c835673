from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from convscope.data.augment import Policy
from convscope.data.augment.policy import LIMITS
from convscope.errors import ConfigError, ShapeError

EVERYTHING = (
    "hflip vflip rot90 rotate=15.5 scale=0.2 shift=0.125 crop=0.1 brightness=0.2 contrast=0.2 colour=0.3 noise=0.1 "
    "blur=1 cutout=0.25 mixup=0.2"
)
ROWS = np.random.default_rng(0).permutation(10_000)[:37]


def images(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_words_round_trip():
    policy = Policy.parse(EVERYTHING)
    assert str(policy) == EVERYTHING
    assert Policy.parse(str(policy)) == policy
    assert policy.hflip is True and policy.rotate == 15.5 and policy.blur == 1.0


@pytest.mark.parametrize("text", ["none", "", "  "])
def test_none(text):
    assert Policy.parse(text) == Policy()
    assert str(Policy.parse(text)) == "none"


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-5, 10.0])
def test_every_number_survives(value):
    assert Policy.parse(str(Policy(rotate=value))).rotate == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hflipp", "unknown augmentation 'hflipp'; did you mean 'hflip'?"),
        ("color=0.2", "unknown augmentation 'color'; did you mean 'colour'?"),
        (
            "zzz=1",
            "unknown augmentation 'zzz'; known: hflip, vflip, rot90, rotate, scale, shift, crop, brightness, contrast, "
            "colour, noise, blur, cutout, mixup",
        ),
        ("hflip=1", "augmentation 'hflip=1': hflip is on or off and takes no value"),
        ("rotate", "augmentation 'rotate': expected rotate=number, 0 to 180 (degrees)"),
        ("rotate=ten", "augmentation 'rotate=ten': expected rotate=number, 0 to 180 (degrees)"),
        ("rotate=200", "augmentation rotate=200: expected 0 to 180 (degrees)"),
        ("shift=-0.1", "augmentation shift=-0.1: expected 0 to 0.9 (fraction of each side)"),
        ("noise=nan", "augmentation noise=nan: expected 0 to 3 (standard deviations of the set)"),
        ("hflip rotate=1 hflip", "augmentation 'hflip' is given twice in 'hflip rotate=1 hflip'"),
    ],
)
def test_bad_words(text, message):
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        Policy.parse(text)


def test_limits_name_every_strength():
    assert {name for name, value in vars(Policy()).items() if value is not False} == set(LIMITS)


SINGLE = [word for word in EVERYTHING.split() if not word.startswith("mixup")]


@pytest.mark.parametrize("words", [*SINGLE, EVERYTHING, "rotate=10 scale=0.1 shift=0.1", "hflip shift=0.1 cutout=0.2"])
@pytest.mark.parametrize("side", [16, 33])
def test_a_sample_does_not_depend_on_its_batch(words, side):
    """The same sample, epoch and seed give the same bits in another order, batch size and memory format."""
    policy = Policy.parse(words)
    x = images(len(ROWS), 3, side, side)
    whole = policy(x, ROWS, seed=3, epoch=7)
    order = np.random.default_rng(1).permutation(len(ROWS))
    assert torch.equal(policy(x[order], ROWS[order], seed=3, epoch=7), whole[order])
    for part in (slice(0, 1), slice(3, 10), slice(30, None)):
        assert torch.equal(policy(x[part], ROWS[part], seed=3, epoch=7), whole[part])
    last = policy(x.contiguous(memory_format=torch.channels_last), ROWS, seed=3, epoch=7)
    assert torch.equal(last, whole)
    assert last.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("words", SINGLE)
def test_every_operation_changes_something_and_leaves_its_input(words):
    x = images(len(ROWS), 3, 16, 16)
    kept = x.clone()
    y = Policy.parse(words)(x, ROWS, seed=0, epoch=0)
    assert torch.equal(x, kept)
    assert not torch.equal(y, x)
    assert y.dtype == torch.float32 and y.shape == x.shape
    for other in ({"seed": 1, "epoch": 0}, {"seed": 0, "epoch": 1}):
        assert not torch.equal(Policy.parse(words)(x, ROWS, **other), y)


def test_no_operation_is_the_identity():
    x = images(5, 1, 8, 8)
    assert torch.equal(Policy()(x, np.arange(5), seed=0, epoch=0), x)


def test_one_wrong_row_count():
    with pytest.raises(
        ShapeError, match=re.escape("expected a batch (N, C, H, W) and N rows, got (5, 1, 8, 8) and 4 rows")
    ):
        Policy()(images(5, 1, 8, 8), np.arange(4), seed=0, epoch=0)


def test_partners_do_not_depend_on_the_batch():
    policy, population = Policy(mixup=0.3), np.arange(5_000)
    partners, shares = policy.partners(ROWS, population, seed=1, epoch=2)
    some = policy.partners(ROWS[5:9], population, seed=1, epoch=2)
    assert (some[0] == partners[5:9]).all() and (some[1] == shares[5:9]).all()
    assert (policy.partners(ROWS, population, seed=1, epoch=3)[0] != partners).any()


def test_for_inference_spoils_nothing():
    assert str(Policy.parse(EVERYTHING).for_inference()) == (
        "hflip vflip rot90 rotate=15.5 scale=0.2 shift=0.125 crop=0.1 brightness=0.2 contrast=0.2 colour=0.3 blur=1"
    )


def test_reading_a_policy_needs_no_torch():
    code = (
        "import sys; from convscope.data.augment import Policy, default_policy; Policy.parse('hflip rotate=10'); "
        "default_policy(['a'], 1, 28, 28); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
