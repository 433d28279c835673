from __future__ import annotations

import math
import os
import signal

import numpy as np
import pytest
import torch
from torch import Tensor

from convscope.data.augment import Policy
from convscope.data.batches import Batches, Normaliser
from convscope.data.dataset import Data
from convscope.errors import Error
from convscope.models import create
from convscope.tasks import classification
from convscope.training.checkpoint import State
from convscope.training.loop import Outcome, Watcher, fit
from convscope.training.plan import Plan, make_plan


class Kept:
    """A keeper in memory."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.weights: dict[str, Tensor] = {}
        self.epochs: list[int] = []

    def keep_state(self, state: State, history: object = None) -> None:
        self.state = State(state.epoch, state.step, {k: v.clone() for k, v in state.tensors.items()}, dict(state.facts))
        self.state.facts["epochs"] = [dict(row) for row in state.facts["epochs"]]

    def keep_weights(self, weights: dict[str, Tensor], epoch: int) -> None:
        self.weights = {name: value.clone() for name, value in weights.items()}
        self.epochs.append(epoch)


def settings(**changes: object) -> Plan:
    return make_plan({"epochs": 3, "batch_size": 64, "lr": 0.01, "model": "tiny", "augment": "none", **changes})


def run(
    data: Data, plan: Plan, *, watcher: Watcher | None = None, start: State | None = None, select: str = "best",
    net: torch.nn.Module | None = None,
) -> tuple[Kept, Outcome | None]:  # fmt: skip
    torch.manual_seed(plan.seed)
    p = data.preprocessing
    model = net or create(plan.model, classes=len(data.classes), channels=p.channels, size=(p.height, p.width))
    policy = Policy.parse(plan.augment)
    normalise = Normaliser(p)
    train = Batches(
        data.train, normalise, plan.batch_size or 1, seed=plan.seed, policy=None if str(policy) == "none" else policy
    )
    kept = Kept()

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        return classification.loss(logits, targets, smoothing=plan.smoothing)

    try:
        outcome = fit(
            model, train, Batches(data.valid, normalise, 256), plan, loss, classes=len(data.classes), keeper=kept,
            select=select, watcher=watcher or Watcher(), start=start,
        )  # fmt: skip
    except KeyboardInterrupt:
        return kept, None
    return kept, outcome


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns_digits_and_keeps_the_best_epoch(digits: Data) -> None:
    kept, outcome = run(digits, settings(epochs=8))
    assert outcome is not None
    accuracies = [row["valid_accuracy"] for row in outcome.history.epochs]
    assert max(accuracies) > 0.9
    assert accuracies[outcome.chosen_epoch - 1] == max(accuracies)
    assert kept.epochs[-1] == outcome.chosen_epoch
    assert "highest validation accuracy" in outcome.rule


def test_select_last_keeps_the_last_epoch(digits: Data) -> None:
    kept, outcome = run(digits, settings(), select="last")
    assert outcome is not None
    assert (outcome.chosen_epoch, kept.epochs[-1]) == (3, 3)


def test_equals_a_bare_loop(digits: Data) -> None:
    """Sixty lines of PyTorch that do the same steps end in the same weights, bit for bit."""
    plan = settings(epochs=2, momentum=0.9, weight_decay=0.01, smoothing=0.1)
    kept, _ = run(digits, plan, select="last")
    torch.manual_seed(0)
    model = create("tiny", classes=10, channels=1, size=(8, 8))
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.99),
        fused=True,
    )
    split = digits.train
    mean, std = (torch.tensor(v, dtype=torch.float32) for v in (digits.preprocessing.mean, digits.preprocessing.std))
    x = torch.from_numpy(split.pixels[split.rows])[:, None, :, :, 0].float()
    x = (x - mean) * (1 / std)
    y = torch.from_numpy(split.labels)
    steps, taken = 2 * -(-len(x) // 64), 0
    for epoch in range(2):
        order = np.random.Generator(np.random.Philox(key=[0, epoch])).permutation(len(x))
        for first in range(0, len(x), 64):
            done = taken / steps
            rise = done / 0.3 if done < 0.3 else 1 - (done - 0.3) / 0.7
            height = (1 - math.cos(math.pi * rise)) / 2
            low = 0.01 * (1 / 25 if done < 0.3 else 1e-4 / 25)
            for group in optimiser.param_groups:
                group["lr"], group["betas"] = low + (0.01 - low) * height, (0.9 - 0.1 * height, 0.99)
            at = torch.from_numpy(order[first : first + 64])
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(x[at]), y[at], label_smoothing=0.1).backward()
            optimiser.step()
            taken += 1
    assert same(kept.weights, model.state_dict())


def test_same_seed_same_weights_other_seed_others(digits: Data) -> None:
    first, again, other = (run(digits, settings(augment="shift=0.1 rotate=10", seed=s))[0] for s in (1, 1, 2))
    assert same(first.weights, again.weights)
    assert not same(first.weights, other.weights)


@pytest.mark.parametrize("extra", [{}, {"ema": 0.9}, {"opt": "sgd", "lr": 0.1}, {"augment": "shift=0.1 mixup=0.2"}])
@pytest.mark.parametrize("at", [5, 21, 25])  # in the first epoch, in its last step, in the second
def test_interrupted_and_resumed_equals_undisturbed(digits: Data, extra: dict[str, object], at: int) -> None:
    plan = settings(**extra)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.3), torch.nn.Linear(64, 10))
    start = {name: value.clone() for name, value in net.state_dict().items()}
    whole, outcome = run(digits, plan, net=net)
    taken = 0

    def stop(epoch: int, step: int, steps: int, figures: dict[str, Tensor]) -> None:
        nonlocal taken
        taken += 1
        if taken == at:
            os.kill(os.getpid(), signal.SIGINT)

    net.load_state_dict(start)
    cut, none = run(digits, plan, watcher=Watcher(on_step=stop), net=net)
    assert none is None and cut.state is not None
    torch.nn.init.zeros_(net[2].weight)
    resumed, end = run(digits, plan, start=cut.state, net=net)
    assert outcome is not None and end is not None
    assert same(whole.state.tensors, resumed.state.tensors)  # pyright: ignore[reportOptionalMemberAccess]
    assert same(whole.weights, resumed.weights if resumed.weights else cut.weights)
    assert [row["valid_accuracy"] for row in end.history.epochs] == [
        row["valid_accuracy"] for row in outcome.history.epochs
    ]
    np.testing.assert_array_equal(end.history.steps()["loss"], outcome.history.steps()["loss"])


def test_signals_are_given_back(digits: Data) -> None:
    before = signal.getsignal(signal.SIGINT)
    run(digits, settings(epochs=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_diverging_loss_is_explained(digits: Data) -> None:
    with pytest.raises(
        Error, match=r"the loss stopped being a number in epoch 1; lower the learning rate \(--lr 100 now\)"
    ):
        run(digits, settings(opt="sgd", lr=100.0, model="mlp"))


def test_patience_stops_early(digits: Data) -> None:
    _, outcome = run(digits, settings(epochs=50, patience=2, lr=1e-9))
    assert outcome is not None
    assert outcome.stopped == "no better validation score for 2 epochs"
    assert len(outcome.history.epochs) < 50


def test_a_time_budget_ends_the_run_and_its_schedule(digits: Data) -> None:
    _, outcome = run(digits, settings(epochs=100_000, time="1s"))
    assert outcome is not None
    assert outcome.stopped == "the time budget was used up"
    lr = outcome.history.steps()["lr"]
    assert lr.max() > 0.009 and lr[-1] < 0.001


def test_gradient_clipping_bounds_the_first_step(digits: Data) -> None:
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    torch.nn.init.zeros_(net[1].weight)
    before = net[1].weight.detach().clone()
    plan = settings(
        opt="sgd", lr=1.0, sched="constant", momentum=0.0, weight_decay=0.0, clip_grad=0.01, epochs=1, batch_size=1797
    )
    run(digits, plan, net=net)
    assert float((net[1].weight.detach() - before).norm()) <= 0.01 + 1e-6


def test_an_epoch_covers_every_image_once_and_a_lone_last_image_joins_a_batch(digits: Data) -> None:
    count = len(digits.train)
    batches = Batches(digits.train, Normaliser(digits.preprocessing), count - 1)
    sizes = [len(batch) for batch in batches.epoch(0)]
    assert sizes == [count]
    batches = Batches(digits.train, Normaliser(digits.preprocessing), 100)
    labels = torch.cat([batch.labels for batch in batches.epoch(3)])
    assert sorted(labels.tolist()) == sorted(digits.train.labels.tolist())


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_normalised_values(digits: Data, dtype: str, channels_last: bool) -> None:
    pixels = digits.train.pixels.astype(dtype).repeat(3, axis=3)
    p = digits.preprocessing
    from dataclasses import replace

    three = replace(p, channels=3, mean=p.mean * 3, std=p.std * 3)
    x = Normaliser(three, channels_last=channels_last)(pixels[:5])
    expected = (np.moveaxis(pixels[:5], 3, 1) - p.mean[0]) / p.std[0]
    np.testing.assert_allclose(x.numpy(), expected, rtol=1e-5, atol=1e-6)
    assert x.is_contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    np.testing.assert_array_equal(pixels, digits.train.pixels.astype(dtype).repeat(3, axis=3))
