"""The NumPy lesson's network (D4) in ``convscope.scratch`` against PyTorch eager: one whole training step (forward,
cross-entropy, backward, gradient clipped at norm 1, SGD), float32, two threads each, on one fixed batch.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import torch
from record import alternate, rate, ratio, record
from threadpoolctl import threadpool_limits
from torch import nn

from convscope import scratch

ROUNDS, SECONDS = 9, 0.6
TARGETS = {8: 2.8, 64: 1.4, 256: 0.95}


def lesson_net(seed: int = 0) -> scratch.Sequential:
    return scratch.Sequential(
        scratch.Conv(1, 8, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        scratch.Conv(8, 16, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        scratch.Conv(16, 32, 5, stride=2), scratch.LeakyReLU(0.01), scratch.Flatten(),
        scratch.Linear(128, 64), scratch.LeakyReLU(0.01), scratch.Linear(64, 10), seed=seed,
    )  # fmt: skip


def own_step(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    net, optimiser = lesson_net(), scratch.SGD(0.001)

    def step() -> None:
        _, gradient = scratch.cross_entropy(net.forward(x), y)
        net.backward(gradient, input_gradient=False)
        scratch.clip_gradients(net, 1.0)
        optimiser.step(net)

    return step


def torch_step(x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    net = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.LeakyReLU(0.01),
        nn.Conv2d(8, 16, 5, stride=2, padding=2), nn.LeakyReLU(0.01),
        nn.Conv2d(16, 32, 5, stride=2), nn.LeakyReLU(0.01), nn.Flatten(),
        nn.Linear(128, 64), nn.LeakyReLU(0.01), nn.Linear(64, 10),
    )  # fmt: skip
    optimiser = torch.optim.SGD(net.parameters(), lr=0.001)
    images, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> None:
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(images), labels).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()

    return step


def main() -> None:
    torch.set_num_threads(2)
    rows: list[dict[str, object]] = []
    with threadpool_limits(2, user_api="blas"):
        for batch, target in TARGETS.items():
            rng = np.random.default_rng(0)
            x, y = rng.random((batch, 1, 28, 28), np.float32), rng.integers(10, size=batch)
            contenders = {
                "scratch": rate(own_step(x, y), batch, SECONDS),
                "torch": rate(torch_step(x, y), batch, SECONDS),
            }
            found = alternate(contenders, ROUNDS)
            rows.append(
                {
                    "net": "D4",
                    "batch": batch,
                    "scratch_images_per_second": round(statistics.median(found["scratch"])),
                    "torch_images_per_second": round(statistics.median(found["torch"])),
                    "ratio": round(ratio(found["scratch"], found["torch"]), 3),
                    "target": target,
                    "trials": ROUNDS,
                }
            )
    record("scratch", rows)


if __name__ == "__main__":
    main()
