"""What the settings of a plan may be, and which of them go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from convscope.errors import ConfigError
from convscope.training.threads import MOST

if TYPE_CHECKING:
    from convscope.training.plan import Plan


def parse_time(text: str) -> float:
    """Return the seconds of ``"90s"``, ``"10m"``, ``"1.5h"`` or a plain number; ``ConfigError`` for anything else."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([smh]?)\s*", text)
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
    "clip_grad": (0, 10**9, False),
    "ema": (0, 0.99999, False),
    "patience": (1, 10**6, True),
    "seed": (0, 2**32 - 1, True),
    "split_seed": (0, 2**32 - 1, True),
    "valid": (0, 10**9, False),
    "test": (0, 10**9, True),
    "folds": (2, 1_000, True),  # as in data.folds
    "fold": (1, 1_000, True),
    "resample": (0, 10**6, True),
    "crop_points": (0, 5, True),
    "max_length": (1, 10**6, True),
    "max_pixels": (1, 10**12, True),
    "workers": (1, 1024, True),
    "threads": (1, MOST, True),
    "baseline_seconds": (0, 10**6, False),
    "layer_decay": (0, 1, False),
}
STAGE_RANGES: dict[str, tuple[float, float, bool]] = {
    "epochs": (1, 10**6, True),
    "lr": (0, 100, False),
    "decay": (0, 1, False),
}


def check_ranges(settings: Any, ranges: dict[str, tuple[float, float, bool]], where: str = "setting ") -> None:
    """Raise ``ConfigError`` for the first setting out of its range (lowest, highest, may it equal the lowest)."""
    for name, (low, high, inclusive) in ranges.items():
        value = getattr(settings, name)
        if value is not None and not (low <= value <= high and (inclusive or value > low)):
            least = "at least" if inclusive else "above"
            raise ConfigError(f"{where}{name!r} must be {least} {low:,} and at most {high:,}, got {value!r}")


def check(plan: Plan) -> None:
    """Raise ``ConfigError`` for a setting that cannot be, alone or beside the others."""
    check_ranges(plan, _RANGES)
    for name in ("valid", "test"):
        value = getattr(plan, name)
        if isinstance(value, float) and value > 0.9:
            raise ConfigError(f"setting {name!r}: a share is at most 0.9, got {value!r}; a number of images is whole")
    if plan.warmup_epochs and plan.sched == "onecycle":
        raise ConfigError("setting 'warmup_epochs' is for sched 'cosine' and 'constant'; one-cycle warms up by itself")
    _check_splits(plan)
    _check_stages(plan)
    if plan.epochs is not None and plan.warmup_epochs >= plan.epochs:
        raise ConfigError(f"setting 'warmup_epochs' must be below the {plan.epochs} epochs, got {plan.warmup_epochs:g}")
    sizes = plan.img_size if isinstance(plan.img_size, tuple) else (plan.img_size,)
    if any(size is not None and not 1 <= size <= 16384 for size in sizes):
        raise ConfigError(f"setting 'img_size' must lie between 1 and 16384 pixels, got {plan.img_size!r}")
    if plan.time is not None:
        parse_time(plan.time)
    if plan.augment != "auto":
        from convscope.data.augment import Policy  # here, since NumPy would slow the help texts down

        Policy.parse(plan.augment)


def _check_splits(plan: Plan) -> None:
    """Refuse settings that say in two ways which examples are tested."""
    if plan.fold is not None and plan.folds is None:
        raise ConfigError("setting 'fold' needs the number of folds beside it, such as folds=5")
    if plan.folds is not None and plan.fold is None:
        raise ConfigError(
            "setting 'folds' alone is for several trainings (convscope train --folds, convscope.train_series): for one "
            "of them say which, such as fold=1"
        )
    if plan.fold is not None and plan.folds is not None and plan.fold > plan.folds:
        raise ConfigError(f"setting 'fold' must be at most {plan.folds:,}, the number of folds, got {plan.fold:,}")
    ways = [name for name in ("split_file", "folds", "resample") if getattr(plan, name)]
    if len(ways) > 1:
        raise ConfigError(f"settings {ways[0]!r} and {ways[1]!r} are two ways to split a set: choose one of them")
    for name in ("test", *(["valid"] if plan.split_file else [])):
        if ways[:1] in (["split_file"], ["folds"]) and getattr(plan, name) is not None:
            raise ConfigError(f"setting {name!r}: {ways[0]!r} says which examples these are; leave it out")


def _check_stages(plan: Plan) -> None:
    """Refuse what does not go together: stages say themselves what these settings would make them from."""
    if not plan.stages:
        return
    for name in ("freeze", "unfreeze_at", "layer_decay"):
        if getattr(plan, name) is not None:
            raise ConfigError(f"setting {name!r} and 'stages' say the same; leave one of them out")
    epochs = sum(stage.epochs for stage in plan.stages)
    if plan.epochs not in (None, epochs):
        raise ConfigError(f"setting 'epochs': the stages have {epochs} together, got {plan.epochs}; change the stages")
    rates = [stage.lr for stage in plan.stages if stage.lr is not None]
    if plan.lr is not None and len(rates) == len(plan.stages) and plan.lr != max(rates):
        raise ConfigError(
            f"setting 'lr': the highest rate of the stages is {max(rates):g}, got {plan.lr:g}; change the stages"
        )
    for number, stage in enumerate(plan.stages, 1):
        if plan.warmup_epochs >= stage.epochs:
            raise ConfigError(
                f"setting 'warmup_epochs' must be below the epochs of every stage; stage {number} has {stage.epochs}, "
                f"got {plan.warmup_epochs:g}"
            )
