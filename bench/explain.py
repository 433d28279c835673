"""What explanations cost, beside the passes that they are made of, and how far integrated gradients miss their sum.

Run: python bench/explain.py [ROUNDS [NETWORK ...]], a network being resnet18, or a run on MNIST that was trained
before; by default that and two runs of one epoch. CPU seconds of this process, so that others on the machine count
less; threads by ``OMP_NUM_THREADS``. ResNet-18 has one image of 3×224×224 and random weights; of MNIST one digit is
explained, and eight are occluded. A plain pass is ``torch.autograd.grad`` of the score by the image alone, without the
gradients of weights that training needs. The network is recorded before, as one recording serves all images and
methods; what that takes is a row of its own.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from record import DATA, alternate, ratio, record, trained
from torch import Tensor, nn

import convscope as cs
from convscope.explaining.batches import at_once
from convscope.explaining.explained import Explained
from convscope.explaining.integrated_gradients import ig
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore

STEPS, IMAGES, OFTEN = 50, 32, 8


def cpu_seconds(call: Callable[[], object]) -> Callable[[], float]:
    """Return a run that tells how many CPU seconds one call takes."""

    def run() -> float:
        began = time.process_time()
        call()
        return time.process_time() - began

    return run


def plain(model: nn.Module, x: Tensor) -> None:
    """Go forward, and backward to the input."""
    leaf = x.clone().requires_grad_()
    torch.autograd.grad(model(leaf)[:, 0].sum(), leaf)


def answered(model: nn.Module, x: Tensor, passes: int) -> None:
    """Answer so many inputs in batches of those of x."""
    with torch.inference_mode():
        for _ in range(passes // len(x)):
            model(x)


def costs(name: str, model: nn.Module, several: Tensor, rounds: int) -> list[dict[str, object]]:
    """Return the rows of one network: what methods cost for the first input, in plain passes, and for several."""
    model.eval()
    x = several[:1]
    score, explained = ChosenScore([0]), Explained(model, x)
    recording = min(seconds() for seconds in [cpu_seconds(lambda: Explained(model, x).recording)] * 3)
    occluded = METHODS["occlusion"].compute
    batch = x.repeat(at_once(x), 1, 1, 1)
    windows = windows_of(x) + 1
    passes = len(batch) * (len(several) * windows // len(batch))
    runs: dict[str, Callable[[], float]] = {
        "fifty plain passes": cpu_seconds(lambda: [plain(model, x) for _ in range(STEPS)]),
        "integrated gradients": cpu_seconds(lambda: ig(explained, score, STEPS)),
        "batched inference": cpu_seconds(lambda: answered(model, batch, passes)),
        "occlusion": cpu_seconds(lambda: occluded(Explained(model, several), ChosenScore([0] * len(several)))),
    }
    figures = alternate(runs, rounds)
    single = {"a plain pass": cpu_seconds(lambda: plain(model, x))}
    for method in ("gradient", "gradcam", "guided"):
        try:
            METHODS[method].compute(explained, score)
        except cs.ConfigError:
            continue
        single[method] = cpu_seconds(lambda method=method: METHODS[method].compute(explained, score))
    figures |= alternate(single, OFTEN * rounds)
    rows: list[dict[str, object]] = [
        {"network": name, "figure": "recording, in plain passes", "value": recording / min(figures["a plain pass"])},
        {
            "network": name,
            "figure": "integrated gradients with 50 steps / fifty single passes",
            "value": ratio(figures["integrated gradients"], figures["fifty plain passes"]),
        },
        {
            "network": name,
            "figure": "rate of occlusion / rate of batched inference",
            "value": ratio(figures["batched inference"], figures["occlusion"]) * (len(several) * windows / passes),
        },
    ]
    for method in ("gradient", "gradcam", "guided"):
        if method in figures:
            cost = ratio(figures[method], figures["a plain pass"])
            rows.append({"network": name, "figure": f"{method} / one plain pass", "value": cost})
    return rows


def windows_of(x: Tensor) -> int:
    """Return how many windows an image is occluded by."""
    from convscope.explaining.occlusion_windows import ALONG, Windows

    return int(np.prod([len(Windows.of(length, ALONG[2]).covers) for length in x.shape[2:]]))


def gaps(name: str, model: nn.Module, x: Tensor) -> list[dict[str, object]]:
    """Return the rows of how far attributions miss their sum, by steps: the median over images, of the score."""
    with torch.no_grad():
        score = ChosenScore(model.eval()(x).argmax(1))
    rows: list[dict[str, object]] = []
    for steps in (50, 200):
        attribution = ig(Explained(model, x), score, steps)
        assert attribution.gap is not None
        apart = statistics.median(np.abs(attribution.gap / attribution.score).tolist())
        rows.append({"network": name, "figure": f"completeness gap with {steps} steps / score", "value": apart})
    return rows


def of_run(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Return the rows of a run on MNIST."""
    run = cs.open_run(folder)
    split = cs.load(str(DATA / "mnist")).valid
    x = run.predictor.tensor(np.stack([split.input.take(np.array([row]))[0] for row in range(IMAGES)]))
    name = f"{run.spec.model} 28"
    return costs(name, run.model, x[:8], rounds) + gaps(name, run.model, x)


def main() -> None:
    """Measure and record."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as home:
        for name in sys.argv[2:] or ("resnet18", f"{home}/lenet", f"{home}/resnet_mini"):
            if name == "resnet18":
                resnet = cs.models.create(name, classes=1000, channels=3, size=(224, 224))
                rows = costs("resnet18 224", resnet, torch.randn(1, 3, 224, 224), rounds)
            else:
                if not Path(name).exists():
                    trained(Path(name), str(DATA / "mnist"), "--model", Path(name).name, "--epochs", "1")
                rows = of_run(Path(name), rounds)
            record("explain", [{**row, "trials": rounds} for row in rows], key=("network", "figure"))


if __name__ == "__main__":
    main()
