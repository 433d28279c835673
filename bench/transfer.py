"""An epoch of a head on features computed once, against an epoch of fine-tuning: seconds, and their ratio.

SqueezeNet 1.0 with its ImageNet weights on the 244 ants and bees, 227 x 227, in the form that the probe finds
fastest; evaluation of the 153 validation photographs included. The one pass that computes the features stands beside.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch
from record import DATA, alternate, ratio, record

from convscope.runs.prepare import prepare
from convscope.runs.source import load_source, scaled_for, weights_of
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan

ROUNDS, HEAD = 3, 10
WEIGHTS = DATA / "squeezenet1_0_imagenet" / "squeezenet1_0_imagenet.npz"


class Nowhere:
    def keep_state(self, state: object) -> None: ...
    def keep_weights(self, weights: object, epoch: int) -> None: ...


def main() -> None:
    torch.set_num_threads(2)
    keep_freed_memory()
    stages = [{"epochs": HEAD, "lr": 0.003, "freeze": ["trunk"], "augment": False}, {"epochs": 2, "lr": 0.0003}]
    plan = make_plan({"model": "squeezenet1_0", "pretrained": str(WEIGHTS), "stages": stages})
    weights = weights_of(plan)
    assert weights is not None
    data, _ = scaled_for(load_source(DATA / "hymenoptera", plan, weights=weights), weights)
    passes: list[float] = []
    latest: list[float] = []  # seconds at the end of each epoch

    def head() -> float:
        ready = prepare(data, plan, weights)
        outcome = fit(
            ready.model, ready.train, ready.valid, ready.plan, ready.loss, classes=len(data.classes),
            keeper=Nowhere(), select="last", form=ready.form,
        )  # fmt: skip
        latest[:] = [row["seconds"] for row in outcome.history.epochs]
        each = (latest[HEAD - 1] - latest[0]) / (HEAD - 1)
        passes.append(latest[0] - each)
        return each

    def fine() -> float:
        return latest[HEAD + 1] - latest[HEAD]

    contenders: dict[str, Callable[[], float]] = {"head on features computed once": head, "fine-tuning": fine}
    found = alternate(contenders, ROUNDS)
    once, each = found.values()
    rows = [
        {"what": name, "seconds_per_epoch": statistics.median(seconds), "trials": ROUNDS}
        for name, seconds in found.items()
    ]
    rows[0] |= {"features_once_seconds": statistics.median(passes), "fine_tuning_takes_times": ratio(each, once)}
    rows[1] |= {"features_once_seconds": "", "fine_tuning_takes_times": ""}
    record("transfer", rows)


if __name__ == "__main__":
    main()
