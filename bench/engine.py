"""The NumPy engine beside PyTorch: one forward of ResNet-18 at 3×224×224, float32, and one step of a trace."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from record import alternate, ratio, record, seconds

import convscope as cs

ROUNDS = 7


def main() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(0)
    model = cs.models.create("resnet18", classes=1000).eval()
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), np.float32)
    graph, images = cs.record(model, (3, 224, 224)), torch.from_numpy(x)

    def torchs() -> object:
        with torch.inference_mode():
            return model(images)

    trace = cs.trace(model, x)
    steps: list[float] = []

    def step() -> float:
        taken = [trace]
        while taken[-1].terms:
            began = time.perf_counter()
            try:
                taken.append(taken[-1].follow(taken[-1].largest(1)[0]))
            except cs.Error:
                break
            steps.append(time.perf_counter() - began)
        return statistics.median(steps)

    engines = {"NumPy": lambda: graph.run(x).output, "PyTorch": torchs}
    found = alternate({name: seconds(call) for name, call in engines.items()} | {"a trace step": step}, ROUNDS)
    rows = [
        {"what": name, "median_s": statistics.median(taken), "best_s": min(taken), "trials": ROUNDS}
        for name, taken in found.items()
    ]
    record("engine", [{**row, "of_pytorch": ratio(found[row["what"]], found["PyTorch"])} for row in rows])


if __name__ == "__main__":
    main()
