"""What masks reach by the command a user would give: membranes in electron microscopy, tracks in a CCD, nuclei.

``python bench/masks.py [isbi|isbi_volume|tracks|nuclei ...] [--seeds 3] [--keep FOLDER]`` trains and records all,
or those named. Slices of the ISBI 2012 stack are held out in runs: 0-19 to train, 20-23 to validate, 24-29 to test;
``isbi_volume`` learns the same slices as one volume.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from record import DATA, record, trained

from convscope.data.loading import load
from convscope.data.patches import example
from convscope.data.synthetic import tracks
from convscope.runs.run import open_run
from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.objects import ObjectCounts

TIME = "10m"
ISBI = DATA / "isbi2012_em" / "isbi2012_em.zip"
_MEMBRANES = ("v_rand", "v_info", "pixel_error", "warping_error", "dice")
FIGURES = {
    "isbi": _MEMBRANES, "isbi_volume": _MEMBRANES, "tracks": ("pooled_iou", "object_f1"),
    "nuclei": ("object_ap", "object_mean_ap", "object_f1", "object_pq", "pooled_dice"),
}  # fmt: skip
LEAST: dict[str, dict[str, float]] = {
    "isbi": {"v_rand": 0.95, "v_info": 0.975}, "tracks": {"pooled_iou": 0.90, "f1_uncrossed": 0.95},
}  # fmt: skip
MOST = {"isbi": {"pixel_error": 0.085}}


def split_of_slices(path: Path) -> Path:
    """Write which slice is in which split."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "split"))
        for at in range(30):
            rows.writerow((f"train/image/{at}.png", "train" if at < 20 else "valid" if at < 24 else "test"))
    return path


def volume(folder: Path) -> Path:
    """Write the slices as one stack beside one of their masks."""
    data = load(ISBI)
    order = np.argsort([int(Path(name).stem) for name in data.ids.tolist()])
    for name in ("image", "mask"):
        (folder / "stack" / f"{name}s").mkdir(parents=True, exist_ok=True)
        slices = np.stack([example(data.columns[name], at) for at in order.tolist()])
        np.save(folder / "stack" / f"{name}s" / "isbi.npy", slices[..., 0] if name == "image" else slices)
    return folder / "stack"


def train(claim: str, seed: int, folder: Path) -> dict[str, object]:
    words = [claim]
    if claim == "isbi":
        words = [str(ISBI), "--split-file", str(split_of_slices(folder / "slices.csv"))]
    if claim == "isbi_volume":
        words = [str(volume(folder)), "--stacks", "volumes", "--spacing", "50,4,4", "--valid", "4", "--test", "6"]
    run = folder / f"{claim}-{seed}"
    trained(run, *words, "--time", TIME, "--seed", str(seed), "--split-seed", "0")
    return measure(claim, seed, run)


def measure(claim: str, seed: int, run: Path) -> dict[str, object]:
    metrics = json.loads((run / "metrics.json").read_text())
    row: dict[str, object] = {"claim": claim, "seed": seed, "time": TIME}
    for name in FIGURES[claim]:
        row |= {name: _short(metrics[name]["value"]), f"{name}_low": _short(metrics[name]["low"]),
                f"{name}_high": _short(metrics[name]["high"])}  # fmt: skip
    if claim == "tracks":
        row |= of_tracks(run)
    for each in metrics["baselines"]:
        row[each["name"]] = _short(each[metrics["main"]]["value"])
    return {**row, "epochs": metrics["chosen_epoch"], "training_seconds": round(metrics["seconds"]["training"])}


def of_tracks(folder: Path) -> dict[str, object]:
    """Return F1 at an IoU of 0.5 of tracks that cross no other, and how many of the crossing ones are told apart."""
    run = open_run(folder)
    frames = tracks.make(0)
    data = run_data(run)
    predictions = run.predictions(data.test)
    uncrossed, crossing = [], []
    for at, row in enumerate(data.test.rows.tolist()):
        truth = frames.labels[row].copy()
        alone = set(frames.label[(frames.frame == row) & ~frames.crossing].tolist())
        others = np.isin(truth, list(alone), invert=True) & (truth > 0)
        found: np.ndarray = run.spec.does.said(example(predictions, at), run.spec.target)[1]["objects"]
        touching = np.unique(found[others])
        crossing.append(Contingency.of(np.where(others, truth, 0), np.where(np.isin(found, touching), found, 0)))
        truth[others] = -1  # what they cover is not scored, nor is an object that lies in it
        uncrossed.append(Contingency.of(truth, np.where(np.isin(found, touching[touching > 0]), 0, found)))
    return {
        "f1_uncrossed": _short(float(ObjectCounts.of(uncrossed).figures(np.ones((len(uncrossed), 1)))["pooled_f1"][0])),
        "f1_crossing": _short(float(ObjectCounts.of(crossing).figures(np.ones((len(crossing), 1)))["pooled_f1"][0])),
    }


def run_data(run: Any) -> Any:
    """Load what a run was trained on."""
    from convscope.runs.inputs import load_source

    return load_source(run.source, run.plan)


def mean(rows: list[dict[str, object]], name: str) -> float:
    """Return the mean of a figure over the seeds."""
    return float(np.mean([float(str(row[name])) for row in rows]))


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def main() -> None:
    words = sys.argv[1:]
    seeds = int(words.pop(words.index("--seeds") + 1)) if "--seeds" in words else 1
    keep = words.pop(words.index("--keep") + 1) if "--keep" in words else None
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory() as folder:
        for claim in [word for word in words if word in FIGURES] or FIGURES:
            rows = []
            for seed in range(seeds):
                rows.append(train(claim, seed, Path(folder)))
                record(f"masks_{claim}", rows, key=("claim", "seed"))
            missed = [
                *(f"{name} below {least}" for name, least in LEAST.get(claim, {}).items() if mean(rows, name) < least),
                *(f"{name} above {most}" for name, most in MOST.get(claim, {}).items() if mean(rows, name) > most),
            ]
            print(f"{claim}: {'; '.join(missed) or 'nothing missed'}, mean of {seeds} seed(s)")


if __name__ == "__main__":
    main()
