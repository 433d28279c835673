"""The whole job against a notebook's training loop alone: MNIST, three epochs, wide LeNet.

convscope: ``convscope train mnist --model lenet --epochs 3`` as a fresh process: imports, reading, training,
evaluation, simple methods, report. The notebook: per-image decoding through Pillow in a data loader, batch 32,
AdamW with one-cycle, metrics read at every step, validation after each epoch; only its loop is timed, not its
imports nor reading the files.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from record import DATA, alternate, ratio, record
from torch.utils.data import DataLoader, Dataset

from convscope.data.loading import load
from convscope.models import create

EPOCHS, ROUNDS = 3, 3


class Decoded(Dataset):
    """Each item through a Pillow image and back, as notebooks do."""

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, at: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.images[at])
        x = torch.from_numpy(np.array(picture, dtype=np.float32)[None] / 255)
        return (x - 0.1307) / 0.3081, int(self.labels[at])


def notebook() -> float:
    data = load(DATA / "mnist")
    train, valid = (Decoded(s.images()[:, 0], s.labels) for s in (data.train, data.valid))
    torch.manual_seed(0)
    model = create("lenet", classes=10, channels=1, size=(28, 28))
    optimiser = torch.optim.AdamW(model.parameters())
    loader = DataLoader(train, batch_size=32, shuffle=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.01, total_steps=EPOCHS * len(loader))
    log: list[tuple[float, float, float]] = []
    began = time.perf_counter()
    for _ in range(EPOCHS):
        model.train()
        for x, y in loader:
            optimiser.zero_grad()
            logits = model(x)
            loss = torch.nn.functional.cross_entropy(logits, y)
            loss.backward()
            optimiser.step()
            schedule.step()
            log.append((loss.item(), (logits.argmax(1) == y).float().mean().item(), schedule.get_last_lr()[0]))
        model.eval()
        with torch.no_grad():
            right = [(model(x).argmax(1) == y).float().mean().item() for x, y in DataLoader(valid, batch_size=32)]
        print("notebook validation", np.mean(right), file=sys.stderr)
    return time.perf_counter() - began


def convscope() -> float:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "convscope", "train", str(DATA / "mnist"), "--model", "lenet"]
        began = time.perf_counter()
        subprocess.run([*command, "--epochs", str(EPOCHS), "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        figures = json.loads((out / "metrics.json").read_text())
        print("convscope validation", figures["valid"]["accuracy"]["value"], file=sys.stderr)
        return seconds


def main() -> None:
    torch.set_num_threads(2)
    convscope()  # fills the cache of decoded images, which the notebook reads too
    found = alternate({"convscope": convscope, "notebook": notebook}, ROUNDS)
    record(
        "mnist_job",
        [
            {
                "job": "MNIST, 3 epochs, wide LeNet",
                "convscope_whole_job_seconds": sorted(found["convscope"])[ROUNDS // 2],
                "notebook_loop_seconds": sorted(found["notebook"])[ROUNDS // 2],
                "ratio": ratio(found["notebook"], found["convscope"]),
                "target": 1.0,
                "trials": ROUNDS,
            }
        ],
    )


if __name__ == "__main__":
    main()
