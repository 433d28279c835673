"""Every setting of a training run, with its default and its meaning, in one place.

The command line's flags, the keys of ``--config`` files and the keyword arguments of ``convscope.train`` are these
fields. A value of ``"auto"`` (or ``None`` where the type says so) is settled from the data by ``training.settle``.
"""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from convscope.errors import ConfigError, nearest


def _setting(default: Any, group: str, text: str) -> Any:
    metadata = {"group": group, "help": text}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Plan:
    """All settings of one run; ``metadata["help"]`` of each field is its documentation."""

    model: str = _setting("auto", "Network", "network name (see `convscope models`)")
    set: dict[str, int | float | bool | str] = _setting({}, "Network", "options of the network itself, as key=value")

    epochs: int | None = _setting(None, "Training", "passes over the training images")
    time: str | None = _setting(
        None, "Training", "time budget of training such as 90s, 10m or 1h: the schedule ends when it is used up"
    )
    batch_size: int | None = _setting(None, "Training", "images per step")
    lr: float | None = _setting(None, "Training", "highest learning rate")
    opt: Literal["adamw", "sgd"] = _setting("adamw", "Training", "AdamW, or SGD with Nesterov momentum")
    sched: Literal["onecycle", "cosine", "constant"] = _setting("onecycle", "Training", "learning-rate schedule")
    warmup_epochs: float = _setting(0.0, "Training", "linear warm-up before cosine or constant, in epochs")
    momentum: float = _setting(0.9, "Training", "momentum (beta1 of AdamW); one-cycle moves it against the rate")
    weight_decay: float = _setting(0.05, "Training", "decay of weights; norms and biases are spared")
    smoothing: float = _setting(0.05, "Training", "label smoothing")
    class_weights: Literal["none", "balanced"] = _setting("none", "Training", "weigh classes by inverse frequency")
    clip_grad: float | None = _setting(None, "Training", "clip the gradient's norm at this")
    ema: float | None = _setting(None, "Training", "evaluate a moving average of the weights with this decay")
    patience: int | None = _setting(None, "Training", "stop after this many epochs without a better validation score")
    select: Literal["auto", "best", "last"] = _setting(
        "auto",
        "Training",
        "keep the best epoch on validation, or the last; auto: best where there is a test split",
    )
    augment: str = _setting("auto", "Training", "augmentation such as 'hflip shift=0.1 rotate=10', or none")
    seed: int = _setting(0, "Training", "same seed, same machine: same weights, to the byte")
    device: str = _setting("cpu", "Training", "cpu or cuda:0")

    amp: bool | None = _setting(None, "Speed", "compute steps in bfloat16; by default as measured")
    channels_last: bool | None = _setting(
        None, "Speed", "keep the channels innermost in memory; by default as measured"
    )
    compile: bool | None = _setting(
        None, "Speed", "compile the network's training steps (needs a C++ compiler); by default where that pays"
    )
    rewrite: bool = _setting(True, "Speed", "run exact, faster forms of layers, such as pooling before an activation")

    task: Literal["auto", "classification"] = _setting("auto", "Data", "what to learn")
    img_size: int | tuple[int, int] | None = _setting(None, "Data", "image size: one number, or height and width")
    fit: Literal["crop", "pad", "squash"] = _setting("crop", "Data", "how images of another size are brought to it")
    valid: float | int | None = _setting(
        None, "Data", "validation share (0.1) or number of images (500), where not given"
    )
    test: float | int | None = _setting(None, "Data", "test share or number of images, where not given")
    positive: str | None = _setting(None, "Data", "the class that sensitivity is about, in a two-class set")
    skip_bad: bool = _setting(False, "Data", "leave unreadable images out (they are listed) instead of stopping")
    max_pixels: int | None = _setting(None, "Data", "largest image to decode, in pixels")
    cache: str | None = _setting(None, "Data", "folder of decoded images; default ~/.cache/convscope")
    data_root: str | None = _setting(None, "Data", "folder that holds named sets such as mnist/")
    workers: int | None = _setting(None, "Data", "processes that decode images; default one per core")

    baselines: bool = _setting(True, "Evaluation", "score simple methods beside the network")
    baseline_seconds: float = _setting(10.0, "Evaluation", "time limit of each simple method")

    def __post_init__(self) -> None:
        _check(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, without those that are ``None``."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def seconds(self) -> float | None:
        """Return the time budget in seconds, or ``None``.

        >>> Plan(time="10m").seconds()
        600.0
        """
        return None if self.time is None else parse_time(self.time)


def make_plan(settings: dict[str, Any]) -> Plan:
    """Build a plan from plain values, strictly: unknown keys and wrong kinds raise ``ConfigError``.

    >>> make_plan({"epocs": 3})
    Traceback (most recent call last):
    ...
    convscope.errors.ConfigError: unknown setting 'epocs'; did you mean 'epochs'?
    """
    known = [f.name for f in fields(Plan)]
    for key in settings:
        if key not in known:
            hint = nearest(key, known) or f"; the settings are {', '.join(known)}"
            raise ConfigError(f"unknown setting {key!r}{hint}")
    settings = {key: os.fspath(value) if isinstance(value, os.PathLike) else value for key, value in settings.items()}
    try:
        return msgspec.convert(settings, Plan, strict=True)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, ConfigError):  # the plan's own check of ranges
            raise error.__cause__ from None
        place = re.search(r" - at `\$\.?(\w*)", str(error))
        key = place.group(1) if place else ""
        raise ConfigError(f"setting {key!r}: expected {_kind(key)}, found {settings.get(key)!r}") from None


