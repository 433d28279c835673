"""A training that diverges: noticed at the step, the epoch taken anew once at half the rate, then explained."""

from __future__ import annotations

import math
import os
import signal

import numpy as np
import pytest
import torch
from fitted import Kept, run, same, settings
from torch import Tensor

from convscope.data.dataset import Data
from convscope.data.loader import Loader, Normaliser
from convscope.errors import Error
from convscope.events import Observer
from convscope.tasks.classification import objective
from convscope.training.divergence import Diverged, LossWatch


def net() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Dropout(0.3), torch.nn.BatchNorm1d(64), torch.nn.Linear(64, 10)
    )


class Spoilt:
    """A loss that is no number for one batch of the second epoch, until the learning rate is lower."""

    def __init__(self, digits: Data, *, heals: bool = True, factor: float = float("nan")):
        batches = Loader(digits.train, Normaliser(digits.preprocessing), 64)
        self.labels = [batch.targets[0] for batch in batches.epoch(1)][4]
        self.heals, self.factor, self.notices = heals, factor, list[str]()

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        value = objective.loss(logits, targets)
        bad = torch.equal(targets, self.labels) and not (self.heals and self.notices)
        return value * self.factor if bad else value


def stopping_at(step: int) -> Observer:
    taken = 0

    def stop(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == step:
            os.kill(os.getpid(), signal.SIGINT)

    return Observer(on_step=stop)


def test_the_epoch_is_taken_anew_at_half_the_rate(digits: Data) -> None:
    spoilt, seen = Spoilt(digits), list[tuple[int, int]]()
    listener = Observer(on_notice=spoilt.notices.append, on_step=lambda epoch, step, *_: seen.append((epoch, step)))
    kept, outcome = run(digits, settings(), net=net(), loss=spoilt.loss, listener=listener)
    assert outcome is not None
    assert spoilt.notices == outcome.notices == [
        "the loss stopped being a number in epoch 2, step 5: the epoch is restarted, "
        "and the learning rate is half the planned one from here on"
    ]  # fmt: skip
    assert seen[20:26] == [(1, 1), (1, 2), (1, 3), (1, 4), (1, 1), (1, 2)]  # noticed at the step itself
    steps = outcome.history.steps()
    assert len(steps["loss"]) == 60 and np.isfinite(steps["loss"]).all()  # only the steps that count
    _, usual = run(digits, settings(), net=net(), loss=objective.loss)
    assert usual is not None
    np.testing.assert_allclose(steps["lr"][:20], usual.history.steps()["lr"][:20])
    np.testing.assert_allclose(steps["lr"][20:], usual.history.steps()["lr"][20:] / 2)
    np.testing.assert_array_equal(steps["loss"][:21], usual.history.steps()["loss"][:21])
    assert kept.state is not None and kept.state.facts["slowed"] == 0.5


@pytest.mark.parametrize("at", [10, 22, 30])  # before the epoch, in it before it diverges, after it was taken anew
def test_a_resumed_run_rewinds_to_the_same_place(digits: Data, at: int) -> None:
    spoilt = Spoilt(digits)
    whole, _ = run(digits, settings(), net=net(), loss=spoilt.loss, listener=Observer(on_notice=spoilt.notices.append))
    spoilt = Spoilt(digits)
    listener = Observer(on_notice=spoilt.notices.append, on_step=stopping_at(at).on_step)
    cut, none = run(digits, settings(), net=net(), loss=spoilt.loss, listener=listener)
    assert none is None and bool(spoilt.notices) is (at == 30)
    listener = Observer(on_notice=spoilt.notices.append)
    resumed, outcome = run(digits, settings(), net=net(), loss=spoilt.loss, listener=listener, start=cut.state)
    assert outcome is not None and len(outcome.notices) == 1
    assert same(whole.weights, resumed.weights) and same(whole.state.tensors, resumed.state.tensors)


def test_the_second_time_it_stops_with_the_last_whole_epoch_saved(digits: Data) -> None:
    kept = Kept()
    with pytest.raises(
        Error,
        match=r"the loss stopped being a number in epoch 2, also at half the learning rate; lower the learning rate "
        r"\(--lr 0.01 now\), clip the gradient \(--clip-grad 1\)",
    ):
        run(digits, settings(), net=net(), loss=Spoilt(digits, heals=False).loss, kept=kept)
    assert kept.state is not None and (kept.state.epoch, kept.state.step) == (1, 0)
    assert kept.epochs[-1] == 1 and all(value.isfinite().all() for value in kept.weights.values())


def test_a_rate_far_too_high_is_explained(digits: Data) -> None:
    with pytest.raises(Error, match=r"in epoch 1, also at half the learning rate; .*\(--lr 100 now\)"):
        run(digits, settings(opt="sgd", lr=100.0, model="mlp"))


def test_weights_spoilt_by_an_epochs_last_step_are_never_kept(digits: Data) -> None:
    class Breaking(torch.nn.Linear):
        evaluations = 0

        def forward(self, x: Tensor) -> Tensor:
            if not self.training:
                self.evaluations += 1
                if self.evaluations == 2:
                    return super().forward(x) * float("nan")
            return super().forward(x)

    notices: list[str] = []
    broken = torch.nn.Sequential(torch.nn.Flatten(), Breaking(64, 10))
    _, outcome = run(digits, settings(), net=broken, select="last", listener=Observer(on_notice=notices.append))
    assert outcome is not None and len(outcome.history.epochs) == 3
    assert "the validation loss stopped being a number in epoch 2" in notices[0]


def watched(losses: list[float], *, device: str = "cpu", before: tuple[float, ...] = ()) -> int:
    """Return how many losses were entered when it was noticed, or 0."""
    watch = LossWatch(device, math.log(10), np.array(before))
    for number, loss in enumerate(losses, 1):
        try:
            watch.add(torch.tensor(loss))
        except Diverged:
            return number
    return 0


def test_what_counts_as_exploding() -> None:
    usual = [2.3] * 20
    assert watched([*usual, *[22.0] * 40]) == 0
    assert watched([*usual, *[24.0] * 40]) == 40  # the mean of 20 steps is above 10 times the first
    assert watched([*usual, 1e4]) == 21
    assert watched([1e-3] * 20 + [1.0] * 40) == 0  # far worse than at the start, but better than guessing
    assert watched([1.0, float("inf")]) == 2
    assert watched([24.0] * 40, before=tuple(usual)) == 20
    assert watched([*usual[:5], float("nan"), *usual], device="cuda:0") == 10  # waits for the device every tenth step


def test_an_exploding_loss_is_noticed(digits: Data) -> None:
    spoilt = Spoilt(digits, factor=1e4)
    _, outcome = run(
        digits, settings(), net=net(), loss=spoilt.loss, listener=Observer(on_notice=spoilt.notices.append)
    )
    assert outcome is not None and "more than 10 times that of the first 20 steps in epoch 2" in outcome.notices[0]
