"""The training loop against a bare hand-written PyTorch loop that does the same steps: images per second, and their
ratio.

The wide LeNet, batch 32, float32, the MNIST training images in memory as bytes; both normalise on the fly, take
AdamW steps under one-cycle, and note loss and accuracy of each step.
"""

from __future__ import annotations

import time

import torch
from record import DATA, alternate, ratio, record
from steps_clock import Nowhere

from convscope.data.loader import Loader
from convscope.data.loading import load
from convscope.models import create
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan

STEPS, BATCH = 400, 32


def main() -> None:
    torch.set_num_threads(2)
    keep_freed_memory()  # for both: the loop is measured, not the allocator
    data = load(DATA / "mnist")
    images = STEPS * BATCH
    train, valid = data.train[:images], data.valid[:64]
    plan = make_plan(
        {
            "task": "classification",
            "epochs": 1,
            "batch_size": BATCH,
            "lr": 0.003,
            "smoothing": 0.0,
            "weight_decay": 0.01,
        }
    )

    def engine() -> float:
        torch.manual_seed(0)
        model = create("lenet", classes=10, channels=1, size=(28, 28))
        outcome = fit(
            model, Loader(train, data.transforms, BATCH), Loader(valid, data.transforms, 64), plan, CrossEntropy(10),
            keeper=Nowhere(), select="last",
        )  # fmt: skip
        return outcome.history.epochs[0]["images_per_second"]

    # As a set in memory usually lies, (N, H, W): with strides of channels last this would be another loop.
    pixels = torch.from_numpy(train.images()[:, 0].copy())[:, None]
    labels = torch.from_numpy(train.labels)
    mean, std = data.preprocessing.mean[0], data.preprocessing.std[0]

    def bare() -> float:
        torch.manual_seed(0)
        model = create("lenet", classes=10, channels=1, size=(28, 28))
        matrices = [p for p in model.parameters() if p.ndim > 1]
        vectors = [p for p in model.parameters() if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
        optimiser = torch.optim.AdamW(groups, lr=0.003, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.003, total_steps=STEPS)
        losses, right = [], []
        model.train()
        order = torch.randperm(images)
        began = time.perf_counter()
        for first in range(0, images, BATCH):
            at = order[first : first + BATCH]
            x, y = (pixels[at].float() - mean) / std, labels[at]
            logits = model(x)
            loss = torch.nn.functional.cross_entropy(logits, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
            right.append((logits.argmax(1) == y).float().mean())
        return images / (time.perf_counter() - began)

    engine(), bare()  # warm both
    found = alternate({"convscope": engine, "bare": bare}, rounds=7)
    record(
        "loop",
        [
            {
                "net": "lenet",
                "batch": BATCH,
                "convscope_images_per_second": sorted(found["convscope"])[3],
                "bare_images_per_second": sorted(found["bare"])[3],
                "ratio": ratio(found["convscope"], found["bare"]),
                "target": 0.97,
                "trials": 7,
            }
        ],
    )


if __name__ == "__main__":
    main()
