"""Several processes, played by threads: each takes its part of every batch, and all end with the network of one."""

from __future__ import annotations

import copy
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from fitted import Kept, run, settings
from torch import Tensor, nn

from convscope.data.dataset import Data
from convscope.data.loader import Loader
from convscope.training.loop import Outcome


class Threads:
    """One of several threads that answer as processes would: whatever is asked, all say their part and hear all."""

    def __init__(self, rank: int, barrier: threading.Barrier, said: list[Any]):
        self.rank, self.size, self._barrier, self._said = rank, len(said), barrier, said

    def _all(self, value: Any) -> list[Any]:
        self._said[self.rank] = value
        self._barrier.wait(60)
        heard = list(self._said)
        self._barrier.wait(60)
        return heard

    def any(self, flag: bool) -> bool:
        return any(self._all(flag))

    def mean(self, values: Tensor) -> Tensor:
        return torch.stack(self._all(values)).mean(0)

    def same(self, value: Any) -> Any:
        return self._all(value)[0]


def worlds(size: int) -> list[Threads]:
    barrier, said = threading.Barrier(size), [None] * size
    return [Threads(rank, barrier, said) for rank in range(size)]


def together(size: int, job: Any) -> list[Any]:
    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(job, worlds(size)))


def test_the_parts_of_a_batch_join_to_the_whole(digits: Data) -> None:
    loader = Loader(digits.train, digits.transforms, 50, seed=3)
    whole = list(loader.epoch(1, 2))
    parts = [list(loader.epoch(1, 2, world)) for world in worlds(3)]
    assert {len(batches) for batches in parts} == {len(whole)}
    for batch, *own in zip(whole, *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate([part.rows for part in own]), batch.rows)
        assert torch.equal(torch.cat([part.inputs[0] for part in own]), batch.inputs[0])
    rows = [[batch.rows for batch in loader.sequential(world)] for world in worlds(2)]
    joined = np.concatenate(list(itertools.chain.from_iterable(zip(*rows, strict=True))))
    np.testing.assert_array_equal(joined, digits.train.rows)


@pytest.mark.parametrize("size", [2, 3])
def test_several_end_with_the_network_of_one(digits: Data, size: int) -> None:
    plan = settings(epochs=2, opt="sgd", lr=0.05, clip_grad=1.0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    alone, outcome = run(digits, plan, net=copy.deepcopy(net))
    assert outcome is not None

    def job(world: Threads) -> tuple[Kept, Outcome | None]:
        return run(digits, plan, net=copy.deepcopy(net), world=world)

    for kept, ended in together(size, job):
        assert ended is not None and ended.chosen_epoch == outcome.chosen_epoch
        for name, value in alone.weights.items():
            torch.testing.assert_close(kept.weights[name], value, rtol=1e-4, atol=1e-5)
        for own, row in zip(ended.history.epochs, outcome.history.epochs, strict=True):
            for name in ("train_loss", "valid_loss", "train_accuracy", "valid_accuracy"):
                assert own[name] == pytest.approx(row[name], abs=1e-4)
