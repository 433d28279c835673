"""Correlation's algorithms side by side, kernels 3 to 101, and against PyTorch eager: milliseconds, and ratios.

float32, two threads, least of all rounds, contenders in turn. ``chosen`` is what ``algorithm="auto"`` takes. What needs
more than two seconds a call is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from record import record

from convscope import ops
from convscope.geometry import Window
from convscope.ops.correlation import choose
from convscope.training.memory import keep_freed_memory

ROUNDS, LIMIT = 3, 2.0
ALGORITHMS = ("direct", "im2col", "fft", "toeplitz")
KERNELS = (3, 5, 7, 11, 15, 21, 31, 51, 101)
LAYERS = ((1, 1, 1, 192), (1, 8, 8, 128), (4, 32, 32, 56))  # images, channels in and out, pixels a side
MOST_ENTRIES = 2e7  # of a sparse matrix


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def least(contenders: dict[str, Callable[[], object]], rounds: int = ROUNDS, limit: float = LIMIT) -> dict[str, float]:
    found = {name: first for name, call in contenders.items() if (first := seconds(call)) < limit}
    for _ in range(rounds):
        found = {name: min(best, seconds(contenders[name])) for name, best in found.items()}
    return found


def arrays(n: int, c: int, o: int, size: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, c, size, size), np.float32)
    return x, rng.standard_normal((o, c, k, k), np.float32)


def algorithms() -> list[dict[str, object]]:
    rows = []
    for (n, c, o, size), k in ((layer, k) for layer in LAYERS for k in KERNELS):
        if k > size:
            continue
        x, kernel = arrays(n, c, o, size, k)
        outputs = size - k + 1
        calls = {
            name: lambda name=name, x=x, kernel=kernel: ops.correlate(x, kernel, algorithm=name)
            for name in ALGORITHMS
            if name != "toeplitz" or kernel.size * outputs**2 < MOST_ENTRIES
        }
        found = least(calls)
        windows = (Window(size, k),) * 2
        rows.append(
            {"what": f"{n}x{c}x{size}x{size} -> {o}", "kernel": k, "chosen": choose(x.shape, kernel.shape, windows)}
            | {name: 1e3 * found[name] if name in found else "" for name in ALGORITHMS}
            | {"torch": "", "ratio": "", "target": "", "trials": ROUNDS + 1}
        )
    return rows


def against_torch() -> list[dict[str, object]]:
    x, kernel = arrays(16, 64, 64, 56, 3)
    tx, tk = torch.tensor(x, requires_grad=True), torch.tensor(kernel, requires_grad=True)
    y = torch.nn.functional.conv2d(tx, tk, padding=1)
    grad = np.ones(tuple(y.shape), np.float32)
    found = least(
        {
            "forward": lambda: ops.correlate(x, kernel, padding=1),
            "torch forward": lambda: torch.nn.functional.conv2d(tx.detach(), tk.detach(), padding=1),
            "backward": lambda: ops.correlate_backward(grad, x, kernel, padding=1),
            "torch backward": lambda: torch.autograd.grad(y, (tx, tk), torch.from_numpy(grad), retain_graph=True),
        },
        rounds=10,
        limit=float("inf"),
    )
    return [
        {
            "what": f"16x64x56x56 -> 64, {way}", "kernel": 3, "chosen": "im2col", "direct": "",
            "im2col": 1e3 * found[way], "fft": "", "toeplitz": "", "torch": 1e3 * found[f"torch {way}"],
            "ratio": found[way] / found[f"torch {way}"], "target": target, "trials": 11,
        }
        for way, target in (("forward", 3), ("backward", 4))
    ]  # fmt: skip


def main() -> None:
    torch.set_num_threads(2)
    keep_freed_memory()  # for all: the algorithms are measured, not the allocator
    record("correlate", [*against_torch(), *algorithms()])


if __name__ == "__main__":
    main()
