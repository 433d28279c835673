from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch
from fitted import Kept, run, same, settings
from torch import Tensor

from convscope.data.dataset import Data
from convscope.data.loader import Loader, Normaliser
from convscope.events import Observer
from convscope.training.interrupt import Stopped


def test_it_learns_digits_and_keeps_the_best_epoch(digits: Data) -> None:
    kept, outcome = run(digits, settings(epochs=8))
    assert outcome is not None
    accuracies = [row["valid_accuracy"] for row in outcome.history.epochs]
    assert max(accuracies) > 0.9
    assert accuracies[outcome.chosen_epoch - 1] == max(accuracies)
    assert kept.epochs[-1] == outcome.chosen_epoch


def test_select_last_keeps_the_last_epoch(digits: Data) -> None:
    kept, outcome = run(digits, settings(), select="last")
    assert outcome is not None
    assert (outcome.chosen_epoch, kept.epochs[-1]) == (3, 3)


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
    cut, none = run(digits, plan, listener=Observer(on_step=stop), net=net)
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


def asking(times: int = 1) -> None:
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGTERM)


def test_asked_during_the_evaluation_it_stops_there_and_a_resume_evaluates(digits: Data) -> None:
    class Asked(torch.nn.Sequential):
        """Asks to stop in the evaluation of the second epoch."""

        evaluations = 0

        def forward(self, x: Tensor) -> Tensor:
            if not self.training:
                self.evaluations += 1
                if self.evaluations == 2:
                    asking()
                assert self.evaluations < 3
            return super().forward(x)

    def net(kind: type[torch.nn.Sequential]) -> torch.nn.Module:
        torch.manual_seed(0)
        return kind(torch.nn.Flatten(), torch.nn.Linear(64, 10))

    whole, _ = run(digits, settings(), net=net(torch.nn.Sequential))
    cut, none = run(digits, settings(), net=net(Asked))
    assert none is None and cut.state is not None and whole.state is not None
    assert (cut.state.epoch, cut.state.step, len(cut.state.facts["epochs"])) == (1, 20, 1)
    resumed, end = run(digits, settings(), net=net(torch.nn.Sequential), start=cut.state)
    assert same(whole.weights, resumed.weights) and same(whole.state.tensors, resumed.state.tensors)  # pyright: ignore[reportOptionalMemberAccess]
    assert end is not None and [row["epoch"] for row in end.history.epochs] == [1, 2, 3]


def test_a_second_ctrl_c_stops_at_once(digits: Data) -> None:
    steps: list[int] = []

    class Unkept(Kept):
        def keep_state(self, state: object) -> None:
            raise AssertionError("nothing more is done")

    def stop(epoch: int, step: int, total: int, figures: object) -> None:
        steps.append(step)
        asking(2)

    with pytest.raises(KeyboardInterrupt) as stopped:
        run(digits, settings(), listener=Observer(on_step=stop), kept=Unkept(), catch=())
    assert steps == [1] and not isinstance(stopped.value, Stopped)


def test_signals_are_given_back(digits: Data) -> None:
    before = signal.getsignal(signal.SIGINT)
    run(digits, settings(epochs=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_patience_stops_early(digits: Data) -> None:
    _, outcome = run(digits, settings(epochs=50, patience=2, lr=1e-9))
    assert outcome is not None
    assert outcome.stops[-1] == "no better validation score for 2 epochs"
    assert len(outcome.history.epochs) < 50


def test_a_time_budget_ends_the_run_and_its_schedule(digits: Data) -> None:
    _, outcome = run(digits, settings(epochs=100_000, time="1s"))
    assert outcome is not None
    assert outcome.stops[-1] == "the time budget was used up"
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
    batches = Loader(digits.train, Normaliser(digits.preprocessing), count - 1)
    sizes = [len(batch) for batch in batches.epoch(0)]
    assert sizes == [count]
    batches = Loader(digits.train, Normaliser(digits.preprocessing), 100)
    labels = torch.cat([batch.targets[0] for batch in batches.epoch(3)])
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
