"""ResNet-18 as the engine runs it against plain eager float32: a training step at 3×49×49, and inference at 3×224×224.

Both in one process, the same weights and images, in turns; glibc keeps freed memory for both. Training: bfloat16 and
memory order as ``training.autotune`` finds them. Inference: ``training.accelerate.inference_model``, in float32 and in
bfloat16. The ceiling is that of a large matrix product: what bfloat16 can bring at most here stands beside the
figures.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from record import alternate, rate, ratio, record
from torch import nn

from convscope.data.batch import Batch
from convscope.models import create
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training.accelerate import inference_model
from convscope.training.autotune import fastest
from convscope.training.defaults import ResolvedPlan
from convscope.training.machine import ceiling
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan
from convscope.training.profile import Trial

ROUNDS, SECONDS = 7, 2.0


def training(batch: int = 64) -> dict[str, Callable[[], float]]:
    plain = {"amp": False, "channels_last": False, "compile": False, "rewrite": False}
    plan = make_plan({"model": "resnet18", "opt": "adamw", "lr": 0.001, "epochs": 100, "batch_size": batch})
    torch.manual_seed(0)
    net = create("resnet18", classes=2, channels=3, size=(49, 49))
    images = Batch(np.arange(batch), (torch.randn(batch, 3, 49, 49),), (torch.randint(2, (batch,)),))
    objective = CrossEntropy(2)
    with tempfile.TemporaryDirectory() as folder:
        memory = Path(folder) / "speeds.json"
        found = fastest(ResolvedPlan(plan, {}), net, images, objective, images=10_000, memory=memory)
    print(found.reasons["amp"], file=sys.stderr)
    forms = {"eager float32": make_plan({**plan.to_dict(), **plain}), "convscope": found.plan}
    trials = {name: Trial(net, images, form, objective) for name, form in forms.items()}
    return {name: rate(trial.step, batch, SECONDS) for name, trial in trials.items()}


def inference(batch: int) -> dict[str, Callable[[], float]]:
    torch.manual_seed(0)
    net = create("resnet18", classes=1000, channels=3, size=(224, 224)).eval()
    plain = torch.randn(batch, 3, 224, 224)
    images = plain.contiguous(memory_format=torch.channels_last)
    forms = {
        "eager float32": (net, plain),
        "convscope float32": (inference_model(net, channels_last=True), images),
        "convscope": (inference_model(net, channels_last=True, amp=True), images),
    }

    def answer(model: nn.Module, x: torch.Tensor) -> Callable[[], object]:
        def call() -> object:
            with torch.inference_mode():
                return model(x)

        return call

    return {name: rate(answer(*form), batch, SECONDS) for name, form in forms.items()}


def main() -> None:
    keep_freed_memory()
    limit = ceiling("cpu", torch.bfloat16) / ceiling("cpu", torch.float32)
    rows: list[dict[str, object]] = []
    for job, contenders, target in (
        ("training 3x49x49, batch 64", training(), 1.35),
        ("inference 3x224x224, batch 1", inference(1), 6.0),
        ("inference 3x224x224, batch 32", inference(32), 7.5),
    ):
        found = alternate(contenders, ROUNDS)
        for name in contenders:
            rows.append(
                {
                    "job": job,
                    "form": name,
                    "images_per_second": round(statistics.median(found[name]), 1),
                    "ratio": round(ratio(found[name], found["eager float32"]), 3),
                    "target": target if name == "convscope" else "",
                    "bfloat16_ceiling_over_float32": round(limit, 2),
                    "trials": ROUNDS,
                }
            )
    record("resnet", rows)


if __name__ == "__main__":
    main()
