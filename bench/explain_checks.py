"""All checks of each method of explanation on 32 MNIST images: CPU seconds of one thread, and what they say of it.

Run: python bench/explain_checks.py [--run FOLDER] [METHOD ...]. Without a run a network is trained for one epoch first.
The seconds are those of one method alone, with the orders that it is compared to, as a first explanation takes them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch
from record import DATA, record, trained

from convscope.data.loading import load
from convscope.errors import ConfigError
from convscope.explaining.checks.checks import check
from convscope.explaining.checks.result import Checks
from convscope.explaining.explained import Explained
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore
from convscope.runs.explanation_checks import checked_rows
from convscope.runs.run import Run, open_run

TARGET = 10.0  # seconds, of one gradient method
GRADIENTS = ("gradient", "inputxgradient", "guided", "gradcam", "ig")
MODEL = "lenet"


def explained_of(run: Run) -> tuple[Explained, ChosenScore]:
    """Return test images at even distances, each explained for the answer that it gets."""
    test = load(DATA / "mnist").test
    assert test is not None
    rows = checked_rows(len(test))
    x = run.predictor.tensor(test.input.take(rows))
    with torch.inference_mode():
        answers = run.model(x).argmax(1)
    return Explained(run.model, x), ChosenScore(answers)


def row(run: Run, name: str, checks: Checks, seconds: float) -> dict[str, object]:
    """Return what is written of one method."""
    assert checks.random_weights is not None and checks.edges is not None
    gains = {f"gain_{fill.fill}": fill.against[0].deletion_gain.value for fill in checks.deletion}
    return {
        "model": run.spec.model, "method": name, "images": checks.examples, "cpu_seconds": seconds,
        "target_seconds": TARGET, "random_weights": checks.random_weights.last.value, "edges": checks.edges.value,
        **gains, "passed": checks.passed, "verdict": checks.verdict, "trials": 1,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=GRADIENTS)
    parser.add_argument("--run", help="a run on MNIST")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(asked.run) if asked.run else Path(folder) / "run"
        if not asked.run:
            trained(out, str(DATA / "mnist"), "--model", MODEL, "--epochs", "1")
        run = open_run(out)
        explained, score = explained_of(run)
        check(METHODS["gradient"], Explained(run.model, explained.x[:2]), score.at(slice(2)))  # imports what is needed
        rows: list[dict[str, object]] = []
        for name in asked.methods:
            fresh = Explained(run.model, explained.x)  # the graph is recorded again
            began = time.process_time()
            try:
                checks = check(METHODS[name], fresh, score)
            except ConfigError as refusal:  # such as guided backpropagation of a network without rectifiers
                print(refusal, file=sys.stderr)
                continue
            rows.append(row(run, name, checks, time.process_time() - began))
        record("explain_checks", rows, key=("model", "method"))


if __name__ == "__main__":
    main()