_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", dict: "options as key = value"}


def _kind(name: str) -> str:
    """Say what a setting takes.

    >>> _kind("epochs"), _kind("opt"), _kind("img_size")
    ('a whole number', 'adamw or sgd', 'a whole number or two whole numbers')
    """
    hint = get_type_hints(Plan)[name]
    choices = (
        [hint] if get_origin(hint) in (None, dict, Literal) else [k for k in get_args(hint) if k is not type(None)]
    )
    words = []
    for kind in choices:
        if get_origin(kind) is Literal:
            words += get_args(kind)
        else:
            words.append("two whole numbers" if get_origin(kind) is tuple else _KINDS[get_origin(kind) or kind])
    return " or ".join(words)


def parse_time(text: str) -> float:
    """Return the seconds of ``"90s"``, ``"10m"``, ``"1.5h"`` or a plain number; ``ConfigError`` for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([smh]?)\s*", text)
    seconds = float(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[match.group(2)] if match else 0.0
    if seconds <= 0:
        raise ConfigError(f"time {text!r} is not a duration; write 90s, 10m or 1.5h")
    return seconds


# setting: (lowest, highest, may it equal the lowest)
_RANGES: dict[str, tuple[float, float, bool]] = {
    "epochs": (1, 10**6, True),
    "batch_size": (1, 10**6, True),
    "lr": (0, 100, False),
    "warmup_epochs": (0, 10**6, True),
    "momentum": (0, 0.9999, True),
    "weight_decay": (0, 10, True),
    "smoothing": (0, 0.9, True),
    "clip_grad": (0, 10**9, False),
    "ema": (0, 0.99999, False),
    "patience": (1, 10**6, True),
    "seed": (0, 2**32 - 1, True),
    "valid": (0, 10**9, False),
    "test": (0, 10**9, True),
    "max_pixels": (1, 10**12, True),
    "workers": (1, 1024, True),
    "baseline_seconds": (0, 10**6, False),
}


def _check(plan: Plan) -> None:
    for name, (low, high, inclusive) in _RANGES.items():
        value = getattr(plan, name)
        if value is not None and not (low <= value <= high and (inclusive or value > low)):
            least = "at least" if inclusive else "above"
            raise ConfigError(f"setting {name!r} must be {least} {low:,} and at most {high:,}, got {value!r}")
    for name in ("valid", "test"):
        value = getattr(plan, name)
        if isinstance(value, float) and value > 0.9:
            raise ConfigError(f"setting {name!r}: a share is at most 0.9, got {value!r}; a number of images is whole")
    if plan.warmup_epochs and plan.sched == "onecycle":
        raise ConfigError("setting 'warmup_epochs' is for sched 'cosine' and 'constant'; one-cycle warms up by itself")
    if plan.epochs is not None and plan.warmup_epochs >= plan.epochs:
        raise ConfigError(f"setting 'warmup_epochs' must be below the {plan.epochs} epochs, got {plan.warmup_epochs:g}")
    sizes = plan.img_size if isinstance(plan.img_size, tuple) else (plan.img_size,)
    if any(size is not None and not 1 <= size <= 16384 for size in sizes):
        raise ConfigError(f"setting 'img_size' must lie between 1 and 16384 pixels, got {plan.img_size!r}")
    if plan.time is not None:
        parse_time(plan.time)
