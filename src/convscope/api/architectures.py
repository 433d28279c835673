"""Convolution, recurrence or attention? Several networks for sequences with equal weights, and with equal time.

runs/NAME-series/  networks.toml         what was asked for
                   equal-weights/ ...    a series of its own: the same epochs for all
                   equal-time/ ...       the same networks, each as many epochs as fit into the same time
                   rates/0.001/ ...      with a search: one seed of each network at each learning rate
                   comparison.html, .json
"""

from __future__ import annotations

import statistics
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from convscope.api.best_baseline import best_baseline
from convscope.api.rate_search import best_rate, check_search, search_rates
from convscope.api.series import Series, Turn, train_series
from convscope.data.dataset import Data
from convscope.data.spec import InputSpec, OutputSpec
from convscope.data.transforms import TextTransform
from convscope.errors import CheckpointError, ConfigError, Error
from convscope.events import Listener
from convscope.models import entry, own
from convscope.models.budget import Sized, equal_weights
from convscope.models.kept import kept_bytes
from convscope.models.registry import build, options_of
from convscope.report.architectures import write
from convscope.runs.compare.architectures import (
    LENGTHS,
    Architectures,
    Arm,
    Measured,
    arm_of,
    notes_of,
    verdict,
)
from convscope.runs.inputs import load_source
from convscope.runs.run import Run
from convscope.runs.write import new_folder, write_file
from convscope.text import count
from convscope.training.defaults import settle
from convscope.training.plan import Plan, make_plan

ASKED = "networks.toml"
ANSWERS = 30  # timed for each network, in turns


def takes_sequences(models: Sequence[own.Source]) -> bool:
    """Return whether these are several networks of the list, all for texts or signals, whose question this is.

    >>> takes_sequences(["conv1d", "gru"]), takes_sequences(["lenet", "tiny"]), takes_sequences(["gru"])
    (True, False, False)
    """
    names = [name for name in models if isinstance(name, str) and name != "auto" and not own.is_own(name)]
    return len(names) == len(models) > 1 and all(entry(name).axes == 1 for name in names)


