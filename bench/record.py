"""What every benchmark needs: alternating runs, ratios, and a CSV that names machine and versions."""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from convscope.runs.environment import environment

RESULTS = Path(__file__).parent / "results"
DATA = Path(os.environ.get("CONVSCOPE_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def alternate(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every contender once a round, in turn, so that a machine that drifts drifts for all; return their figures."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, run in contenders.items():
            figures[name].append(run())
            print(f"round {number + 1}: {name} {figures[name][-1]:.4g}", file=sys.stderr, flush=True)
    return figures


def seconds(call: Callable[[], object]) -> Callable[[], float]:
    """Return a run that tells how long one call takes."""

    def run() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return run


def rate(call: Callable[[], object], images: int, seconds: float) -> Callable[[], float]:
    """Return a run that calls for so many seconds and returns images per second."""

    def run() -> float:
        call()
        count, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            call()
            count += 1
        return count * images / elapsed

    return run


def trained(out: Path, *words: str) -> float:
    """Return how many seconds ``convscope train WORDS`` takes, the run in ``out``."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "convscope", "train", *words, "--out", str(out)], check=True, stdout=sys.stderr
    )
    return time.perf_counter() - began


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median over rounds of one contender's figure divided by the other's of the same round."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def record(name: str, rows: Sequence[dict[str, object]], key: Sequence[str] = ()) -> list[dict[str, str]]:
    """Print the rows, write them to ``results/NAME.csv`` with machine and versions in each, and return what is there.

    With the columns of a ``key`` earlier rows stay, and a new one takes the place of the one with its key.
    """
    facts = environment()
    machine = {
        "trials": rows[0].get("trials", ""),
        "processor": facts["processor"],
        "threads": facts["threads"],
        "python": facts["python"],
        "torch": facts["packages"]["torch"],
        "numpy": facts["packages"]["numpy"],
        "convscope": facts["convscope"],
        "commit": (facts["commit"] or "")[:12],
    }
    RESULTS.mkdir(exist_ok=True)
    columns = [*rows[0], *(key for key in machine if key not in rows[0])]
    path = RESULTS / f"{name}.csv"
    new = [{column: str({**machine, **row}[column]) for column in columns} for row in rows]
    written = new
    if key:
        written = list({tuple(row[column] for column in key): row for row in (*_read(path), *new)}.values())
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(written)
    for row in rows:
        print(
            "  ".join(
                f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in row.items()
            )
        )
    return written


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
