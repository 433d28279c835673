"""The data of a run, loaded with the data settings of its plan, and scaled as the weights it begins with ask for."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from convscope.data.dataset import Data
from convscope.data.ingest.build import Progress
from convscope.data.ingest.layout import SIDE
from convscope.data.loading import load_with
from convscope.data.options import PLACES, LoadOptions
from convscope.data.transforms import ClipTransform, Transform
from convscope.errors import ConfigError, DataError
from convscope.models.weights import Weights, read_weights
from convscope.runs import files
from convscope.runs.checksum import check_weights
from convscope.tasks.registry import task
from convscope.training.plan import Plan

UNITS = {"uint8": 1, "uint16": 257}  # raw units in one of 0..255


def load_source(
    source: str | Path,
    plan: Plan,
    progress: Progress | None = None,
    weights: Weights | None = None,
    *,
    began_with: str | None = None,
    alpha: bool = False,
) -> Data:
    """Load what is at a path or has a name, as the plan says; larger images become the size of the ``weights``.

    ``began_with`` is the fingerprint of the data that a run began with: where its splits were drawn without regard to a
    column that is taken for groups today, they are drawn so again. ``alpha`` keeps the opacity of images as a channel,
    for a network that takes it as one.
    """
    if not isinstance(source, str | os.PathLike):
        raise DataError(
            f"expected a path, the name of a set or loaded data, found {type(source).__name__}; arrays become data "
            "with convscope.from_arrays(x, y)"
        )
    load_as = partial(_load, source, progress=progress, weights=weights, alpha=alpha)
    ungrouped = replace(plan, group="none")
    try:
        data = load_as(plan)
    except DataError:
        if began_with is None or plan.group is not None:
            raise
        if (before := load_as(ungrouped)).fingerprint != began_with:
            raise
        return before
    if began_with in (None, data.fingerprint) or plan.group is not None or data.train.groups is None:
        return data
    before = load_as(ungrouped)
    return before if before.fingerprint == began_with else data


def _load(source: str | Path, plan: Plan, *, progress: Progress | None, weights: Weights | None, alpha: bool) -> Data:
    options = LoadOptions.of(plan, alpha=alpha, side=(weights and weights.side) or SIDE)
    return as_learned(load_with(source, options, progress), plan.task)


def as_learned(data: Data, name: str) -> Data:
    """Return a set with the columns as targets that the task of this name learns; as it is where the data decide."""
    return data if name == "auto" else task(name).of(data)


def as_loaded(plan: Plan, data: Data) -> Plan:
    """Return the plan with the settings that a set was loaded with, so that the run can be repeated from its folder.

    ``ConfigError`` where the plan asks for others: a set that is loaded does not change any more.
    """
    options = dict(data.options)
    if options and plan.split_seed is None and plan.seed == options["split_seed"]:
        del options["split_seed"]  # as the seed says already
    usual = Plan()
    for name, loaded in options.items():
        asked = getattr(plan, name)
        if asked not in (getattr(usual, name), loaded) and name not in PLACES:
            raise ConfigError(
                f"setting {name!r}: the set was loaded with {loaded!r}, not {asked!r}: give it to convscope.load "
                f"({'seed' if name == 'split_seed' else name}=...), or give the path or name of the set"
            )
    taken = {name: value for name, value in options.items() if name not in PLACES or getattr(plan, name) is None}
    return replace(plan, **taken)


def weights_of(plan: Plan, progress: Progress | None = None) -> Weights | None:
    """Read the weights that a plan begins with, if any; raises as ``read_weights``."""
    if plan.pretrained is None:
        return None
    path = Path(plan.pretrained).expanduser()
    folder = path.parent if path.name == files.WEIGHTS else path
    if plan.model == "auto":
        raise ConfigError(f"setting 'pretrained': say which network the weights are for ({_network_of(folder)})")
    if (folder / files.WEIGHTS).is_file():
        check_weights(folder)
    return read_weights(plan.pretrained, plan.model, cache=plan.cache, progress=progress)


def _network_of(folder: Path) -> str:
    """Return how to say which network a run's weights are for, or where to look."""
    try:
        settings = tomllib.loads((folder / files.CONFIG).read_text("utf-8"))
    except (OSError, ValueError):
        return "--model; see convscope models"
    options = "".join(f" --set {name}={value}" for name, value in dict(settings.get("set", {})).items())
    return f"here --model {settings.get('model')}{options}"


def rescaled(rule: Any, mean: tuple[float, ...], std: tuple[float, ...]) -> Transform:
    """Return a rule with another mean and standard deviation of each channel."""
    return rule.rescaled(mean, std) if isinstance(rule, ClipTransform) else replace(rule, mean=mean, std=std)


def scaled_for(data: Data, weights: Weights) -> tuple[Data, tuple[str, ...]]:
    """Return the set with the weights' mean and standard deviation, and notes for the user.

    Images of real numbers keep their own: the weights know 0..255 only.
    """
    shape = data.preprocessing
    scaling = weights.scaling(shape.channels)
    if scaling is None:
        return data, ()
    if shape.dtype not in UNITS:
        note = "the images are real numbers, whose scale the weights do not know: mean and std are this set's"
        return data, (note,)
    mean, std = (tuple(value * UNITS[shape.dtype] for value in values) for values in scaling)
    said = " ".join(f"{m:.4g}/{s:.4g}" for m, s in zip(mean, std, strict=True))
    facts = {**data.facts, "normalisation": f"mean/standard deviation of the weights, in raw units: {said}"}
    return replace(data.with_transform(rescaled(shape, mean, std)), facts=facts), ()
