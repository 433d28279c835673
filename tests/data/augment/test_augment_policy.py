from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
import torch
from augmented import augmented

from convscope.data.augment import Policy
from convscope.data.augment.draws import Draws
from convscope.data.augment.policy import LIMITS
from convscope.data.augment.presets import PRESETS
from convscope.data.preprocessing import Preprocessing
from convscope.errors import ConfigError, ShapeError

EVERYTHING = (
    "hflip vflip rot90 rotate=15.5 scale=0.2 shift=0.125 crop=0.1 elastic=0.05 brightness=0.2 contrast=0.2 colour=0.3 "
    "hue=20 stain=0.1 noise=0.1 blur=1 cutout=0.25 randaugment=9 mixup=0.2 cutmix=1"
)
BYTES = Preprocessing(3, 16, 16, "crop", "uint8", (120.3, 99.1, 130.7), (60.7, 55.5, 71.3))
ROWS = np.random.default_rng(0).permutation(10_000)[:37]


def images(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_words_round_trip():
    policy = Policy.parse(EVERYTHING)
    assert str(policy) == EVERYTHING
    assert Policy.parse(str(policy)) == policy
    assert policy.hflip is True and policy.rotate == 15.5 and policy.blur == 1.0


def stored(side):
    """Return network input that bytes could have become."""
    raw = np.random.default_rng(0).integers(0, 256, (len(ROWS), side, side, 3)).astype(np.uint8)
    return BYTES.tensor(raw)


def test_commas_may_stand_between_words():
    assert Policy.parse("hflip, rotate=10,mixup=0.2") == Policy.parse("hflip rotate=10 mixup=0.2")


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
            "unknown augmentation 'zzz'; known: hflip, vflip, rot90, rotate, scale, shift, crop, elastic, brightness, "
            "contrast, colour, hue, stain, noise, blur, cutout, randaugment, trivialaugment, mixup, cutmix, warp, "
            "mask, typos, dropout, rc; presets: digits, natural, tissue, microscopy, signals, texts",
        ),
        ("tisue", "unknown augmentation 'tisue'; did you mean 'tissue'?"),
        ("tissue tissue", "augmentation 'tissue tissue': a policy builds on one preset, not on tissue and tissue"),
        ("tissue digits", "augmentation 'tissue digits': a policy builds on one preset, not on tissue and digits"),
        ("tissue=0.2", "augmentation 'tissue=0.2': the preset tissue takes no value"),
        ("tissue stain=0.1 stain=0", "augmentation 'stain' is given twice in 'tissue stain=0.1 stain=0'"),
        ("HFLIP", "unknown augmentation 'HFLIP'; did you mean 'hflip'?"),
        ("none hflip", "augmentation 'none hflip': none stands alone and means no augmentation; leave it out"),
        (
            "auto mixup=0.2",
            "augmentation 'auto mixup=0.2': auto stands alone and leaves the choice to train; "
            "convscope data show DATA prints the words it takes, to add others to",
        ),
        (
            "randaugment=5 trivialaugment",
            "augmentation: randaugment and trivialaugment draw from one list; choose one of them",
        ),
        ("rotate=1_0", "augmentation 'rotate=1_0': expected rotate=number, 0 to 180 (degrees)"),
        ("randaugment=11", "augmentation randaugment=11: expected 0 to 10 (magnitude)"),
        (
            "elastic=0.2",
            "augmentation elastic=0.2: expected 0 to 0.12 (fraction of each side; more would fold the image)",
        ),
        ("stain=1", "augmentation stain=1: expected 0 to 0.5 (optical density, and fraction of it)"),
        ("hue=-1", "augmentation hue=-1: expected 0 to 180 (degrees)"),
        ("cutmix=inf", "augmentation 'cutmix=inf': expected cutmix=number, 0 to 10 (alpha of the Beta distribution)"),
        ("hflip=1", "augmentation 'hflip=1': hflip is on or off; write hflip, or hflip=0 for off"),
        ("rotate", "augmentation 'rotate': expected rotate=number, 0 to 180 (degrees)"),
        ("rotate=ten", "augmentation 'rotate=ten': expected rotate=number, 0 to 180 (degrees)"),
        ("rotate=1_0", "augmentation 'rotate=1_0': expected rotate=number, 0 to 180 (degrees)"),
        ("rotate=200", "augmentation rotate=200: expected 0 to 180 (degrees)"),
        ("shift=-0.1", "augmentation shift=-0.1: expected 0 to 0.9 (fraction of each side)"),
        ("noise=nan", "augmentation 'noise=nan': expected noise=number, 0 to 3 (standard deviations of the set)"),
        ("hflip rotate=1 hflip", "augmentation 'hflip' is given twice in 'hflip rotate=1 hflip'"),
    ],
)
def test_bad_words(text, message):
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        Policy.parse(text)


