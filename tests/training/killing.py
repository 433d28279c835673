"""A training killed at random moments and resumed each time, beside one that is left alone.

Run as a program it is the command line, saving whenever it can, so that many kills fall into a save.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAME = ("epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr")  # the others are times


@dataclass(frozen=True)
class Survived:
    """How often it was killed, in how many of these it was writing a state, and whether it ended the same."""

    kills: int
    while_saving: int
    steps: int
    same_weights: bool
    same_steps: bool
    same_epochs: bool


def survive(arguments: Sequence[object], folder: Path, *, kills: int, seed: int) -> Survived:
    """Train with these arguments of ``convscope train``: undisturbed in ``folder/whole``, killed in ``folder/cut``.

    Fewer ``kills`` than asked for, where the machine has become so much faster that the training ends before.
    """
    whole, cut = folder / "whole", folder / "cut"
    subprocess.run([sys.executable, "-m", "convscope", "train", *map(str, arguments), "--out", whole], check=True)
    seconds = json.loads((whole / "metrics.json").read_text())["seconds"]["training"]
    rng, done, while_saving = random.Random(seed), 0, 0
    while done < kills:
        process = _begin(["--resume", cut] if done else ["--config", whole / "config.toml", "--out", cut])
        time.sleep(rng.uniform(0, 1.5 * seconds / kills))
        process.kill()
        process.communicate()
        if process.returncode == 0:  # quicker than the one that was left alone
            break
        done += 1
        while_saving += (cut / "last.new").exists() or not (cut / "last").exists()
    else:
        subprocess.run([sys.executable, "-m", "convscope", "train", "--resume", cut], check=True)
    assert not [*cut.glob("*.new"), *cut.glob("*.old")]
    a, b = _columns(whole / "epochs.csv"), _columns(cut / "epochs.csv")
    return Survived(
        done,
        while_saving,
        len(_columns(whole / "steps.csv")["loss"]),
        _checksum(whole / "model.safetensors") == _checksum(cut / "model.safetensors"),
        (whole / "steps.csv").read_bytes() == (cut / "steps.csv").read_bytes(),
        all(a[name] == b[name] for name in SAME),
    )


def _begin(arguments: Sequence[object]) -> subprocess.Popen[str]:
    """Start a training that saves often; return when its plan is shown and the first step is near."""
    process = subprocess.Popen(
        [sys.executable, "-u", __file__, "train", *map(str, arguments)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "COLUMNS": "500"},
    )  # fmt: skip
    assert process.stdout is not None
    if not any("run folder" in line for line in process.stdout):
        raise RuntimeError(f"it ended with exit code {process.wait()} before it trained")
    return process


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _columns(path: Path) -> dict[str, list[str]]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return {name: [row[at] for row in rows] for at, name in enumerate(header)}


if __name__ == "__main__":
    from convscope.cli.app import main
    from convscope.training import autosave

    autosave.EVERY = 0.0
    main()
