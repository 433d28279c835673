"""Fifty kills at random moments of a training on 2,000 images of MNIST: does it end as one left alone does?"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from record import DATA, record

from convscope.data.loading import load

sys.path.append(str(Path(__file__).parents[1] / "tests" / "training"))
from killing import survive

KILLS, IMAGES, SEED = 50, 2000, 0


def main() -> None:
    split = load(DATA / "mnist").train
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CONVSCOPE_CACHE"] = str(Path(folder) / "cache")
        some = split[:IMAGES]
        np.savez(Path(folder) / "mnist.npz", x=some.images()[:, 0], y=some.labels)
        arguments = (Path(folder) / "mnist.npz", "--epochs", 12, "--ema", 0.99, "--no-baselines", "--seed", SEED)
        found = survive(arguments, Path(folder), kills=KILLS, seed=SEED)
    record("kill", [{"training": f"{IMAGES:,} images of MNIST, resnet_mini, 12 epochs", **asdict(found), "trials": 1}])


if __name__ == "__main__":
    main()