def test_limits_name_every_strength():
    assert [name for name, value in vars(Policy()).items() if value is not False] == list(LIMITS)


SINGLE = [word for word in EVERYTHING.split() if not word.startswith(("mixup", "cutmix"))] + ["trivialaugment"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("digits", "rotate=10 scale=0.1 shift=0.1"),
        ("tissue stain=0.1", "hflip vflip rot90 rotate=20 brightness=0.1 contrast=0.1 stain=0.1"),
        ("stain=0.1 tissue", "hflip vflip rot90 rotate=20 brightness=0.1 contrast=0.1 stain=0.1"),
        (
            "tissue rot90=0 vflip=0 stain=0 rotate=180 mixup=0.2",
            "hflip rotate=180 brightness=0.1 contrast=0.1 mixup=0.2",
        ),
        ("digits rotate=0 scale=0 shift=0", "none"),
        ("hflip=0", "none"),
    ],
)
def test_a_preset_stands_for_plain_words_that_others_refine(text, words):
    assert str(Policy.parse(text)) == words
    assert Policy.parse(words) == Policy.parse(text)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_words_in_the_order_of_the_policy(name):
    assert str(Policy.parse(name)) == PRESETS[name]
    assert name not in {field.name for field in fields(Policy)} | {"none"}


GREY = Preprocessing(1, 16, 16, "crop", "uint8", (120.3,), (60.7,))


@pytest.mark.parametrize(
    ("text", "rule", "images", "message"),
    [
        ("tissue", GREY, 9, "stain needs red, green and blue; these images have 1 channel"),
        ("hue=9", replace(BYTES, channels=4), 9, "hue needs red, green and blue; these images have 4 channels"),
        ("colour=0.1", GREY, 9, "colour needs red, green and blue; these images have 1 channel"),
        ("rot90", replace(GREY, width=20), 9, "rot90 needs square images; these are 16 high and 20 wide"),
        (
            "stain=0.1",
            replace(BYTES, dtype="uint16"),
            9,
            "stain works on 8-bit images, where 255 is white; these are uint16",
        ),
        (
            "trivialaugment",
            replace(GREY, dtype="float32"),
            9,
            "trivialaugment works on 8-bit images, where 255 is white; these are float32",
        ),
        ("cutmix=1", GREY, 1, "cutmix blends two images; there is only one to train on"),
        ("mixup=1", GREY, 1, "mixup blends two images; there is only one to train on"),
    ],
)
def test_what_a_set_cannot_bear(text, rule, images, message):
    policy = Policy.parse(text)
    whole = f"augmentation {message}; leave it out (of a preset: {message.split()[0]}=0)"
    with pytest.raises(ConfigError, match=f"^{re.escape(whole)}$"):
        policy.check(rule, images)
    policy.check(BYTES, 2)


def test_raw_values_need_the_preprocessing():
    with pytest.raises(ConfigError, match=r"^augmentation 'stain=0.1' works on raw values: hand in the set's pre"):
        augmented(Policy(stain=0.1), images(2, 3, 4, 4), np.arange(2), seed=0, epoch=0)


