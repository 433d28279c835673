"""Test-time averaging: all ways to lay an image down where there are copies enough, else drawn ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.data.augment import Policy
from convscope.data.augment.apply import apply_to_images
from convscope.data.augment.draws import Draws
from convscope.data.columns import InMemory
from convscope.data.spec import Classes
from convscope.data.transforms import ImageTransform
from convscope.runs.averaging import Averaging
from convscope.runs.predictor import Predictor
from convscope.tasks.registry import task

RULE = ImageTransform(3, 6, 6, "crop", "uint8", (120.0, 99.0, 130.0), (60.0, 55.0, 71.0))
PIXELS = np.random.default_rng(0).integers(0, 256, (9, 6, 6, 3)).astype(np.uint8)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(108, 4))


def averaged(words: str, copies: int, pixels: np.ndarray = PIXELS) -> np.ndarray:
    averaging = Averaging(Policy.parse(words).for_inference(), copies, seed=1)
    predictor = Predictor(network().eval(), RULE, task("classification"), Classes(("a", "b", "c", "d")))
    return predictor.predict_column(InMemory.of("image", pixels), averaging)


@pytest.mark.parametrize("copies", [8, 9, 50])
def test_enough_copies_give_the_exact_mean_over_the_dihedral_group(copies):
    model, found = network(), []
    for mirrored in (PIXELS, PIXELS[:, :, ::-1]):
        for quarters in range(4):
            turned = np.ascontiguousarray(np.rot90(mirrored, quarters, (1, 2)))
            found.append(model(RULE.tensor(turned)).double().softmax(1).detach().numpy())
    np.testing.assert_allclose(averaged("hflip rot90", copies), np.mean(found, axis=0), rtol=1e-6)


def test_the_exact_mean_does_not_see_how_an_image_was_laid_down():
    turned = np.ascontiguousarray(np.rot90(PIXELS, 1, (1, 2))[:, ::-1])
    np.testing.assert_allclose(averaged("vflip rot90", 8, turned), averaged("vflip rot90", 8), rtol=1e-6)
    assert abs(averaged("vflip rot90", 7, turned) - averaged("vflip rot90", 7)).max() > 1e-3


def test_too_few_copies_are_drawn():
    x, rows = RULE.tensor(PIXELS), np.arange(9)
    policy = Policy.parse("hflip vflip")
    drawn = list(Averaging(policy, 3, seed=1).versions(x, rows, RULE))
    assert len(drawn) == 3
    for copy, version in enumerate(drawn):
        assert torch.equal(version.x, apply_to_images(policy, x, Draws(rows, 1, copy)))


def test_what_else_a_policy_does_is_drawn_for_each_copy():
    x, rows = RULE.tensor(PIXELS), np.arange(9)
    versions = list(Averaging(Policy.parse("hflip stain=0.1"), 5, seed=1).versions(x, rows, RULE))
    assert len(versions) == 5
    for copy, version in enumerate(versions):
        laid = x.flip(3) if copy % 2 else x
        assert torch.equal(version.x, apply_to_images(Policy(stain=0.1), laid, Draws(rows, 1, copy), RULE))


@pytest.mark.parametrize("words", ["rotate=20 shift=0.2 contrast=0.3", "hflip rot90", "hflip stain=0.1 elastic=0.1"])
def test_an_average_is_the_images_own_to_the_last_bit(words):
    # Other neighbours, another place among them, another row of the set, another size of the batch.
    pixels = np.random.default_rng(1).integers(0, 256, (140, 6, 6, 3)).astype(np.uint8)
    among = averaged(words, 5, pixels)
    for place in (0, 77, 139):
        assert (averaged(words, 5, pixels[place : place + 1]) == among[place]).all()
    order = np.random.default_rng(2).permutation(140)
    assert (averaged(words, 5, pixels[order]) == among[order]).all()
    assert abs(averaged(words, 5, pixels[:1]) - averaged(words, 4, pixels[:1])).max() > 1e-4
