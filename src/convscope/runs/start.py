"""What a run begins with, written down before its first step: settings, split, environment, source of its weights.

A run that goes on finds here what it began with, and is refused where that has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convscope.data.dataset import Data
from convscope.data.transforms import ClipTransform, ImageTransform
from convscope.errors import CheckpointError
from convscope.models import own
from convscope.models.weights import Weights
from convscope.runs import files
from convscope.runs.checksum import noted, weights_hash, written_metrics
from convscope.runs.environment import environment
from convscope.runs.inputs import rescaled, scaled_for
from convscope.runs.run import open_run
from convscope.runs.setup import Expected, Training
from convscope.runs.write import config_text, json_text, split_text, write_files
from convscope.training.defaults import ResolvedPlan
from convscope.training.plan import Plan


@dataclass(frozen=True)
class Prepared:
    """What is known before the first step: shown to the user as the plan.

    ``stages`` says what each stage does, where there are any; ``pretrained`` where weights came from (``source``,
    ``sha256``), and ``notes`` on what was done to them. ``followed``: what the figures of an epoch are called.
    """

    folder: Path
    data: Data
    settled: ResolvedPlan
    parameters: int
    estimate: Expected
    resumed: bool
    stages: tuple[str, ...] = ()
    pretrained: dict[str, Any] | None = None
    followed: Mapping[str, str] = field(default_factory=dict)


def prepared(
    folder: Path, data: Data, training: Training, pretrained: dict[str, Any] | None, *, resumed: bool
) -> Prepared:
    """Return what is known of a training that is ready to begin."""
    count = sum(p.numel() for p in training.model.parameters())
    settled, expected = training.settled, training.expected
    followed = training.spec.does.followed(training.spec.target)
    return Prepared(folder, data, settled, count, expected, resumed, training.stages, pretrained, followed)


def scaled(data: Data, plan: Plan, weights: Weights | None, begun: Path | None) -> tuple[Data, tuple[str, ...]]:
    """Return the set scaled as the weights ask for, and what is to be said of it; a run goes on as it ``begun``."""
    if begun is not None and plan.pretrained:
        own = open_run(begun).spec.preprocessing
        if isinstance(own, ClipTransform | ImageTransform):
            data = data.with_transform(rescaled(data.preprocessing, own.mean, own.std))
        return data, ()
    return (data, ()) if weights is None else scaled_for(data, weights)


def keeps_alpha(begun: Path | None) -> bool:
    """Return whether the network of a run that goes on takes the opacity of images as a channel, as older ones do."""
    if begun is None:
        return False
    rule = open_run(begun).spec.preprocessing
    return isinstance(rule, ImageTransform) and rule.channels in (2, 4)


def pretrained_with(weights: Weights | None, notes: tuple[str, ...], folder: Path) -> dict[str, Any] | None:
    """Return what is to be known of the weights a run begins with, or what it noted when it began."""
    if weights is not None:
        return {"source": weights.source, "sha256": weights.sha256, "notes": [*weights.notes, *notes]}
    return noted(folder).get("pretrained")


def began_with(folder: Path) -> str | None:
    """Return the fingerprint of the data that a run began with, if it has noted one."""
    return noted(folder).get("data_fingerprint")


def check_unchanged(folder: Path, data: Data) -> None:
    """Raise ``CheckpointError`` where examples, targets or splits are no longer those that the run began with."""
    if (began_with(folder) or data.fingerprint) != data.fingerprint:
        raise CheckpointError(
            f"the examples, targets or splits of {data.source} have changed since {folder} began (its "
            f"{files.SPLIT} lists them); put them back, or start a new run"
        )


def write_beginning(folder: Path, plan: Plan, data: Data, pretrained: dict[str, Any] | None) -> None:
    """Write what the run begins with: all of it, or (``SaveError``) nothing.

    A finished run that goes on keeps its figures until new ones stand. They name the weights that they are of, and
    ``env.json`` no longer calls the run finished.
    """
    source = {} if pretrained is None else {"pretrained": pretrained}
    if code := own.file_of(plan.model):
        source["code"] = code
    contents = {
        **_older_metrics(folder),
        files.CONFIG: config_text(plan, data.source),
        files.SPLIT: split_text(data),
        files.ENVIRONMENT: json_text({**environment(), "data_fingerprint": data.fingerprint, **source}),
    }
    if not (folder / files.CONFIG).exists():  # a kill in between leaves a run that can go on
        contents = dict(reversed(contents.items()))
    write_files(folder, contents)


def _older_metrics(folder: Path) -> dict[str, str]:
    """Return ``metrics.json`` with the weights that it is of, where an earlier version did not name them."""
    metrics = written_metrics(folder)
    if metrics is None or "weights_sha256" in metrics or not (folder / files.WEIGHTS).exists():
        return {}
    return {files.METRICS: json_text({"weights_sha256": weights_hash(folder), **metrics})}
