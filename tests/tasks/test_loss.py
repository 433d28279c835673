"""The training loss: targets as classes and as shares of classes give the same number."""

from __future__ import annotations

import pytest
import torch

from convscope.tasks.classification.objective import loss

LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.0, 1.0, 3.0], [1.0, 1.0, 1.0]])
LABELS = torch.tensor([0, 1, 2])
WEIGHTS = torch.tensor([1.0, 3.0, 0.5])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_a_one_hot_target_and_its_class_give_the_same_loss(smoothing, weights):
    hard = loss(LOGITS, LABELS, smoothing=smoothing, weights=weights)
    soft = loss(LOGITS, torch.eye(3)[LABELS], smoothing=smoothing, weights=weights)
    assert soft.item() == pytest.approx(hard.item(), rel=1e-6)


def test_loss_worked_by_hand():
    # softmax of (0, ln 3) is (1/4, 3/4)
    logits = torch.tensor([[0.0, float(torch.tensor(3.0).log())]])
    assert loss(logits, torch.tensor([1])).item() == pytest.approx(-torch.tensor(0.75).log().item())
    mixed = loss(logits, torch.tensor([[0.5, 0.5]])).item()
    assert mixed == pytest.approx(-0.5 * (torch.tensor(0.75).log() + torch.tensor(0.25).log()).item())


def test_weights_are_a_mean_over_weights():
    each = torch.nn.functional.cross_entropy(LOGITS, LABELS, reduction="none")
    expected = (each * WEIGHTS[LABELS]).sum() / WEIGHTS[LABELS].sum()
    assert loss(LOGITS, LABELS, weights=WEIGHTS).item() == pytest.approx(expected.item())
