"""The loss of numbers is the smooth absolute error of standardised ones; missing numbers do not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import smooth_l1_loss

from convscope.data.batch import Batch, Mixed
from convscope.data.spec import FieldSpec, Numbers
from convscope.tasks.regression.evidence import NumberErrors
from convscope.tasks.regression.objective import InUnits, objective
from convscope.tasks.regression.target import encode, measured

BOTH = Numbers(("age", "dose"), ("years", "mg"), (40.0, 200.0), (10.0, 50.0))
SIZE = Numbers(("width", "height"), ("mm", "mm"), (5.0, 8.0), (1.0, 3.0))


def batch(targets: torch.Tensor, mixed: Mixed | None = None) -> Batch:
    return Batch(np.arange(len(targets)), (torch.zeros(len(targets), 1, 1, 1),), (targets,), mixed=mixed)


def drawn(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, 2, generator=generator), torch.randn(n, 2, generator=generator)


def test_the_loss_is_that_of_torch_where_nothing_is_missing():
    output, targets = drawn()
    goal = objective(BOTH, None, targets.numpy(), targets.numpy(), "cpu")
    assert goal(output, batch(targets)).loss.item() == pytest.approx(smooth_l1_loss(output, targets).item())
    assert goal.blind == pytest.approx(smooth_l1_loss(torch.zeros(6, 2), targets).item())


@pytest.mark.parametrize("target", [BOTH, SIZE])
def test_the_metric_is_the_score(target):
    output, targets = drawn()
    targets[1, 0] = float("nan")
    goal = objective(target, None, targets.numpy(), targets.numpy(), "cpu")
    told = goal(output, batch(targets))
    mean, std = np.array(target.mean), np.array(target.std)
    errors = NumberErrors.of(targets.numpy() * std + mean, output.numpy() * std + mean, target)
    assert (told.numerators[0] / told.denominators).item() == pytest.approx(errors.per_example.mean(), rel=1e-5)


def test_missing_numbers_give_no_gradient():
    output, targets = drawn()
    targets[1, 0] = float("nan")
    output.requires_grad_()
    goal = objective(BOTH, None, targets.numpy(), targets.numpy(), "cpu")
    goal(output, batch(targets)).loss.backward()
    assert output.grad is not None
    assert output.grad[1, 0] == 0
    assert (output.grad != 0).sum() == 11


def test_blended_examples_have_blended_numbers():
    output, targets = drawn()
    _, partners = drawn()
    weight = torch.linspace(0.5, 1, 6)
    goal = objective(BOTH, None, targets.numpy(), targets.numpy(), "cpu")
    wanted = weight[:, None] * targets + (1 - weight[:, None]) * partners
    found = goal(output, batch(targets, Mixed((partners,), weight))).loss.item()
    assert found == pytest.approx(smooth_l1_loss(output, wanted).item())


def test_numbers_are_standardised_on_train_and_come_back_in_units():
    rng = np.random.default_rng(0)
    values = rng.normal([40, 200], [10, 50], (100, 2))
    values[3, 1] = np.nan
    target = measured(FieldSpec("numbers", "number", (2,), "float64", ("age", "dose"), ("years", "mg")), values)
    encoded = encode(values, target)
    assert np.nanmean(encoded, 0) == pytest.approx([0, 0], abs=1e-6)
    assert np.nanstd(encoded, 0) == pytest.approx([1, 1], rel=1e-5)
    assert InUnits(target)(torch.from_numpy(encoded)).numpy() == pytest.approx(values, rel=1e-5, nan_ok=True)


def test_numbers_that_are_all_equal_are_not_blown_up():
    target = measured(FieldSpec("n", "number", (1,), "float64", ("n",)), np.full((5, 1), 3.3))
    assert (target.mean, target.std) == ((pytest.approx(3.3),), (1.0,))
    assert target.units == ("",)
