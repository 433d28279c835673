"""From a finished run to what its report shows."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from torch import nn

from convscope.data.augment import Policy
from convscope.data.dataset import Data, Notice, Split
from convscope.data.spec import TargetSpec
from convscope.data.synthetic import angles
from convscope.errors import quoted
from convscope.models import entry, own
from convscope.models.equivariant import Lifting
from convscope.report import texts
from convscope.report.augmented import augmented
from convscope.report.clips import clips_of
from convscope.report.contents import Augmented, Baseline, Contents, Samples
from convscope.report.inside.collect import in_report
from convscope.report.section import Judged, report_of, shows_images
from convscope.report.sequences.collect import sequences
from convscope.report.text import targets
from convscope.runs import files
from convscope.runs.run import Run
from convscope.text import count
from convscope.training.defaults import ResolvedPlan
from convscope.training.history import History

AUGMENTED_IMAGES, VARIANTS = 6, 7


def collect(
    run: Run, data: Data, settled: ResolvedPlan, history: History, metrics: dict[str, Any], predictions: np.ndarray
) -> Contents:
    """Gather one report's contents; ``predictions`` (N, ...) are those for the judged split."""
    report = report_of(run.spec.task)
    judged, noun = data.test or data.valid, run.spec.noun
    predicted = "['image.png']" if noun == "image" else f"{noun}s"
    return Contents(
        name=run.folder.name,
        created=datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M"),
        task=run.spec.task,
        noun=noun,
        mechanism=entry(run.spec.model).mechanism,
        metrics=metrics,
        own=report.own(Judged(data, judged, predictions, metrics, run.spec.target, run.model)),
        headline={
            "data": f"{data.name}: {count(sum(map(len, data.splits)), noun)}, {targets(run.spec.target)}",
            "network": f"{run.spec.model}, {sum(p.numel() for p in run.model.parameters()):,} weights",
            "training": f"{len(history.epochs)} epochs in {history.epochs[-1]['seconds']:.0f} s",
        },
        plan=_plan(settled, metrics),
        facts=data.facts,
        warnings=(*data.warnings, *_told(metrics)),
        samples=_samples(data.train, report.samples(data.train)) if shows_images(data.train) else None,
        clips=clips_of(data.train, report.samples(data.train)),
        augmented=_augmented(data, settled, run.spec.target),
        epochs={name: [row[name] for row in history.epochs] for name in history.epochs[0]},
        steps=_steps(history),
        kernels=_first_kernels(run.model),
        handmade=_handmade(run),
        lengths=texts.lengths(data.train),
        windows=texts.windows(run.model, data.train),
        sequences=sequences(run, data, judged, predictions),
        inside=in_report(run, judged, predictions),
        baselines=tuple(_baseline(row, metrics["main"]) for row in metrics["baselines"]),
        environment=_environment(run.environment),
        timing=metrics["seconds"],
        shell=f"convscope train --config {quoted(run.folder / files.CONFIG)}",
        python=f"import convscope as cs\n\nrun = cs.open_run({_opened(run)})\nrun.predict({predicted})",
    )


def _baseline(row: dict[str, Any], main: str) -> Baseline:
    return Baseline(
        row["name"], row["what"], row[main], row["versus"], row["seconds"], row["train_rows"], row["stopped_early"]
    )


def _opened(run: Run) -> str:
    """Return the arguments that open the run."""
    return repr(str(run.folder)) + (", model=..." if own.is_object(run.spec.model) else "")


def _plan(settled: ResolvedPlan, metrics: dict[str, Any]) -> dict[str, str]:
    """Return the settings with their reasons; the stages in words, and where the first weights came from."""
    reasons = settled.reasons
    values = settled.plan.to_dict()
    if values.pop("stages", None):
        values |= {f"stage {number}": text for number, text in enumerate(metrics["stages"], 1)}
    if begun := metrics.get("pretrained"):
        values["pretrained"] = f"{begun['source']}, SHA-256 {begun['sha256']}"
    return {
        name: f"{value}" + (f"  ({reasons[name]})" if name in reasons else "")
        for name, value in values.items()
        if value != {}
    }


def _told(metrics: dict[str, Any]) -> list[Notice]:
    weights = metrics.get("pretrained", {}).get("notes", ())
    return [*(Notice("weights", text) for text in weights), *(Notice("training", text) for text in metrics["notices"])]


def _environment(values: dict[str, Any]) -> dict[str, str]:
    apart = ("packages", "memory_bytes", "pretrained", "code")
    flat = {key: value for key, value in values.items() if key not in apart and value is not None}
    flat["memory"] = f"{values['memory_bytes'] / 2**30:.0f} GiB"
    return {key.replace("_", " "): str(value) for key, value in {**flat, **values["packages"]}.items()}


def _samples(split: Split, at: np.ndarray) -> Samples | None:
    if split.input.spec.kind != "image":
        return None
    return Samples(split.images(at), split[at].target)


def _augmented(data: Data, settled: ResolvedPlan, target: TargetSpec) -> Augmented | None:
    policy = Policy.parse(settled.plan.augment)
    if str(policy) == "none" or data.train.input.spec.kind != "image":
        return None
    at = np.linspace(0, len(data.train) - 1, min(AUGMENTED_IMAGES, len(data.train))).astype(int)
    return augmented(data, policy, at, seed=settled.plan.seed, epochs=VARIANTS, target=target)


def _steps(history: History) -> dict[str, np.ndarray]:
    steps = history.steps()
    each = np.bincount(steps["epoch"])[1:]
    within = np.concatenate([np.arange(1, n + 1) / n for n in each if n])
    return {**steps, "epoch": steps["epoch"] - 1 + within}


def _first_kernels(model: nn.Module) -> np.ndarray | None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d | Lifting):
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
