"""What the main job reaches on real sets: one run a claim, by the command a user would give, with its time and
interval.

``python bench/accuracy.py [NAME ...]`` runs the claims named (all without a name); rows of other claims already
measured are kept.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from record import DATA, record, trained

# claim: (arguments of `convscope train`, split judged, least accuracy, most seconds)
CLAIMS: dict[str, tuple[list[str], str, float, float]] = {
    "mnist-3-epochs": ([str(DATA / "mnist"), "--epochs", "3"], "valid", 0.9900, 600),
    "mnist-auto": ([str(DATA / "mnist")], "test", 0.9950, 600),
    "fashion-auto": ([str(DATA / "fashion_mnist")], "test", 0.930, 900),
    "hymenoptera": ([str(DATA / "hymenoptera")], "valid", 0.0, 900),
    "lung": ([str(DATA / "lc25000_lung" / "lc25000_lung.zip"), "--time", "90s"], "test", 0.0, 900),
    "angles": (["angles", "--model", "single_kernel"], "test", 0.99, 600),
    "squares": (["squares"], "test", 0.0, 600),
    "digits": (["digits"], "test", 0.0, 60),
    "cifar10-jpeg": ([str(DATA / "cifar10" / "cifar10_jpg.tar.gz"), "--epochs", "8"], "test", 0.0, 1800),
}


def measure(name: str) -> dict[str, object]:
    arguments, split, least, most = CLAIMS[name]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        seconds = trained(out, *arguments)
        metrics = json.loads((out / "metrics.json").read_text())
    score = metrics["accuracy"] if metrics["split"] == split else metrics[split]["accuracy"]
    best = max(metrics["baselines"], key=lambda b: b["accuracy"]["value"])
    hog = next(b for b in metrics["baselines"] if b["name"].startswith("HOG"))
    return {
        "claim": name,
        "split": split,
        "accuracy": round(score["value"], 5),
        "low": round(score["low"], 5),
        "high": round(score["high"], 5),
        "target": least,
        "seconds": round(seconds),
        "seconds_allowed": most,
        "best_simple_method": best["name"],
        "its_accuracy": round(best["accuracy"]["value"], 5),
        "hog_accuracy": round(hog["accuracy"]["value"], 5),
        "better_than_hog_by": round(hog["versus"]["difference"]["value"], 5),
        "better_low": round(hog["versus"]["difference"]["low"] or 0, 5),
        "better_high": round(hog["versus"]["difference"]["high"] or 0, 5),
        "trials": 1,
    }


def main() -> None:
    wanted = sys.argv[1:] or list(CLAIMS)
    for name in wanted:
        record("accuracy", [measure(name)], key=("claim",))


if __name__ == "__main__":
    main()
