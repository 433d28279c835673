"""Which runs are one network, and what to call it: runs whose settings differ in nothing but the seed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from convscope.data.options import COLUMNS, PLACES, SPLITTING
from convscope.models import own
from convscope.runs.run import Run

# What does not change the network that comes out, or only as another seed would.
ASIDE = {
    *SPLITTING, *PLACES, *COLUMNS, "split_seed", "task", "positive", "skip_bad", "max_pixels", "workers", "device",
    "amp", "channels_last", "compile", "rewrite", "threads", "baselines", "baseline_seconds",
}  # fmt: skip
TRANSFER = ("freeze", "unfreeze_at", "layer_decay")
FOLLOWS = ("stages", "head", "lr")  # from given weights and from freezing, where they are not said
WIDE = 40  # characters of a setting's value in a name


def essential(run: Run) -> dict[str, Any]:
    """Return the settings that make the network what it is, options of the network as ``set.NAME``."""
    values = {**run.plan.to_dict(), "img_size": run.spec.input.space}
    options = {f"set.{name}": value for name, value in values.pop("set").items()}
    if own.is_own(run.spec.model):  # whose name says little
        options["weights"] = run.weights
    return {name: value for name, value in {**values, **options}.items() if name not in ASIDE}


def names_of(runs: list[Run]) -> list[str]:
    """Return a name for each run, the same for runs of one network.

    It is the model's; where several networks share a model, what sets them apart follows: ``resnet_mini lr=0.01``. What
    follows from given weights (``FOLLOWS``) is left out beside them, and a number tells apart what is still alike.
    """
    settings = [essential(run) for run in runs]
    kinds = defaultdict(list)
    for values in settings:
        kinds[values["model"]].append(values)
    names: dict[str, str] = {}
    for values in settings:
        if repr(values) in names:
            continue
        beside = kinds[values["model"]]
        keys = sorted({key for other in beside for key in other})
        varied = [key for key in keys if any(other.get(key) != values.get(key) for other in beside)]
        told = [key for key in varied if key not in FOLLOWS] if {"pretrained", *TRANSFER} & {*varied} else varied
        name = " ".join([values["model"], *(_word(key, values.get(key)) for key in told)])
        same = sum(other.partition(" #")[0] == name for other in names.values())
        names[repr(values)] = f"{name} #{same + 1}" if same else name
    return [names[repr(values)] for values in settings]


def _word(key: str, value: Any) -> str:
    """Say one setting in a name.

    >>> _word("lr", 0.01), _word("pretrained", "weights.npz"), _word("pretrained", None), _word("freeze", None)
    ('lr=0.01', 'pretrained', 'from scratch', 'no freeze')
    """
    name = key.removeprefix("set.")
    if key == "pretrained":
        return "pretrained" if value else "from scratch"
    if value is None:
        return f"no {name}"
    return f"{name}={len(value)}" if key == "stages" else f"{name}={str(value)[:WIDE]}"


def settings_of(runs: list[Run], groups: dict[str, dict[int, int]]) -> dict[str, dict[str, Any]]:
    """Return the settings in which the networks of a comparison differ, by network."""
    settings = {name: essential(runs[next(iter(group.values()))]) for name, group in groups.items()}
    keys = sorted({key for values in settings.values() for key in values} - {"model"})
    varied = [key for key in keys if len({repr(values.get(key)) for values in settings.values()}) > 1]
    return {name: {key: values.get(key) for key in varied} for name, values in settings.items()}
