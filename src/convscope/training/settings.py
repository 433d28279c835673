"""The settings as keyword arguments, so that an editor completes them; ``plan`` says what each means.

A test holds these fields and their types against ``training.plan.Plan``.
"""

from __future__ import annotations

import os
from typing import Any, Literal, TypedDict

from convscope.training.plan import Schedules, Stage


class Shared(TypedDict, total=False):
    """What a resumed training may change as well: see ``convscope.api.train.RESUMABLE``."""

    epochs: int | None
    time: str | None
    patience: int | None
    baselines: bool
    baseline_seconds: float
    cache: str | os.PathLike[str] | None
    data_root: str | os.PathLike[str] | None
    workers: int | None
    device: str
    threads: int | None


class SeriesSettings(Shared, total=False):
    """Every setting that the trainings of a series share, but their networks, which are an argument of their own."""

    set: dict[str, Any]
    strand_symmetric: bool

    pretrained: str | os.PathLike[str] | None
    head: Literal["auto", "own", "linear", "hidden", "heatmap"]
    freeze: str | None
    unfreeze_at: str | None
    layer_decay: float | None
    stages: tuple[Stage, ...] | list[Stage] | list[dict[str, Any]]

    batch_size: int | None
    lr: float | None
    opt: Literal["adamw", "sgd"]
    sched: Schedules
    warmup_epochs: float
    momentum: float
    weight_decay: float
    smoothing: float
    class_weights: Literal["none", "balanced"]
    clip_grad: float | None
    ema: float | None
    select: Literal["auto", "best", "last"]
    augment: str
    seed: int

    amp: bool | None
    channels_last: bool | None
    compile: bool | None
    rewrite: bool

    task: str
    points: Literal["auto", "heatmaps", "coordinates"]
    pairs: str
    normaliser: str
    loss: Literal["dice+ce", "ce", "dice", "focal"]
    objects: Literal["auto", "yes", "no", "slices"]
    border_weight: float
    hd95: bool
    reconstruct: Literal["auto", "squared_error", "elbo"]
    likelihood: Literal["auto", "bernoulli", "gaussian"]
    beta: float
    img_size: int | tuple[int, int] | None
    fit: Literal["auto", "crop", "pad", "squash", "centre", "keep"]
    crop_points: float | None
    mask: Literal["auto", "binary", "classes", "instances"]
    ignore: str | None
    classes: str | os.PathLike[str] | None
    mask_threshold: float | None
    stacks: Literal["auto", "slices", "volumes", "clips"]
    frames: int | None
    spacing: str | None
    valid: float | int | None
    test: float | int | None
    split_seed: int | None
    split_file: str | os.PathLike[str] | None
    positive: str | None
    skip_bad: bool
    max_pixels: int | None
    nodata: float | None
    group: str | None
    image_column: str | None
    text_column: str | None
    tokens: str
    max_length: int | None
    fold_text: Literal["none", "case", "accents", "both"]
    as_: Literal["wave", "logmel"]
    window: int | str | None
    hop: int | str | None
    label_column: str | None


class Settings(SeriesSettings, total=False):
    """Every setting of a training but its network."""

    folds: int | None
    fold: int | None
    resample: int | None