def compare_architectures(
    data: str | Path,
    models: Sequence[str],
    *,
    seeds: int = 1,
    search_lr: bool = False,
    out: str | Path | None = None,
    observe: Callable[[Turn], Listener | None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
    **settings: Any,
) -> tuple[Path, Architectures]:
    """Train networks with equal weights and with equal time, compare them, and write that; return folder and result.

    Args:
        data: a path, or the name of a set, of texts or signals.
        models: names of networks that take them.
        seeds: how many, from the setting ``seed`` on.
        search_lr: train each once at each of four learning rates first, and take the best on the validation split.
        out: the folder; the same call again resumes what is there.
        observe: called before each training.
        on_failure: called with the name of a network that cannot be trained.
        settings: the fields of ``training.plan.Plan``; ``time`` is that of each training of the second table, by
            default what the median network of the first one took.

    Raises:
        ConfigError: an unknown network or setting, or one that does not fit the data.
        Error: a network could not be trained.
    """
    shared = dict(settings.get("set", {}))
    _check_asked(models, seeds, shared)
    budget = settings.pop("time", None)
    plan = make_plan({**settings, "model": models[0]})
    loaded = load_source(data, plan)
    resolved = settle(plan, loaded).plan
    output = _output(loaded, resolved)
    sized = equal_weights(models, input=loaded.preprocessing.input, output=output, options=shared)
    if search_lr:
        check_search(loaded, settings)
    folder = _begin(loaded, out, {"models": list(models), "seeds": seeds, "search_lr": search_lr}, settings, budget)
    each: dict[str, dict[str, Any]] = {
        name: {"set": {key: value for key, value in shared.items() if key in options_of(name)} | network.options}
        for name, network in sized.items()
    }  # fmt: skip
    # One batch size for all: left open, a training may grow it where its machine is faster so.
    plain = {"batch_size": resolved.batch_size} | {key: value for key, value in settings.items() if key != "set"}
    run = partial(train_series, loaded, list(models), observe=observe, on_failure=on_failure, **plain)
    found: dict[str, dict[str, float | None]] = {}
    if search_lr:
        found = search_rates(run, each, folder / "rates", models)
        for name, scores in found.items():
            each[name] = {**each[name], "lr": float(best_rate(scores))}
    first = _whole(run(seeds=seeds, each=each, out=folder / "equal-weights"))
    seconds = budget or f"{max(1.0, statistics.median(_seconds(first.runs).values())):.0f}s"
    timed = {key: value for key, value in plain.items() if key != "epochs"}
    run = partial(train_series, loaded, list(models), observe=observe, on_failure=on_failure, **timed)
    second = _whole(run(seeds=seeds, each=each, out=folder / "equal-time", time=_kept_time(folder, seconds)))
    result = _result(loaded, resolved, (first, second), sized, found)
    write(result, folder)
    return folder, result


def _check_asked(models: Sequence[str], seeds: int, options: Mapping[str, Any]) -> None:
    """Refuse what needs no data to be refused; an option must be one of some network's."""
    if seeds < 1:
        raise ConfigError(f"--seeds {seeds}: expected 1 or more")
    if twice := [name for name in dict.fromkeys(models) if list(models).count(name) > 1]:
        raise ConfigError(f"network {twice[0]!r} is named twice; --seeds N trains each network several times")
    if "width" in options:
        raise ConfigError("--set width: widths are what makes the networks equal in weights; leave it out")
    known = sorted({option for name in models for option in options_of(name)} - {"width"})
    if odd := [option for option in options if option not in known]:
        raise ConfigError(
            f"--set {odd[0]}: none of {', '.join(models)} has this option; expected one of {', '.join(known)}"
        )


def resume_architectures(folder: Path, **told: Any) -> tuple[Path, Architectures]:
    """Go on with a comparison as it was asked for; ``CheckpointError`` where its folder is damaged."""
    try:
        values = tomllib.loads((folder / ASKED).read_text(encoding="utf-8"))
        data, models = values.pop("data"), values.pop("models")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise CheckpointError(f"{folder / ASKED} is damaged: {error}") from None
    values.pop("equal_time", None)
    return compare_architectures(data, models, out=folder, **values, **told)


def _begin(
    data: Data, out: str | Path | None, repeated: Mapping[str, Any], settings: Mapping[str, Any], budget: str | None
) -> Path:
    """Return the folder, with what was asked for in it; one that holds the same goes on."""
    source = str(Path(data.source).resolve()) if Path(data.source).exists() else data.source
    asked: dict[str, Any] = {"data": source, **repeated, **settings, **({"time": budget} if budget else {})}
    asked = {key: str(value) if isinstance(value, Path) else value for key, value in asked.items() if value is not None}
    if out is not None and (Path(out) / ASKED).exists():
        held = tomllib.loads((Path(out) / ASKED).read_text(encoding="utf-8"))
        held.pop("equal_time", None)
        if held != tomllib.loads(tomli_w.dumps(asked)):
            raise ConfigError(f"{out} holds another comparison: choose another --out, or give the same settings")
        return Path(out)
    folder = new_folder(out, f"{Path(source).name.split('.')[0]}-series")
    write_file(folder / ASKED, tomli_w.dumps(asked))
    return folder


def _kept_time(folder: Path, seconds: str) -> str:
    """Return the time of the second table: the one written down when it began, so that a resume has the same."""
    asked = tomllib.loads((folder / ASKED).read_text(encoding="utf-8"))
    if "equal_time" not in asked:
        asked["equal_time"] = seconds
        write_file(folder / ASKED, tomli_w.dumps(asked))
    return asked["equal_time"]


def _output(data: Data, plan: Plan) -> OutputSpec:
    from convscope.tasks.registry import task

    does = task(plan.task)
    return does.output(does.target(data, plan.options), data.preprocessing.input)


def _whole(series: Series) -> Series:
    if series.failed or series.comparison is None:
        why = "; ".join(f"{name}: {reason}" for name, reason in series.failed.items())
        raise Error(f"networks are compared that all can be trained: {why}")
    return series


def _seconds(runs: Sequence[Run]) -> dict[str, float]:
    """Return the mean seconds of training of each network."""
    taken: dict[str, list[float]] = {}
    for run in runs:
        taken.setdefault(run.plan.model, []).append(float(run.epochs["seconds"][-1]))
    return {name: statistics.mean(values) for name, values in taken.items()}


def _result(
    data: Data, plan: Plan, series: Sequence[Series], sized: Mapping[str, Sized],
    rates: dict[str, dict[str, float | None]],
) -> Architectures:  # fmt: skip
    first, second = series
    simple = best_baseline(data, plan, first.runs[0])
    epochs = len(first.runs[0].epochs["epoch"])
    limit = second.runs[0].plan.time
    arms: list[Arm] = []
    for name, rule, each in (
        ("equal weights", f"with equal weights and {count(epochs, 'epoch')}", first),
        ("equal time", f"with {limit} of training each", second),
    ):
        assert each.comparison is not None
        arms.append(arm_of(name, rule, each.comparison, each.runs, simple))  # pyright: ignore[reportArgumentType]
    measured = _measured(data, first.runs, sized)
    return Architectures(
        data.name,
        _caption(data, plan),
        tuple(arms),
        simple,
        measured,
        rates,
        verdict(arms, simple, measured),
        notes_of(arms, searched=bool(rates)),
    )


def _measured(data: Data, runs: Sequence[Run], sized: Mapping[str, Sized]) -> dict[str, Measured]:
    """Measure each network once, by its first run: answers in turns, and memory by length."""
    import torch

    firsts = {run.plan.model: run for run in reversed(runs)}
    rule = data.preprocessing
    example = rule.tensor(data.valid.input.take(np.arange(1)))
    times: dict[str, list[float]] = {name: [] for name in firsts}
    with torch.inference_mode():
        for _ in range(ANSWERS):
            for name, run in firsts.items():
                began = time.perf_counter()
                run.model(example)
                times[name].append(1000 * (time.perf_counter() - began))

    def at_length(run: Run, length: int) -> int:
        def built(input: InputSpec) -> Any:
            return build(run.plan.model, run.plan.set, input=input, output=run.spec.output)

        return kept_bytes(built, rule.input, length)

    return {
        name: Measured(
            entry(name).mechanism, statistics.median(times[name]), {n: at_length(run, n) for n in LENGTHS},
            run.plan.lr or 0.0, sized[name].near, sized[name].options,
        )
        for name, run in firsts.items()
    }  # fmt: skip


def _caption(data: Data, plan: Plan) -> str:
    """Return how an example becomes steps, and what all networks share."""
    rule = data.preprocessing
    if isinstance(rule, TextTransform):
        what = "DNA letters" if rule.dna else "characters"
        length = f"all of {rule.length:,}" if rule.length else f"up to {rule.longest:,}"
        steps = f"Tokens: {what}, {len(rule.characters)} known and one for the unknown, {length} a text"
    else:
        length = f"{rule.input.space[0]:,} steps" if rule.input.space[0] else "steps, lengths differ"
        channels = count(rule.input.channels, "channel")
        steps = f"Signals of {length} in {channels}, standardised on the training split, a step at a time"
    splits = ", ".join(f"{len(split):,} {split.name}" for split in data.splits)
    return f"{steps}. The same for all: split ({splits}), augmentation {plan.augment}, batch size {plan.batch_size}."
