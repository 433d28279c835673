"""Random kernels on ten resamples of ECG200: CPU seconds and accuracy, beside aeon's MiniRocket where it is installed.

The first resample is the archive's own split; the others draw 100 training and 100 test signals anew, with the same
classes in each. aeon needs other versions of NumPy and scikit-learn, so it runs in an environment of its own:

    python -m venv /tmp/aeon && /tmp/aeon/bin/pip install aeon
    python bench/random_kernels.py --aeon /tmp/aeon/bin/python
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from record import DATA, record

from convscope.data.arrays import from_arrays
from convscope.tasks import baselines
from convscope.tasks.registry import fitting, task

NAME = "random kernels"
AEON = """
import sys, time, numpy as np
from aeon.classification.convolution_based import MiniRocketClassifier
for path in sys.argv[1:]:
    data = np.load(path)
    began = time.process_time()
    model = MiniRocketClassifier(random_state=0, n_jobs=1).fit(data["x"][:, None], data["y"])
    right = (model.predict(data["x_test"][:, None]) == data["y_test"]).mean()
    print(right, time.process_time() - began)
"""


def resamples(times: int) -> list[dict[str, np.ndarray]]:
    """Return as many splits, 100 signals to learn from and 100 to judge on, stratified; the first is the archive's."""
    files = (np.loadtxt(DATA / "ecg" / f"ECG200_{name}.txt") for name in ("TRAIN", "TEST"))
    (x, y), (x_test, y_test) = ((rows[:, 1:], (rows[:, 0] > 0).astype(int)) for rows in files)
    splits = [{"x": x, "y": y, "x_test": x_test, "y_test": y_test}]
    signals, labels = np.concatenate([x, x_test]), np.concatenate([y, y_test])
    for number in range(1, times):
        random, train = np.random.default_rng(number), np.zeros(len(labels), bool)
        for label in np.unique(labels):
            train[random.permutation(np.flatnonzero(labels == label))[: (y == label).sum()]] = True
        splits.append({"x": signals[train], "y": labels[train], "x_test": signals[~train], "y_test": labels[~train]})
    return splits


def ours(split: dict[str, np.ndarray]) -> tuple[float, float]:
    """Return accuracy and CPU seconds of the package's random kernels."""
    signals, labels = np.concatenate([split["x"], split["x_test"]]), np.concatenate([split["y"], split["y_test"]])
    where = ["train"] * len(split["y"]) + ["valid"] * len(split["y_test"])  # which the method does not look at
    data = from_arrays({"signal": signals.astype(np.float32)}, labels, splits=where)
    does = task(fitting(data))
    target = does.target(data, does.options())
    began = time.process_time()
    (result,) = baselines.run({NAME: does.baselines[NAME]}, data.train, data.valid, target, seconds=60.0)
    seconds = time.process_time() - began
    return float((result.predictions.argmax(1) == data.valid.labels).mean()), seconds


def aeon(python: str, splits: list[dict[str, np.ndarray]]) -> list[tuple[float, float]]:
    """Return accuracy and CPU seconds of aeon's MiniRocket; its first resample also compiles."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.npz" for number in range(len(splits))]
        for path, split in zip(paths, splits, strict=True):
            np.savez(path, **split)  # pyright: ignore[reportArgumentType]
        told = subprocess.run(
            [python, "-c", AEON, str(paths[0]), *map(str, paths)], check=True, capture_output=True, text=True
        )
    rows = [tuple(map(float, line.split())) for line in told.stdout.splitlines()[1:]]
    return [(right, seconds) for right, seconds in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resamples", type=int, default=10)
    parser.add_argument("--aeon", help="the interpreter of an environment that has aeon")
    asked = parser.parse_args()
    splits = resamples(asked.resamples)
    ours(splits[0])  # warm
    figures = {"convscope": [ours(split) for split in splits]}
    if asked.aeon:
        figures["aeon"] = aeon(asked.aeon, splits)
    else:
        print("aeon was not measured: give --aeon PYTHON", file=sys.stderr)
    rows = []
    for whose, each in figures.items():
        accuracy, seconds = np.array(each).T
        rows.append({
            "whose": whose, "resamples": len(each), "accuracy": float(accuracy.mean()),
            "standard_deviation": float(accuracy.std(ddof=1)), "default_split": float(accuracy[0]),
            "cpu_seconds": float(np.median(seconds)), "target_seconds": 3.0, "trials": len(each),
        })  # fmt: skip
    record("random_kernels", rows, key=("whose",))


if __name__ == "__main__":
    main()
