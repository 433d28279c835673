"""Training against other tools: images per second of the document's network on MNIST, all in one run.

``python bench/peers.py --peers PYTHON`` measures the document's own loop, convscope and, with a Python that has them,
Lightning, fastai and Keras on torch, each through its usual interface. Every contender is a fresh process with two
threads; rounds go through all of them in turn. How they are timed stands in ``peers_clock.py``. Two threads that wait
for each other collapse beside other programs, so a figure is taken again, a few times, when others took too much.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from record import DATA, alternate, ratio, record

from convscope import Error, load

HERE = Path(__file__).parent
ROUNDS, SECONDS, THREADS, BATCHES = 5, 6, 2, (32, 512)
QUIET, TRIES = 0.15, 4  # cores that other programs may take, and how often a figure is taken to find it so
TARGETS = {
    "document": {32: 2.5, 512: 4.0}, "lightning": {32: 2.0, 512: 2.0},
    "fastai": {32: 2.0, 512: 2.0}, "keras": {32: 2.0, 512: 2.0},
}  # fmt: skip


def write_images(file: Path, batch: int) -> None:
    """Write MNIST's split as convscope makes it, with training images to whole batches only: all steps are equal."""
    data = load(DATA / "mnist")
    whole = len(data.train) // batch * batch
    arrays = {}
    for split, count in ((data.train, whole), (data.valid, len(data.valid))):
        arrays[f"x_{split.name}"] = split.images(slice(count))[:, 0]
        arrays[f"y_{split.name}"] = np.asarray(split.labels[:count], dtype=np.int64)
    np.savez(file, **arrays)


def start(command: list[str], folder: Path) -> str:
    """Run a contender in ``folder``, where what it leaves behind goes; return what it printed."""
    threads = {f"{name}_NUM_THREADS": str(THREADS) for name in ("OMP", "MKL", "OPENBLAS")}
    environment = os.environ | threads | {"PYTHONPATH": str(HERE)}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise Error(f"{shlex.join(command)} ended with {ended.returncode}; what it said:\n{ended.stderr.strip()}")
    return ended.stdout


@dataclass
class Contender:
    """One tool in its Python; what it said of itself and its surroundings when it was measured."""

    name: str
    python: str
    folder: Path
    version: str = ""
    others: list[float] = field(default_factory=list)

    def importable(self) -> bool:
        try:
            start([self.python, "-c", f"import peers_{self.name}"], self.folder)
        except Error as error:
            print(f"LEFT OUT: {self.name}, in {self.python}: {str(error).splitlines()[-1]}", file=sys.stderr)
            return False
        return True

    def rate(self, batch: int) -> float:
        script, images = HERE / f"peers_{self.name}.py", self.folder / "mnist.npz"
        answers = []
        while not answers or (len(answers) < TRIES and answers[-1]["others"] > QUIET):
            printed = start([self.python, str(script), str(images), str(batch), str(SECONDS)], self.folder)
            answers.append(json.loads(printed.splitlines()[-1]))
        best = min(answers, key=lambda answer: answer["others"])
        self.version = best["version"]
        self.others.append(best["others"])
        return best["images_per_second"]


def contenders(peers: str | None, folder: Path) -> list[Contender]:
    found = [Contender(name, sys.executable, folder) for name in ("convscope", "document")]
    for name in ("lightning", "fastai", "keras"):
        if peers is None:
            print(f"LEFT OUT: {name}: no --peers PYTHON given", file=sys.stderr)
        elif (contender := Contender(name, peers, folder)).importable():
            found.append(contender)
    return found


def row(contender: Contender, batch: int, rates: list[float], own: list[float]) -> dict[str, object]:
    return {
        "contender": contender.name,
        "version": contender.version,
        "batch": batch,
        "images_per_second": round(statistics.median(rates)),
        "slowest": round(min(rates)),
        "fastest": round(max(rates)),
        "convscope_is_faster_by": round(ratio(own, rates), 3),
        "target": TARGETS[contender.name][batch] if contender.name in TARGETS else "",
        "cores_taken_by_others": round(max(contender.others), 2),
        "trials": ROUNDS,
        "threads": THREADS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="images per second of training, against other tools")
    parser.add_argument("--peers", metavar="PYTHON", help="a Python with torch, lightning, fastai and keras")
    given = parser.parse_args().peers
    peers = given and str(Path(given).absolute())  # contenders run in a folder of their own
    with tempfile.TemporaryDirectory() as name:
        write_images(Path(name) / "mnist.npz", max(BATCHES))
        tools = contenders(peers, Path(name))
        runs = {f"{tool.name} {batch}": partial(tool.rate, batch) for batch in BATCHES for tool in tools}
        found = alternate(runs, ROUNDS)
    rows = [
        row(tool, batch, found[f"{tool.name} {batch}"], found[f"convscope {batch}"])
        for batch in BATCHES
        for tool in tools
    ]
    record("peers", rows)


if __name__ == "__main__":
    main()
