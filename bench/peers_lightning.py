"""The document's network under Lightning: a module, a ``TensorDataset`` in memory, a ``Trainer`` as it comes."""

from __future__ import annotations

from typing import Any

import peers_torchvision  # noqa: F401 - first: Lightning's metrics import torchvision

# isort: split
import lightning
import numpy as np
import torch
from peers_clock import EPOCHS, RATE, Clock, run
from peers_document import network
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


class Classifier(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.network = network()

    def training_step(self, batch: tuple[Tensor, Tensor], at: int) -> Tensor:
        x, y = batch
        logits = self.network(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        self.log("loss", loss, prog_bar=True)
        self.log("accuracy", (logits.argmax(1) == y).float().mean(), prog_bar=True)
        return loss

    def configure_optimizers(self) -> dict[str, Any]:
        optimiser = torch.optim.AdamW(self.parameters())
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Ticks(lightning.Callback):
    def __init__(self, clock: Clock):
        self.clock = clock

    def on_train_batch_end(self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, at: int) -> None:
        self.clock.tick(trainer.current_epoch, at + 1)


def timed(file: str, batch: int, clock: Clock) -> None:
    data = np.load(file)
    x = torch.from_numpy(data["x_train"])[:, None] / 255
    loader = DataLoader(TensorDataset(x, torch.from_numpy(data["y_train"])), batch_size=batch, shuffle=True)
    lightning.Trainer(max_epochs=EPOCHS, accelerator="cpu", callbacks=[Ticks(clock)]).fit(Classifier(), loader)


if __name__ == "__main__":
    run(timed, lightning.__version__)
