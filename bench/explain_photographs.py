"""What checks say of methods of explanation on SqueezeNet 1.0 with weights of ImageNet, over 32 photographs of bees.

Run: python bench/explain_photographs.py [METHOD ...]. The photographs are the validation bees of the hymenoptera set,
of which the network says what it will: each is explained for its own answer.
"""

from __future__ import annotations

import argparse
import time

import torch
from record import DATA, record

from convscope.explaining.explanation import methods_of
from convscope.runs.explaining import Explainer, Question
from convscope.runs.published import published
from convscope.runs.verdicts import verdicts_on

METHODS = ("guided", "gradient", "gradcam")
PHOTOGRAPHS = 32
BEE = "309"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=METHODS)
    asked = parser.parse_args()
    weights = DATA / "squeezenet1_0_imagenet" / "squeezenet1_0_imagenet.npz"
    predictor = published("squeezenet1_0", weights).predictor
    photographs = sorted((DATA / "hymenoptera" / "val" / "bees").glob("*.jpg"))[:PHOTOGRAPHS]
    right = sum(each.label == BEE for each in predictor.predict(photographs))
    rows: list[dict[str, object]] = []
    for name in asked.methods:
        began = time.process_time()
        explainer = Explainer(predictor, Question(methods_of(name)))
        checks = verdicts_on(explainer, photographs, asked=True).checks[name]
        assert checks.random_weights is not None
        gains = {
            f"deletion_{fill.fill}_{end}": getattr(fill.against[0].deletion_gain, end)
            for fill in checks.deletion
            for end in ("value", "low", "high")
        }
        rows.append({
            "method": name, "photographs": checks.examples, "called_bee": right,
            "random_weights": checks.random_weights.last.value, **gains, "passed": checks.passed,
            "verdict": checks.verdict, "cpu_seconds": time.process_time() - began,
            "threads": torch.get_num_threads(), "trials": 1,
        })  # fmt: skip
        print(name, checks.verdict, flush=True)
    record("explain_photographs", rows)


if __name__ == "__main__":
    main()
