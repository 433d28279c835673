"""What networks trained in NumPy alone reach: the tasks of the source documents, each a few lines.

``python bench/scratch_accuracy.py [NAME ...]`` runs the tasks named (all without a name); rows of others are kept.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable

import numpy as np
from record import DATA, RESULTS, record

from convscope import scratch
from convscope.data.loading import load
from convscope.data.synthetic import make
from scratch import lesson_net

Sets = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def mnist() -> Sets:
    """Return 60,000 training images in 0..1 and their labels, and the 10,000 test images."""
    data = load(DATA / "mnist")
    assert data.test is not None  # MNIST brings one
    train, valid, test = ((images(part.images()), part.labels) for part in (data.train, data.valid, data.test))
    return np.concatenate([train[0], valid[0]]), np.concatenate([train[1], valid[1]]), *test


def images(pixels: np.ndarray) -> np.ndarray:
    """Return bytes (n, C, H, W) in 0..1."""
    return pixels.astype(np.float32) / 255


def announce(record: scratch.Step | scratch.Epoch) -> None:
    if isinstance(record, scratch.Epoch):
        print(record, file=sys.stderr, flush=True)


def lesson() -> float:
    """D4's recipe: batch 8, lr 0.001 on the sum over the batch, 10 epochs, each convolution's gradient clipped at 1."""
    x, y, *test = mnist()
    net, optimiser = lesson_net(), scratch.SGD(0.001)
    for epoch in range(1, 11):
        for rows in scratch.batches(len(x), 8, 0, epoch):
            _, gradient = scratch.cross_entropy(net.forward(x[rows]), y[rows])
            net.backward(gradient * np.float32(len(rows)), input_gradient=False)
            for layer in net:
                if isinstance(layer, scratch.Conv):
                    scratch.clip_gradients(layer, 1.0)
            optimiser.step(net)
        reached = accuracy(net, *test, loss=scratch.cross_entropy)
        print(f"epoch {epoch}: {reached:.4f}", file=sys.stderr, flush=True)
    return reached


def faster() -> float:
    """The same network and batch in 3 epochs, without clipping, with a rate that falls from epoch to epoch."""
    x, y, *test = mnist()
    net, optimiser = lesson_net(), scratch.SGD(0.05)

    def lower(record: scratch.Step | scratch.Epoch) -> None:
        if isinstance(record, scratch.Epoch):
            optimiser.lr /= 3
            announce(record)

    scratch.fit(net, x, y, loss=scratch.cross_entropy, optimiser=optimiser, epochs=3, batch_size=8, progress=lower)
    return accuracy(net, *test, loss=scratch.cross_entropy)


def angles() -> float:
    """D1's single kernel: one 11×11 convolution, its largest response, one weight."""
    pixels, labels, _, split = make("angles")
    train = split == "train"
    x, y = pixels.transpose(0, 3, 1, 2).astype(np.float32), labels[:, None]
    x = (x - x[train].mean()) / x[train].std()
    net = scratch.Sequential(scratch.Conv(1, 1, 11), scratch.GlobalMaxPool(), scratch.Linear(1, 1))
    net[2].parameters["weight"][...] = 1  # look for the angle itself, not for what the other class has
    scratch.fit(
        net, x[train], y[train], loss=scratch.binary_cross_entropy, optimiser=scratch.Adam(0.01), epochs=10,
        batch_size=32, progress=announce,
    )  # fmt: skip
    return accuracy(net, x[~train], y[~train], loss=scratch.binary_cross_entropy)


def accuracy(net: scratch.Sequential, x: np.ndarray, y: np.ndarray, *, loss: scratch.Loss) -> float:
    found = scratch.evaluate(net, x, y, loss=loss)[1]
    assert found is not None  # both losses know right answers
    return found


TASKS: dict[str, tuple[Callable[[], float], float]] = {
    "mnist-lesson-recipe": (lesson, 0.955),
    "mnist-3-epochs": (faster, 0.985),
    "angles-single-kernel": (angles, 0.99),
}


def main() -> None:
    kept: dict[str, dict[str, object]] = {}
    path = RESULTS / "scratch_accuracy.csv"
    if path.exists():
        with path.open(newline="") as file:
            kept = {row["task"]: dict(row) for row in csv.DictReader(file)}
    for name in sys.argv[1:] or list(TASKS):
        task, target = TASKS[name]
        began = time.perf_counter()
        reached = task()
        kept[name] = {
            "task": name,
            "test_accuracy": round(reached, 5),
            "target": target,
            "seconds": round(time.perf_counter() - began),
            "trials": 1,
        }
        record("scratch_accuracy", [kept[task] for task in TASKS if task in kept])


if __name__ == "__main__":
    main()
