"""From a finished run to what its report shows."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import torch
from torch import nn

from convscope.data.augment import Policy
from convscope.data.batches import Normaliser
from convscope.data.dataset import Data, Notice, Split
from convscope.data.synthetic import angles
from convscope.report.contents import Augmented, Contents, Predictions, Rival, Samples
from convscope.report.mistakes import missed, worst
from convscope.runs.run import Run
from convscope.training.history import History
from convscope.training.settle import Settled

SAMPLES_PER_CLASS, MOST_SAMPLES = 8, 160
AUGMENTED_IMAGES, VARIANTS = 6, 7


def collect(
    run: Run, data: Data, settled: Settled, history: History, metrics: dict[str, Any], shares: np.ndarray
) -> Contents:
    """Gather one report's contents; ``shares`` (N, K) are the probabilities on the judged split."""
    judged = data.test or data.valid
    binary = metrics.get("binary")
    environment = run.environment
    repeat = f"--config {run.folder / 'config.toml'}"
    return Contents(
        name=run.folder.name,
        created=datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        classes=data.classes,
        metrics=metrics,
        predictions=Predictions(judged.labels, shares, judged.ids),
        headline={
            "data": f"{data.name}: {sum(map(len, data.splits)):,} images, {len(data.classes)} classes",
            "network": f"{run.spec.model}, {sum(p.numel() for p in run.model.parameters()):,} weights",
            "training": f"{len(history.epochs)} epochs in {history.epochs[-1]['seconds']:.0f} s",
        },
        plan=_plan(settled),
        facts=data.facts,
        warnings=(*data.warnings, *(Notice("training", text) for text in metrics["notices"])),
        samples=_samples(data.train),
        augmented=_augmented(data, settled),
        epochs={name: [row[name] for row in history.epochs] for name in history.epochs[0]},
        steps=_steps(history, data, settled),
        worst=worst(judged, shares),
        missed=missed(judged, shares, binary["missed"]) if binary else (),
        kernels=_first_kernels(run.model),
        handmade=_handmade(run),
        rivals=tuple(
            Rival(b["name"], b["what"], b["accuracy"], b["versus"], b["seconds"], b["train_rows"], b["stopped_early"])
            for b in metrics["baselines"]
        ),
        environment=_environment(environment),
        timing=metrics["seconds"],
        shell=f"convscope train {repeat}",
        python=f"import convscope as cs\n\nrun = cs.open_run({str(run.folder)!r})\nrun.predict(['image.png'])",
    )  # fmt: skip


def _plan(settled: Settled) -> dict[str, str]:
    reasons = settled.reasons
    values = settled.plan.to_dict()
    return {
        name: f"{value}" + (f"  ({reasons[name]})" if name in reasons else "")
        for name, value in values.items()
        if value != {}
    }


def _environment(values: dict[str, Any]) -> dict[str, str]:
    flat = {
        key: value for key, value in values.items() if key not in ("packages", "memory_bytes") and value is not None
    }
    flat["memory"] = f"{values['memory_bytes'] / 2**30:.0f} GiB"
    return {key.replace("_", " "): str(value) for key, value in {**flat, **values["packages"]}.items()}


def _samples(split: Split) -> Samples:
    """Take the first images of each class, so that a report of the same data shows the same pictures."""
    classes = np.unique(split.labels)
    each = max(1, min(SAMPLES_PER_CLASS, MOST_SAMPLES // len(classes)))
    at = np.concatenate([np.flatnonzero(split.labels == k)[:each] for k in classes[:MOST_SAMPLES]])
    return Samples(split.images(at), split.labels[at])


def _augmented(data: Data, settled: Settled) -> Augmented | None:
    policy = Policy.parse(settled.plan.augment)
    if str(policy) == "none":
        return None
    at = np.linspace(0, len(data.train) - 1, min(AUGMENTED_IMAGES, len(data.train))).astype(int)
    rows = data.train.rows[at]
    normalise = Normaliser(data.preprocessing)
    x = normalise(np.asarray(data.train.pixels)[rows])
    views = torch.stack([policy(x, rows, seed=settled.plan.seed, epoch=e) for e in range(VARIANTS)], 1)
    raw = (views / normalise.scale + normalise.mean).numpy()
    return Augmented(data.train.images(at), _as_stored(raw, data.preprocessing.dtype))


def _as_stored(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "float32":
        return values
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)


def _steps(history: History, data: Data, settled: Settled) -> dict[str, np.ndarray]:
    steps = history.steps()
    each = np.bincount(steps["epoch"])[1:]
    within = np.concatenate([np.arange(1, n + 1) / n for n in each if n])
    return {**steps, "epoch": steps["epoch"] - 1 + within}


def _first_kernels(model: nn.Module) -> np.ndarray | None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            return module.weight.detach().numpy()
        if isinstance(module, nn.Linear):  # pixels went into a dense layer first: there are no kernels to show
            return None
    return None


def _handmade(run: Run) -> np.ndarray | None:
    """Return the kernel that a person would draw, where the set has one and the network a single kernel of its size."""
    if run.spec.model != "single_kernel" or run.source != "angles":
        return None
    learned, drawn = _first_kernels(run.model), angles.handmade_kernel()
    return drawn[None] if learned is not None and learned.shape[2:] == drawn.shape else None
