"""What landmarks reach on 69 faces with 68 points, by the command a user would give: five folds, each tested once.

``python bench/faces.py [whole|crop ...]`` trains and records both claims, or those named; ``whole=FOLDER`` takes a
finished series instead. The figures are those of all folds together, with intervals over images.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from record import DATA, record, trained

# claim: (further arguments, figure, most that it may be)
CLAIMS: dict[str, tuple[list[str], str, float]] = {
    "whole": ([], "median_nme", 0.25),
    "crop": (["--crop-points", "0.2"], "nme", 0.080),
}


def measure(claim: str, folder: Path) -> dict[str, object]:
    _, figure, most = CLAIMS[claim]
    found = json.loads((folder / "comparison.json").read_text())
    pooled = found["networks"][0]["pooled"]
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*/metrics.json"))]
    seconds = [run["seconds"]["training"] for run in runs]
    beside = {name: _mean(runs, name) for name in (baseline["name"] for baseline in runs[0]["baselines"])}
    return {
        "claim": claim,
        "images": found["examples"],
        "figure": figure,
        "value": round(pooled[figure]["value"], 4),
        "low": round(pooled[figure]["low"], 4),
        "high": round(pooled[figure]["high"], 4),
        "most": most,
        "nme": round(pooled["nme"]["value"], 4),
        "median_nme": round(pooled["median_nme"]["value"], 4),
        "nme_by_fold": " ".join(f"{run['nme']['value']:.4f}" for run in runs),
        "median_by_fold": " ".join(f"{run['median_nme']['value']:.4f}" for run in runs),
        **{f"{name}, nme": round(value, 4) for name, value in beside.items()},
        "seconds_a_fold": round(sum(seconds) / len(seconds)),
    }


def _mean(runs: list[dict[str, Any]], name: str) -> float:
    """Return the normalised mean error of a simple method over all images."""
    total = sum(run["examples"] for run in runs)
    scored = ({each["name"]: each for each in run["baselines"]}[name]["nme"]["value"] * run["examples"] for run in runs)
    return sum(scored) / total


def main() -> None:
    rows = []
    for word in sys.argv[1:] or CLAIMS:
        claim, _, given = word.partition("=")
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(given or Path(temporary) / claim)
            if not given:
                trained(folder, str(DATA / "faces"), "--folds", "5", *CLAIMS[claim][0])
            rows.append(measure(claim, folder))
    record("faces", rows, key=("claim",))
    for row in rows:
        if row["value"] > row["most"]:
            raise SystemExit(f"{row['claim']}: {row['figure']} {row['value']} is above {row['most']}")


if __name__ == "__main__":
    main()
