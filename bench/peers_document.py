"""The document's network and its training loop as written: what a notebook does, step by step.

Each image goes through Pillow to a tensor in 0..1 and is divided by 255 once more (the document's mistake, kept); batch
by batch AdamW under one-cycle, with loss and accuracy read back at every step and averaged; float32; the default
allocator.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from peers_clock import EPOCHS, RATE, Clock, run
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.SELU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 5), nn.SELU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 256), nn.SELU(), nn.Dropout(0.5), nn.Linear(256, 10),
    )  # fmt: skip


class Digits(Dataset):
    """Each item through a Pillow image, as torchvision's MNIST under ``ToTensor`` does it."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray):
        self.pixels, self.labels = torch.from_numpy(pixels), torch.from_numpy(labels)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, at: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.pixels[at].numpy())
        array = torch.from_numpy(np.array(picture, copy=True)).view(*picture.size, 1)
        x = array.permute(2, 0, 1).contiguous().to(torch.float32).div(255)
        return x / 255, int(self.labels[at])


def train(file: str, batch: int, epochs: int, tick: Callable[[int, int], None] = lambda epoch, step: None) -> float:
    """Train on the images of an ``.npz``, ``tick(epoch, step)`` after each step; return the validation accuracy."""
    torch.manual_seed(0)
    data = np.load(file)
    loader = DataLoader(Digits(data["x_train"], data["y_train"]), batch_size=batch, shuffle=True)
    held_out = DataLoader(Digits(data["x_valid"], data["y_valid"]), batch_size=batch)
    model, accuracy = network(), 0.0
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, epochs=epochs, steps_per_epoch=len(loader))
    log: list[tuple[float, float, float]] = []
    smooth: list[np.ndarray] = []
    for epoch in range(epochs):
        model.train()
        for step, (x, y) in enumerate(loader, 1):
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            log.append((loss.item(), (logits.argmax(1) == y).float().mean().item(), schedule.get_last_lr()[0]))
            smooth.append(np.mean(log[-50:], axis=0))
            tick(epoch, step)
        model.eval()
        with torch.no_grad():
            accuracy = float(np.mean([(model(x).argmax(1) == y).float().mean().item() for x, y in held_out]))
    return accuracy


def timed(file: str, batch: int, clock: Clock) -> None:
    train(file, batch, EPOCHS, clock.tick)


if __name__ == "__main__":
    run(timed, torch.__version__)
