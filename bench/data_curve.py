"""How much data does each need? Convolution, recurrence, attention and the simple methods on 5 to 100 % of the data.

One seed; the test split is the same throughout, and so is each part of the training split within the next larger one.
Names, splice sites and ECG. It takes hours on two cores; ``--parts`` and ``--sets`` take less.

    python bench/data_curve.py --sets ECG200 --parts 0.05 1 --epochs 2
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from record import DATA, record

import convscope
from convscope.data.dataset import Data
from convscope.data.loading import load
from convscope.models.budget import equal_weights
from convscope.tasks.registry import fitting, task

SETS = {
    "names": DATA / "spanish_names", "splice": DATA / "dna_splice" / "splice.csv",
    "ECG200": DATA / "ecg" / "ECG200_TRAIN.txt", "ECG5000": DATA / "ecg" / "ECG5000_TRAIN.txt",
}  # fmt: skip
NETWORKS = ("conv1d", "gru", "transformer")
PARTS = (0.05, 0.1, 0.2, 0.5, 1.0)


def part_of(data: Data, part: float) -> Data:
    """Return the set with a part of its training split, at least four examples, drawn in one order for all parts."""
    rows = data.rows["train"]
    order = np.random.default_rng(0).permutation(len(rows))
    kept = np.sort(rows[order[: max(4, round(part * len(rows)))]])
    return replace(data, rows={**data.rows, "train": kept})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--parts", nargs="+", type=float, default=list(PARTS))
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args()
    settings = {} if asked.epochs is None else {"epochs": asked.epochs}
    for name in asked.sets:
        whole = load(SETS[name])
        does = task(fitting(whole))
        output = does.output(does.target(whole, does.options()), whole.preprocessing.input)
        sized = equal_weights(NETWORKS, input=whole.preprocessing.input, output=output, options={})
        for part in asked.parts:
            data = part_of(whole, part)
            for network, each in sized.items():
                with tempfile.TemporaryDirectory() as folder:
                    run = convscope.train(
                        data, network, out=Path(folder) / "run", set=each.options, quiet=True, **settings,
                        baselines=network == NETWORKS[0],
                    )  # fmt: skip
                    metrics, epochs = run.metrics, len(run.epochs["epoch"])
                told = [(network, metrics["accuracy"], metrics["seconds"]["training"], each.weights)]
                told += [(simple["name"], simple["accuracy"], simple["seconds"], "") for simple in metrics["baselines"]]
                rows = [
                    {
                        "set": name, "part": part, "train": len(data.train), "method": method, "weights": weights,
                        "accuracy": figure["value"], "low": figure["low"], "high": figure["high"],
                        "seconds": seconds, "epochs": epochs, "trials": 1,
                    }
                    for method, figure, seconds, weights in told
                ]  # fmt: skip
                record("data_curve", rows, key=("set", "part", "method"))


if __name__ == "__main__":
    main()
