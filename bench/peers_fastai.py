"""The document's network under fastai: ``DataLoaders`` over tensors in memory, a ``Learner``, ``fit_one_cycle``."""

from __future__ import annotations

import peers_torchvision  # noqa: F401 - first: fastai imports torchvision

# isort: split
import fastai
import numpy as np
import torch
from fastai.callback.core import Callback
from fastai.callback.schedule import Learner  # the schedule's file gives the learner its fit_one_cycle
from fastai.data.core import DataLoaders
from fastai.metrics import accuracy
from peers_clock import EPOCHS, RATE, Clock, run
from peers_document import network
from torch.utils.data import TensorDataset


class Ticks(Callback):
    def __init__(self, clock: Clock):
        self.clock = clock

    def after_batch(self) -> None:
        if self.training:
            self.clock.tick(self.epoch, self.iter + 1)


def timed(file: str, batch: int, clock: Clock) -> None:
    data = np.load(file)
    train, valid = (
        TensorDataset(torch.from_numpy(data[f"x_{name}"])[:, None] / 255, torch.from_numpy(data[f"y_{name}"]))
        for name in ("train", "valid")
    )
    loaders = DataLoaders.from_dsets(train, valid, bs=batch)
    learner = Learner(loaders, network(), loss_func=torch.nn.CrossEntropyLoss(), metrics=accuracy)
    learner.fit_one_cycle(EPOCHS, RATE, cbs=Ticks(clock))


if __name__ == "__main__":
    run(timed, fastai.__version__)
