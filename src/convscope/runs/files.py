"""Every file name of a run folder, and of the folder of a comparison, once; and whether a folder is that of a run."""

from __future__ import annotations

from pathlib import Path

from convscope.errors import CheckpointError, nearest, quoted
from convscope.text import listed

CONFIG = "config.toml"
WEIGHTS = "model.safetensors"
STATE = "last"
STEPS = "steps.csv"
EPOCHS = "epochs.csv"
SPLIT = "split.csv"
PREDICTIONS = "predictions.csv"
METRICS = "metrics.json"
ENVIRONMENT = "env.json"
EXPLANATION_CHECKS = "explanation_checks.json"
REPORT = "report.html"
FIGURES = "figures"
# What a training writes: where it could not be, the training is resumed.
OF_TRAINING = (WEIGHTS, STEPS, EPOCHS, SPLIT, PREDICTIONS, METRICS, ENVIRONMENT, REPORT)

SERIES = "series.toml"  # in the folder that holds the runs of a series
COMPARISON = "comparison"  # .html, .csv and .json


def check_is_run(folder: Path) -> None:
    """Raise ``CheckpointError`` unless a run has begun in this folder; say what is there and what to do."""
    if (folder / CONFIG).is_file():
        return
    if not folder.exists():
        beside = [at.name for at in folder.parent.glob("*") if (at / CONFIG).exists()]
        problem = f"no such folder{nearest(folder.name, beside)}"
    elif not folder.is_dir():
        problem = "it is a file" + (f"; the run is {folder.parent}" if (folder.parent / CONFIG).exists() else "")
    elif runs := sorted(str(at.parent) for at in folder.glob(f"*/{CONFIG}")):
        problem = f"it holds runs; name one: {listed(runs)}"
    elif (folder / WEIGHTS).exists() or (folder / STATE).exists():
        problem = f"its {CONFIG}, which says what was trained, is missing; put back a copy"
    elif all(at.suffix == ".new" or at.name.startswith(".") for at in folder.iterdir()):
        problem = (
            "it is empty, as after a training that was stopped before its first file; there is nothing to go on with: "
            f"begin again with convscope train DATA --out {quoted(folder)}"
        )
    else:
        problem = f"it holds no {CONFIG}"
    raise CheckpointError(f"{folder} is not a run folder: {problem}")
