"""What each exact rewrite gains: the fastest of many steps with it against the fastest without, taken in turn.

On one thread: two wait for each other wherever a machine has other work.

Pooling first: forward and backward of the lesson's MNIST network (activation before pooling) on one fixed batch.
Windows as a product: the same of the lesson's network of names, whose convolution runs over embedded letters.
Batch norm folded: answers of two residual networks, without gradients.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import torch
from record import alternate, record
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convscope.models import create
from convscope.training.memory import keep_freed_memory
from convscope.training.rewrites import fold_batch_norm, rewrite

ROUNDS, SECONDS = 12, 0.3


def lesson_net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.SELU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 5), nn.SELU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 256), nn.SELU(), nn.Dropout(0.5), nn.Linear(256, 10),
    )  # fmt: skip


def names_net() -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(31, 10), nn.Flatten(1), nn.Unflatten(1, (1, 220)), nn.Conv1d(1, 128, 40, 10), nn.ReLU(),
        nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(128, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 2),
    )  # fmt: skip


def fastest(run: Callable[[], object]) -> Callable[[], float]:
    """Return a function that runs for ``SECONDS`` and returns the seconds of the fastest run."""

    def measure() -> float:
        until, best = time.perf_counter() + SECONDS, float("inf")
        while time.perf_counter() < until or best == float("inf"):
            began = time.perf_counter()
            run()
            best = min(best, time.perf_counter() - began)
        return best

    run()
    return measure


def step(net: nn.Module, x: Tensor, labels: Tensor, amp: bool) -> Callable[[], float]:
    def run() -> None:
        net.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=amp):
            logits = net(x)
        cross_entropy(logits.float(), labels).backward()

    return fastest(run)


def answer(net: nn.Module, x: Tensor) -> Callable[[], float]:
    def run() -> None:
        with torch.inference_mode():
            net(x)

    return fastest(run)


def row(what: str, batch: int, amp: bool, plain: Callable[[], float], fast: Callable[[], float]) -> dict[str, object]:
    found = alternate({"plain": plain, "rewritten": fast}, ROUNDS)
    seconds = {name: min(values) for name, values in found.items()}
    return {
        "rewrite": what,
        "batch": batch,
        "arithmetic": "bf16" if amp else "f32",
        "plain_ms": 1000 * seconds["plain"],
        "rewritten_ms": 1000 * seconds["rewritten"],
        "ratio": seconds["plain"] / seconds["rewritten"],
        "trials": ROUNDS,
    }


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    keep_freed_memory()
    rows = []
    for amp in (False, True):
        for batch in (32, 128, 512):
            net = lesson_net().to(memory_format=torch.channels_last)
            x, labels = torch.randn(batch, 1, 28, 28), torch.randint(0, 10, (batch,))
            pair = [step(n, x, labels, amp) for n in (net, rewrite(net).model)]
            rows.append(row("pooling before SELU, MNIST network", batch, amp, *pair))
        for batch in (32, 128, 512):
            net, x, labels = names_net(), torch.randint(0, 31, (batch, 22)), torch.randint(0, 2, (batch,))
            pair = [step(n, x, labels, amp) for n in (net, rewrite(net).model)]
            rows.append(row("1-d convolution as a product, names network", batch, amp, *pair))
        form = {"dtype": torch.bfloat16 if amp else torch.float32, "memory_format": torch.channels_last}
        for name, side, batch in (
            ("resnet18", 224, 1),
            ("resnet18", 224, 32),
            ("resnet20", 32, 1),
            ("resnet20", 32, 128),
        ):
            net = create(name, classes=1000, size=(side, side)).eval()
            x = torch.randn(batch, 3, side, side).to(**form)
            pair = [answer(n.to(**form), x) for n in (copy.deepcopy(net), fold_batch_norm(net))]
            rows.append(row(f"batch norm folded, {name} at {side}", batch, amp, *pair))
    record("rewrites", rows)


if __name__ == "__main__":
    main()
