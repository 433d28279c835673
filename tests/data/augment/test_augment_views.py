from __future__ import annotations

import numpy as np
import pytest
import torch
from augmented import augmented

from convscope.data.augment import Policy
from convscope.data.augment.presets import PRESETS
from convscope.data.augment.views import views, without_views

WORDS = ["none", "hflip", "vflip", "hflip vflip", "rot90", "hflip rot90", "vflip rot90", "hflip vflip rot90"]


@pytest.mark.parametrize("words", WORDS)
def test_the_views_are_those_that_can_be_drawn_each_once(words):
    policy = Policy.parse(words)
    x = torch.arange(2 * 16.0).view(1, 2, 4, 4)
    listed = [view(x) for view in views(policy)]
    assert torch.equal(listed[0], x)
    drawn = augmented(policy, x.expand(300, 2, 4, 4), np.arange(300), seed=0, epoch=0)
    assert {tuple(v.flatten().tolist()) for v in drawn} == {tuple(v.flatten().tolist()) for v in listed}
    assert len({tuple(v.flatten().tolist()) for v in listed}) == len(listed)


@pytest.mark.parametrize("words", [*WORDS, *PRESETS])
def test_every_view_can_be_undone_by_another(words):
    """They are a group, so the average over all of them is the same for an image and for any view of it."""
    x = torch.arange(2 * 16.0).view(1, 2, 4, 4)
    listed = views(Policy.parse(words))
    pictures = {tuple(view(x).flatten().tolist()) for view in listed}
    for view in listed:
        seen = [other(view(x)) for other in listed]
        assert any(torch.equal(back, x) for back in seen)
        assert {tuple(back.flatten().tolist()) for back in seen} == pictures


def test_the_presets_offer_every_way_that_loses_nothing():
    assert {name: len(views(Policy.parse(name).for_inference())) for name in PRESETS} == {
        "digits": 1, "natural": 2, "tissue": 8, "microscopy": 8, "signals": 1, "texts": 1
    }  # fmt: skip


def test_views_keep_the_memory_format():
    x = torch.randn(3, 4, 6, 6)
    last = x.contiguous(memory_format=torch.channels_last)
    for view in views(Policy.parse("hflip vflip rot90")):
        assert view(last).is_contiguous(memory_format=torch.channels_last)
        assert view(x).is_contiguous() and torch.equal(view(last), view(x))


def test_images_that_are_not_square_are_mirrored():
    x = torch.arange(6.0).view(1, 1, 2, 3)
    found = [view(x).flatten().tolist() for view in views(Policy(hflip=True, vflip=True))]
    assert found == [[0, 1, 2, 3, 4, 5], [2, 1, 0, 5, 4, 3], [3, 4, 5, 0, 1, 2], [5, 4, 3, 2, 1, 0]]


def test_the_rest_of_a_policy():
    assert str(without_views(Policy.parse("hflip rot90 rotate=10 blur=1"))) == "rotate=10 blur=1"
