"""The loss of masks beside PyTorch's and beside its definition; void counts in no part of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from convscope.data.batch import Batch
from convscope.data.spec import PixelClasses
from convscope.tasks.segmentation.objective import MaskLoss, balanced
from convscope.tasks.segmentation.target import encode

VOID = 255


def batch_of(masks: np.ndarray) -> Batch:
    return Batch(np.arange(len(masks)), (torch.zeros(1),), (torch.from_numpy(masks),))


def sample(K: int, seed: int = 0) -> tuple[torch.Tensor, np.ndarray]:
    random = np.random.default_rng(seed)
    masks = random.integers(0, K, (3, 5, 7)).astype(np.uint8)
    masks[random.random(masks.shape) < 0.2] = VOID
    return torch.from_numpy(random.standard_normal((3, K, 5, 7)).astype(np.float32)), masks


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 1.0]])
def test_cross_entropy_is_that_of_pytorch(weights: list[float] | None) -> None:
    logits, masks = sample(3)
    weight = None if weights is None else torch.tensor(weights)
    mine = MaskLoss(3, "ce", weight)(logits, batch_of(masks))
    theirs = cross_entropy(logits, torch.from_numpy(masks).long(), weight=weight, ignore_index=VOID)
    assert torch.allclose(mine.loss, theirs, atol=1e-6)


@pytest.mark.parametrize("K", [2, 4])
def test_dice_is_its_definition_over_the_classes_that_are_there(K: int) -> None:
    logits, masks = sample(K)
    masks[masks == K - 1] = 0  # a class that is absent does not count
    p = logits.softmax(1).numpy()
    known = masks != VOID
    dice = []
    for k in range(1 if K > 2 else 0, K):
        true = (masks == k) & known
        if true.any():
            dice.append(2 * (p[:, k] * true).sum() / ((p[:, k] * known).sum() + true.sum()))
    assert MaskLoss(K, "dice")(logits, batch_of(masks)).loss.item() == pytest.approx(1 - np.mean(dice), abs=1e-5)


@pytest.mark.parametrize("loss", ["dice+ce", "focal", "dice", "ce"])
def test_void_pixels_have_no_say(loss: str) -> None:
    logits, masks = sample(3)
    logits.requires_grad_(True)
    measured = MaskLoss(3, loss)(logits, batch_of(masks))
    measured.loss.backward()
    assert logits.grad is not None and not logits.grad.movedim(1, -1)[torch.from_numpy(masks == VOID)].any()
    other = torch.where(torch.from_numpy(masks == VOID)[:, None], torch.tensor(9.0), logits.detach())
    again = MaskLoss(3, loss)(other, batch_of(masks))
    assert torch.allclose(measured.loss, again.loss, atol=1e-6)
    assert torch.equal(measured.numerators, again.numerators)


def test_the_dice_that_is_followed_does_not_depend_on_how_a_split_is_cut_into_batches() -> None:
    logits, masks = sample(2)
    objective = MaskLoss(2, "dice+ce")
    whole = objective(logits, batch_of(masks))
    parts = [objective(logits[at : at + 1], batch_of(masks[at : at + 1])) for at in range(3)]
    together = sum(part.numerators for part in parts) / sum(part.denominators for part in parts)
    assert torch.allclose(together, whole.numerators / whole.denominators)


def test_of_a_mask_larger_than_what_is_said_the_middle_counts() -> None:
    logits, masks = sample(2)
    inner = MaskLoss(2, "ce")(logits[..., 1:-1, 2:-2], batch_of(masks)).loss
    assert torch.allclose(inner, MaskLoss(2, "ce")(logits[..., 1:-1, 2:-2], batch_of(masks[:, 1:-1, 2:-2])).loss)


def test_guessing_costs_what_the_guard_against_divergence_takes_it_to_cost() -> None:
    _, masks = sample(2)
    objective = MaskLoss(2, "ce")
    assert objective(torch.zeros(3, 2, 5, 7), batch_of(masks)).loss.item() == pytest.approx(math.log(2))
    assert objective.blind == pytest.approx(math.log(2))


def test_all_void_is_no_loss_and_no_nan() -> None:
    masks = np.full((2, 4, 4), VOID, np.uint8)
    measured = MaskLoss(2, "dice+ce")(torch.randn(2, 2, 4, 4, requires_grad=True), batch_of(masks))
    measured.loss.backward()
    assert measured.loss.item() == 0 and measured.weight == 0


def test_a_rare_class_weighs_more_and_the_mean_pixel_one() -> None:
    shares = np.array([0.9, 0.09, 0.01])
    weights = balanced(shares)
    assert (np.diff(weights) > 0).all() and (weights * shares).sum() == pytest.approx(1)
    assert weights[2] / weights[0] == pytest.approx(math.sqrt(90))


def test_a_pixel_in_a_narrow_gap_counts_by_its_weight() -> None:
    labels = np.zeros((1, 5, 7), np.uint8)
    labels[:, :, :3], labels[:, :, 4:] = 1, 1
    target = PixelClasses(("ground", "cell"), (0.2, 0.8), border_weight=10.0)
    encoded = encode(labels, target)
    assert encoded.shape == (1, 2, 5, 7) and (encoded[0, 0] == labels[0]).all()
    assert encoded[0, 1, 2, 3] == pytest.approx(1 + 10 * math.exp(-((1 + 1) ** 2) / 50)) and encoded[0, 1, 2, 0] == 1
    logits = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 2, 5, 7)).astype(np.float32))
    each = cross_entropy(logits, torch.from_numpy(labels).long(), reduction="none").numpy()
    mine = MaskLoss(2, "ce")(logits, batch_of(encoded)).loss.item()
    assert mine == pytest.approx((each * encoded[:, 1]).sum() / encoded[:, 1].sum(), abs=1e-6)