def test_what_works_on_raw_values_leaves_the_rest_of_a_batch_to_the_bit():
    """Samples that draw the identity come out as they went in."""
    raw = np.random.default_rng(0).integers(0, 256, (200, 16, 16, 3)).astype(np.uint8)
    x = BYTES.tensor(raw)
    y = augmented(Policy(trivialaugment=True), x, np.arange(200), seed=0, epoch=0, preprocessing=BYTES)
    chosen = Draws(np.arange(200), 0, 0).below("trivialaugment operation", 14)
    assert torch.equal(y[chosen == 0], x[chosen == 0]) and (chosen == 0).sum() > 5


@pytest.mark.parametrize("words", [*SINGLE, EVERYTHING, "rotate=10 scale=0.1 shift=0.1", "hflip shift=0.1 cutout=0.2"])
@pytest.mark.parametrize("side", [16, 33])
def test_a_sample_does_not_depend_on_its_batch(words, side):
    """The same sample, epoch and seed give the same bits in another order, batch size and memory format."""
    policy = partial(augmented, Policy.parse(words), seed=3, epoch=7, preprocessing=BYTES)
    x = stored(side)
    whole = policy(x, ROWS)
    order = np.random.default_rng(1).permutation(len(ROWS))
    assert torch.equal(policy(x[order], ROWS[order]), whole[order])
    for part in (slice(0, 1), slice(3, 10), slice(30, None)):
        assert torch.equal(policy(x[part], ROWS[part]), whole[part])
    last = policy(x.contiguous(memory_format=torch.channels_last), ROWS)
    assert torch.equal(last, whole)
    assert last.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("words", SINGLE)
def test_every_operation_changes_something_and_leaves_its_input(words):
    x = stored(16)
    kept = x.clone()
    policy = partial(augmented, Policy.parse(words), preprocessing=BYTES)
    y = policy(x, ROWS, seed=0, epoch=0)
    assert torch.equal(x, kept)
    assert not torch.equal(y, x)
    assert y.dtype == torch.float32 and y.shape == x.shape
    for seed, epoch in ((1, 0), (0, 1)):
        assert not torch.equal(policy(x, ROWS, seed=seed, epoch=epoch), y)


def test_no_operation_is_the_identity():
    x = images(5, 1, 8, 8)
    assert torch.equal(augmented(Policy(), x, np.arange(5), seed=0, epoch=0), x)


def test_one_wrong_row_count():
    with pytest.raises(
        ShapeError, match=re.escape("expected a batch (N, C, H, W) and N rows, got (5, 1, 8, 8) and 4 rows")
    ):
        augmented(Policy(), images(5, 1, 8, 8), np.arange(4), seed=0, epoch=0)


def test_partners_do_not_depend_on_the_batch():
    policy, population = Policy(mixup=0.3), np.arange(5_000)
    partners = policy.partners(ROWS, population, seed=1, epoch=2)
    assert (policy.partners(ROWS[5:9], population, seed=1, epoch=2) == partners[5:9]).all()
    assert (policy.partners(ROWS, population, seed=1, epoch=3) != partners).any()


@pytest.mark.parametrize("words", ["mixup=0.3", "cutmix=1", "mixup=0.3 cutmix=1"])
def test_blends_do_not_depend_on_the_batch(words):
    policy = partial(Policy.parse(words).blend, seed=1, epoch=2)
    own, partner = images(37, 2, 9, 12), images(37, 2, 9, 12, seed=1)
    x, share = policy(own, partner, ROWS)
    some = slice(5, 9)
    part = policy(own[some], partner[some], ROWS[some])
    assert torch.equal(part[0], x[some]) and torch.equal(part[1], share[some])


def test_for_inference_spoils_nothing():
    assert str(Policy.parse(EVERYTHING).for_inference()) == (
        "hflip vflip rot90 rotate=15.5 scale=0.2 shift=0.125 crop=0.1 elastic=0.05 brightness=0.2 contrast=0.2 "
        "colour=0.3 hue=20 stain=0.1 blur=1"
    )
    assert str(Policy.parse("hflip trivialaugment").for_inference()) == "hflip"


def test_reading_a_policy_needs_no_torch():
    code = (
        "import sys; from convscope.data.augment import Policy, default_policy; Policy.parse('tissue rotate=10'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
