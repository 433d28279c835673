"""How a set is read, cut into splits and brought to one size: what ``convscope.load`` takes, in one place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, cast

from convscope.data.decode.encoded import MAX_PIXELS
from convscope.data.ingest.layout import SIDE
from convscope.data.sources.columns import TASKS, Columns
from convscope.data.transforms.resize import Fit
from convscope.data.transforms.tokens import Fold
from convscope.errors import ConfigError

PLACES = ("cache", "data_root")  # where things lie
COLUMNS = ("image_column", "text_column", "label_column", "group")  # what a table or an archive calls its parts
SPLITTING = ("valid", "test", "seed", "split_file", "folds", "fold", "resample")  # how a set is divided
OF_NETWORKS = ("alpha", "side")  # what a network asks for, and no plan states

MASKS = ("mask", "ignore", "classes", "mask_threshold", "stacks", "spacing")  # what masks and volumes mean
Masked = Literal["auto", "binary", "classes", "instances"]
Stacks = Literal["auto", "slices", "volumes", "clips"]
As = Literal["wave", "logmel"]

F = TypeVar("F", bound=Callable[..., Any])


class LoadKeywords(TypedDict, total=False):
    """The fields of ``LoadOptions`` as keywords, for type checkers; a test holds the two against each other."""

    img_size: int | tuple[int, int] | None
    fit: Fit | Literal["auto"]
    valid: float | int | None
    test: float | int | None
    seed: int
    skip_bad: bool
    cache: str | Path | None
    data_root: str | Path | None
    workers: int | None
    max_pixels: int
    nodata: float | None
    alpha: bool
    side: int
    group: str | None
    image_column: str | None
    text_column: str | None
    label_column: str | None
    split_file: str | Path | None
    folds: int | None
    fold: int | None
    resample: int | None
    task: str | None
    crop_points: float | None
    mask: Masked
    ignore: str | None
    classes: str | Path | None
    mask_threshold: float | None
    stacks: Stacks
    frames: int | None
    tokens: str
    max_length: int | None
    fold_text: Fold
    as_: As
    window: int | str | None
    hop: int | str | None
    spacing: str | None


class ReadKeywords(TypedDict, total=False):
    """Those of ``LoadKeywords`` that say how another set is read beside the one that a run was trained on."""

    skip_bad: bool
    cache: str | Path | None
    data_root: str | Path | None
    group: str | None
    image_column: str | None
    text_column: str | None
    label_column: str | None
    mask: Masked
    ignore: str | None
    classes: str | Path | None
    mask_threshold: float | None


# what an option says something of, where that are some kinds of examples
_OF_SOME: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("img_size", "fit"), ("image", "clip", "volume")),
    **dict.fromkeys(("tokens", "max_length", "fold_text"), ("text",)),
    **dict.fromkeys(("as_", "window", "hop"), ("signal",)),
    "frames": ("clip", "volume"),
}


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """The options of ``convscope.load``, which says what each means."""

    img_size: int | tuple[int, int] | None = None
    fit: Fit | Literal["auto"] = "auto"
    valid: float | int | None = None
    test: float | int | None = None
    seed: int = 0
    skip_bad: bool = False
    cache: str | Path | None = None
    data_root: str | Path | None = None
    workers: int | None = None
    max_pixels: int = MAX_PIXELS
    nodata: float | None = None
    alpha: bool = False
    side: int = SIDE
    group: str | None = None
    image_column: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    split_file: str | Path | None = None
    folds: int | None = None
    fold: int | None = None
    resample: int | None = None
    task: str | None = None
    crop_points: float | None = None
    mask: Masked = "auto"
    ignore: str | None = None
    classes: str | Path | None = None
    mask_threshold: float | None = None
    stacks: Stacks = "auto"
    frames: int | None = None
    tokens: str = "auto"
    max_length: int | None = None
    fold_text: Fold = "none"
    as_: As = "wave"
    window: int | str | None = None
    hop: int | str | None = None
    spacing: str | None = None

    @classmethod
    def of(cls, plan: Any, *, alpha: bool = False, side: int = SIDE) -> LoadOptions:
        """Return the options that a training's settings (``training.plan.Plan``) ask for."""
        options = {f.name: getattr(plan, f.name) for f in fields(cls) if f.name not in OF_NETWORKS}
        options["seed"] = plan.data_seed
        options["max_pixels"] = plan.max_pixels or MAX_PIXELS
        options["task"] = None if plan.task == "auto" else plan.task
        return cls(**options, alpha=alpha, side=side)

    def refuse_of_others(self, noun: str, kind: str) -> None:
        """Raise ``ConfigError`` for an option that says nothing of examples of this ``noun``: it would do nothing."""
        for field in fields(self):
            value, of = getattr(self, field.name), _OF_SOME.get(field.name, (noun,))
            if noun not in of and value != field.default:
                flag = field.name.rstrip("_").replace("_", "-")
                said = "x".join(map(str, cast("tuple[int, ...]", value))) if isinstance(value, tuple) else value
                raise ConfigError(f"--{flag} {said}: for {of[0]}s, and this set is read as {kind}; leave it out")

    def to_settings(self) -> dict[str, Any]:
        """Return what a training is told to load the same set again, by the names and in the form of its settings.

        >>> LoadOptions(seed=3, cache=Path("here")).to_settings()["split_seed"]
        3
        """
        aside = {*OF_NETWORKS, "workers", *(("task",) if self.task is None else ())}
        options = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in aside}
        if self.max_pixels == MAX_PIXELS:
            options["max_pixels"] = None
        return {
            "split_seed" if name == "seed" else name: os.fspath(cast("os.PathLike[str]", value))
            if isinstance(value, os.PathLike)
            else value
            for name, value in options.items()
        }

    def refuse_mask_settings(self, path: object, kind: str) -> None:
        """Raise ``ConfigError`` where settings of masks are given for a set that has none."""
        defaults = {f.name: f.default for f in fields(self)}
        for name in MASKS:
            if name == "stacks":  # of clips and volumes with one answer each, too
                continue
            if (value := getattr(self, name)) != defaults[name]:
                setting = f"--{name.replace('_', '-')} {value}"
                raise ConfigError(f"{setting}: {path} is read as {kind}, which has no masks; leave the setting out")

    @property
    def columns(self) -> Columns:
        """The columns that the options name."""
        task = self.task if self.task in TASKS else None
        group = None if self.group == "auto" else self.group
        names = (self.image_column, self.label_column, group)
        return Columns(*names, task=task, text=self.text_column, fill=self.fills_gaps, stacks=self.stacks)

    @property
    def fills_gaps(self) -> bool:
        """Whether values that are missing within signals are filled: ``nodata`` is NaN."""
        return self.nodata is not None and self.nodata != self.nodata

    @property
    def processes(self) -> int:
        """How many processes decode: by default one for each core that this process may use."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shows_options(function: F) -> F:
    """Let the signature of a function show the options that it takes as ``**keywords``, with their defaults."""
    own = signature(function)
    shown = [parameter for parameter in own.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    shown += [
        Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type) for f in fields(LoadOptions)
    ]
    function.__signature__ = own.replace(parameters=shown)  # pyright: ignore[reportFunctionMemberAccess]
    return function
