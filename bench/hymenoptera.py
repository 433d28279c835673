"""Ants from bees by 244 photographs: SqueezeNet 1.0 from ImageNet's weights, with its features frozen, from scratch.

Every row is one run of the command a user would give, with its default plan otherwise; from scratch the photographs
are brought to the 227 pixels that the weights ask for, too. Accuracy is that of the 153 validation photographs with
its 95 % interval, after the last epoch. The set has no others: the default rates of fine-tuning were chosen with these
in view. ``seconds`` is the whole command without the simple methods.

``python bench/hymenoptera.py [NAME:SEED ...]`` runs the rows named (all without a name), such as ``frozen:1``; rows of
others are kept.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path

from record import DATA, record, trained

from convscope.runs.run import open_run

WEIGHTS = DATA / "squeezenet1_0_imagenet" / "squeezenet1_0_imagenet.npz"
SEEDS = (0, 1, 2)
# contender: (its flags, least accuracy)
CONTENDERS: dict[str, tuple[list[str], float | str]] = {
    "default": (["--pretrained", str(WEIGHTS)], 0.92),
    "frozen": (["--pretrained", str(WEIGHTS), "--freeze", "trunk"], 0.88),
    "scratch": (["--img-size", "227"], ""),
}


def measure(name: str, seed: int) -> dict[str, object]:
    flags, least = CONTENDERS[name]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        seconds = trained(
            out, str(DATA / "hymenoptera"), "--model", "squeezenet1_0", *flags,
            "--seed", str(seed), "--split-seed", "0", "--no-baselines",
        )  # fmt: skip
        run = open_run(out)
        metrics, epochs = run.metrics, len(run.epochs["epoch"])
    assert metrics["split"] == "valid"  # the set brings no test split
    return {
        "contender": name,
        "seed": seed,
        "valid_images": metrics["examples"],
        "accuracy": round(metrics["accuracy"]["value"], 4),
        "low": round(metrics["accuracy"]["low"], 4),
        "high": round(metrics["accuracy"]["high"], 4),
        "target": least,
        "epochs": epochs,
        "chosen_epoch": metrics["chosen_epoch"],
        "seconds": round(seconds),
        "trials": 1,
    }


def main() -> None:
    order = [f"{name}:{seed}" for name, seed in product(CONTENDERS, SEEDS)]
    for row in sys.argv[1:] or order:
        if row not in order:
            sys.exit(f"no row is called {row!r}; there are: {', '.join(order)}")
        name, _, seed = row.partition(":")
        record("hymenoptera", [measure(name, int(seed))], key=("contender", "seed"))


if __name__ == "__main__":
    main()
