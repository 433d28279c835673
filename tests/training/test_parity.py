"""The engine against a loop that anyone could write: the same weights, bit for bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from fitted import run, same, settings
from torch import Tensor, nn

from convscope.data.dataset import Data
from convscope.models import create


def bare_loop(digits: Data, model: nn.Module, *, epochs: int, batch: int, lr: float) -> dict[str, Tensor]:
    matrices, vectors = ([p for p in model.parameters() if (p.ndim > 1) is wide] for wide in (True, False))
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True)
    mean, std = (torch.tensor(v, dtype=torch.float32) for v in (digits.preprocessing.mean, digits.preprocessing.std))
    x = torch.from_numpy(digits.train.images()).float()
    x, y = (x - mean) * (1 / std), torch.from_numpy(digits.train.labels)
    steps, taken = epochs * -(-len(x) // batch), 0
    for epoch in range(epochs):
        model.train()
        order = np.random.Generator(np.random.Philox(key=[0, epoch])).permutation(len(x))
        for first in range(0, len(x), batch):
            done = taken / steps
            height = (1 - math.cos(math.pi * (done / 0.3 if done < 0.3 else 1 - (done - 0.3) / 0.7))) / 2
            low = lr * (1 / 25 if done < 0.3 else 1e-4 / 25)
            for group in optimiser.param_groups:
                group["lr"], group["betas"] = low + (lr - low) * height, (0.9 - 0.1 * height, 0.99)
            at = torch.from_numpy(order[first : first + batch])
            torch.manual_seed(taken)  # dropout
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(x[at]), y[at], label_smoothing=0.1).backward()
            optimiser.step()
            taken += 1
    return model.state_dict()


def plain() -> nn.Module:
    return create("tiny", classes=10, channels=1, size=(8, 8))


def with_dropout() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Dropout2d(0.2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(288, 10)
    )


def with_batch_norm() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


@pytest.mark.parametrize("build", [plain, with_dropout, with_batch_norm])
def test_equals_a_bare_loop(digits: Data, build: object) -> None:
    torch.manual_seed(0)
    ours, theirs = build(), build()
    theirs.load_state_dict(ours.state_dict())
    plan = settings(epochs=2, momentum=0.9, weight_decay=0.01, smoothing=0.1)
    kept, _ = run(digits, plan, select="last", net=ours)
    assert same(kept.weights, bare_loop(digits, theirs, epochs=2, batch=64, lr=0.01))


def test_what_runs_may_be_another_form_of_what_is_saved(digits: Data) -> None:
    """A form that shares the network's parameters changes neither its names nor its outcome."""
    torch.manual_seed(0)
    ours, other = with_batch_norm(), with_batch_norm()
    other.load_state_dict(ours.state_dict())
    formed: list[nn.Module] = []

    def form(model: nn.Module) -> nn.Module:
        formed.append(nn.Sequential(model))
        return formed[-1]

    plan = settings(epochs=2, ema=0.9)
    usual, outcome = run(digits, plan, net=ours)
    kept, again = run(digits, plan, net=other, form=form)
    assert same(usual.weights, kept.weights) and same(usual.state.tensors, kept.state.tensors)
    assert [row["valid_loss"] for row in outcome.history.epochs] == [row["valid_loss"] for row in again.history.epochs]
    assert len(formed) == 2  # what is trained, and its moving average
