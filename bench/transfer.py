"""An epoch of a head on features computed once, against an epoch of fine-tuning: seconds, and their ratio.

SqueezeNet 1.0 with its ImageNet weights on the 244 ants and bees, 227 x 227, and a ResNet-18 on the 1,180 lung tiles
brought to 49 x 49, 64 a step, whose trunk is as it was drawn: what it holds changes no time. Each in the form that the
probe finds fastest; evaluation of the validation images included. The one pass that computes the features stands
beside.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import torch
from record import DATA, alternate, ratio, record
from steps_clock import Nowhere

from convscope.data.dataset import Data
from convscope.models.weights import Weights
from convscope.runs.inputs import load_source, scaled_for, weights_of
from convscope.runs.setup import prepare
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import Plan, make_plan

ROUNDS, HEAD = 3, 10
WEIGHTS = DATA / "squeezenet1_0_imagenet" / "squeezenet1_0_imagenet.npz"
STAGES = [{"epochs": HEAD, "lr": 0.003, "freeze": ["trunk"], "augment": False}, {"epochs": 2, "lr": 0.0003}]


def cases() -> Iterator[tuple[str, Data, Plan, Weights | None]]:
    plan = make_plan({"model": "squeezenet1_0", "pretrained": str(WEIGHTS), "stages": STAGES})
    weights = weights_of(plan)
    assert weights is not None
    data, _ = scaled_for(load_source(DATA / "hymenoptera", plan, weights=weights), weights)
    yield "SqueezeNet 1.0, 3x227x227", data, plan, weights
    plan = make_plan({"model": "resnet18", "img_size": 49, "batch_size": 64, "stages": STAGES})
    yield "ResNet-18, 3x49x49", load_source(DATA / "lc25000_lung", plan), plan, None


def measured(case: str, data: Data, plan: Plan, weights: Weights | None) -> list[dict[str, object]]:
    passes: list[float] = []
    latest: list[float] = []  # seconds at the end of each epoch

    def head() -> float:
        ready = prepare(data, plan, weights)
        outcome = fit(
            ready.model, ready.train, ready.valid, ready.plan, ready.objective,
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
    rows: list[dict[str, object]] = [
        {"case": case, "what": name, "seconds_per_epoch": statistics.median(seconds), "trials": ROUNDS}
        for name, seconds in found.items()
    ]
    rows[0] |= {"features_once_seconds": statistics.median(passes), "fine_tuning_takes_times": ratio(each, once)}
    rows[1] |= {"features_once_seconds": "", "fine_tuning_takes_times": ""}
    return rows


def main() -> None:
    torch.set_num_threads(2)
    keep_freed_memory()
    record("transfer", [row for case in cases() for row in measured(*case)])


if __name__ == "__main__":
    main()
