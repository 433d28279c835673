"""Every family's small network on Fashion-MNIST, ten epochs: accuracy, weights, cost, and how each learned.

``python bench/families.py RUN...`` takes finished runs of ``convscope train fashion_mnist --model NAME --epochs 10
--no-baselines`` (or trains those networks itself, without an argument) and writes ``results/families.csv`` and the
figure ``docs/images/families-learning.png``. Time is no part of it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from record import DATA, record

import convscope as cs
from convscope.runs.compare.comparison import Comparison

DOCS = Path(__file__).parents[1] / "docs" / "images"
NETWORKS = (
    *("lenet", "alexnet_mini", "vgg_mini", "nin_mini", "googlenet_mini", "resnet_mini", "densenet_mini"),
    *("squeezenet_mini", "mobilenet_v2_mini", "convnext_mini", "unet_encoder_mini", "p4_mini", "p4m_mini"),
)


def main() -> None:
    folder = Path("runs/families")  # of the current folder
    if runs := [cs.open_run(run) for run in sys.argv[1:]]:
        found = cs.compare(runs, out=folder)
    else:
        made = cs.train_series(DATA / "fashion_mnist", NETWORKS, out=folder, epochs=10, baselines=False)
        assert not made.failed and made.comparison is not None
        runs, found = list(made.runs), made.comparison
    assert isinstance(found, Comparison)  # of runs on one split
    metrics = {str(run.folder): run.metrics for run in runs}
    record(
        "families",
        [
            {
                "network": network.name,
                "epochs": network.runs[0].epochs,
                "valid_accuracy": round(metrics[network.runs[0].folder]["valid"]["accuracy"]["value"], 4),
                "test_accuracy": round(network.figures["accuracy"]["value"], 4),
                "test_low": round(network.figures["accuracy"]["low"], 4),
                "test_high": round(network.figures["accuracy"]["high"], 4),
                "weights": network.weights,
                "multiply_adds": network.multiply_adds,
                "trials": 1,
            }
            for network in found.networks
        ],
    )
    shutil.copy(folder / "figures" / "learning_curves.png", DOCS / "families-learning.png")


if __name__ == "__main__":
    main()
