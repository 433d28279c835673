"""Several networks, each with several seeds and on several splits, trained with the same budget, and compared."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Unpack

import tomli_w

from convscope.api.compare import compared
from convscope.api.series_folder import is_series, read_series, run_folder, run_name, state_of, write_series
from convscope.api.train import RESUMABLE, resume, train
from convscope.cards import card
from convscope.data.dataset import Data
from convscope.data.folds import MOST_FOLDS
from convscope.errors import ConfigError, DataError, Error, SaveError, ShapeError
from convscope.events import SILENT, Listener
from convscope.models import entry, own
from convscope.runs.compare.comparison import Comparison
from convscope.runs.compare.cross_validation import CrossValidation
from convscope.runs.inputs import as_loaded
from convscope.runs.run import Run, open_run
from convscope.runs.write import new_folder
from convscope.terminal.live import LiveSeries
from convscope.terminal.screen import err
from convscope.training.plan import Plan, all_settings, make_plan
from convscope.training.settings import SeriesSettings

# What may change when a series goes on: it moves no figure that is compared.
_FREE = RESUMABLE - {"epochs", "time", "patience"}


_SAME = {("fit", "crop", "auto")}  # setting, what an earlier version wrote where nothing was said, what is written now


@dataclass(frozen=True)
class Part:
    """One of several splits: its name, such as "fold 2", and the settings that make it; neither of the only one."""

    name: str = ""
    settings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """One training of a series: the ``number``-th ``of`` all; ``state`` is "new", "begun" or "finished" before it."""

    number: int
    of: int
    model: str
    seed: int
    folder: Path
    state: str
    split: Part = Part()

    @property
    def name(self) -> str:
        """The network, the seed, and the split where there are several."""
        return run_name(self.model, self.seed, self.split.name)

    def __str__(self) -> str:
        return f"{self.number} of {self.of}  {self.name}{_STATES[self.state]}"


_STATES = {"finished": ": finished before", "begun": ": resumed", "new": ""}


@dataclass(frozen=True, repr=False)
class Series:
    """A finished series; ``failed`` says why a network could not be trained.

    ``comparison`` is None of a single run beside which nothing failed, and a ``CrossValidation`` of several splits.
    """

    folder: Path
    runs: tuple[Run, ...]
    failed: dict[str, str]
    comparison: Comparison | CrossValidation | None

    def __repr__(self) -> str:
        return f"<series {self.folder}: {len(self.runs)} runs, {len(self.failed)} failed>"

    def _repr_html_(self) -> str:
        failed = {f"{name}: could not be trained": why for name, why in self.failed.items()}
        compared = "" if self.comparison is None else self.comparison._repr_html_()
        return card(str(self.folder), {run.folder.name: repr(run) for run in self.runs} | failed, compared)


def train_series(
    data: str | Path | Data,
    models: Sequence[own.Source],
    *,
    seeds: int = 1,
    folds: int | None = None,
    resamples: int | None = None,
    each: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    out: str | Path | None = None,
    observe: Callable[[Turn], Listener | None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
    quiet: bool = False,
    **settings: Unpack[SeriesSettings],
) -> Series:
    """Train every network with every seed on every split, compare them, and write that; return it with the runs.

    Args:
        data: anything ``convscope.load`` reads, or its result.
        models: names or networks of one's own, as ``train`` takes them. One that cannot be trained on these images
            does not keep the others from it: the comparison lists it, and the same call again tries it again.
        seeds: how many: ``seed`` (a setting, 0 by default) and those after it. The split does not change with them.
        folds: cut the set into so many parts, each of which is the test split of one training.
        resamples: draw the splits so many times, in the same sizes; the first is the set's own.
        each: settings of one network alone, by its name, beside those of all.
        out: the folder of the series, by default ``runs/<data>-series``. Where it holds this series already, finished
            runs are kept and one that was interrupted is resumed.
        observe: called before each training; may return what listens to it, instead of what is shown.
        on_failure: called at once with the name of a network that cannot be trained, and the reason.
        quiet: show nothing.
        settings: the fields of ``training.plan.Plan``, the same for all.

    Raises:
        ConfigError: an unknown network or setting, or a folder that holds something else.
        DataError: the data cannot be used at all.
        Error: not one network could be trained.
    """
    networks, parts = _networks(models), _parts(folds, resamples)
    asked = _asked(list(networks), seeds, dict(settings))
    asked = as_loaded(asked, data) if isinstance(data, Data) else asked
    if isinstance(data, Data) and len(parts) > 1:
        raise ConfigError(f"{data.name} is loaded and has its splits: give its path or name, to be split several times")
    numbers: dict[str, Any] = {"folds": folds, "resamples": resamples}
    times = {name: number for name, number in numbers.items() if number is not None}
    if each:
        times["each"] = {name: dict(alone) for name, alone in each.items()}
    folder, values = _begin(data, {"models": list(networks), "seeds": seeds, **times}, asked, out)
    runs: list[Run] = []
    failed: dict[str, str] = {}
    with ExitStack() as shown:
        if observe is None and not quiet:
            live = shown.enter_context(LiveSeries(err, known=isinstance(data, Data)))
            observe, on_failure = _begins(live), on_failure or live.failed
        for turn in _turns(folder, list(networks), [asked.seed + k for k in range(seeds)], parts):
            if turn.model in failed:
                continue
            listener = observe(turn) if observe else None
            try:
                shared = {**settings, **each.get(turn.model, {}), "split_seed": asked.data_seed}
                runs.append(_train(data, turn, networks[turn.model], shared, listener or SILENT))
            except (DataError, SaveError):
                raise  # these are no network's fault
            except Error as error:
                with_any_seed = isinstance(error, ShapeError | ConfigError)
                name = turn.model if with_any_seed else turn.name
                failed[name] = str(error)
                write_series(folder, values, failed)
                if on_failure:
                    on_failure(name, failed[name])
    if not runs:
        raise Error("no network could be trained: " + "; ".join(f"{name}: {why}" for name, why in failed.items()))
    comparison = compared(runs, failed, folder) if len(runs) > 1 or failed else None
    return Series(folder, tuple(runs), failed, comparison)


def _begins(live: LiveSeries) -> Callable[[Turn], Listener]:
    return lambda turn: live.begin(str(turn))


def _turns(folder: Path, models: Sequence[str], seeds: Sequence[int], parts: Sequence[Part]) -> Iterator[Turn]:
    """Yield what is trained, one after the other; its state is looked up only then."""
    todo = [(model, seed, part) for model in models for seed in seeds for part in parts]
    for number, (model, seed, part) in enumerate(todo, 1):
        at = run_folder(folder, model, seed, part.name)
        yield Turn(number, len(todo), model, seed, at, state_of(at), part)


def _parts(folds: int | None, resamples: int | None) -> list[Part]:
    """Return the splits to train on; ``ConfigError`` for numbers that make no sense."""
    if folds is not None and resamples is not None:
        raise ConfigError("--folds and --resamples are two ways to split a set: choose one of them")
    for name, number in (("folds", folds), ("resamples", resamples)):
        if number is not None and not 2 <= number <= MOST_FOLDS:
            raise ConfigError(f"--{name}: expected a whole number from 2 to {MOST_FOLDS:,}, found {number:,}")
    if folds is not None:
        return [Part(f"fold {k}", {"folds": folds, "fold": k}) for k in range(1, folds + 1)]
    if resamples is not None:
        return [Part(f"resample {k}", {"resample": k} if k else {}) for k in range(resamples)]
    return [Part()]


def resume_series(
    folder: str | Path,
    *,
    observe: Callable[[Turn], Listener | None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
    quiet: bool = False,
    **changes: Unpack[SeriesSettings],
) -> Series:
    """Go on with an interrupted series as it was asked for; ``changes`` may be settings that move no figure."""
    values, _ = read_series(Path(folder))
    data, models = values.pop("data"), values.pop("models")
    asked: dict[str, Any] = {**values, **changes}
    return train_series(
        data, models, out=folder, observe=observe, on_failure=on_failure, quiet=quiet, **asked
    )  # fmt: skip


def _networks(models: Sequence[own.Source]) -> dict[str, own.Source]:
    """Return the networks by name."""
    if not isinstance(models, Sequence) or isinstance(models, str) or not models:
        raise ConfigError(f"models: expected a list of one or more networks or their names, found {models!r:.80}")
    return own.named(models)


def _asked(models: Sequence[str], seeds: int, settings: dict[str, Any]) -> Plan:
    """Return the plan all share; ``ConfigError`` before any training for what can be known to be wrong."""
    if seeds < 1:
        raise ConfigError(f"seeds must be at least 1, got {seeds}")
    _check_one_input([name for name in models if name != "auto"])
    return make_plan({**settings, "model": models[0]})


def _check_one_input(models: Sequence[str]) -> None:
    """Raise ``ConfigError`` for an unknown network, and for two of the list that no one set could be given to."""
    entries = [entry(name) for name in models]
    listed = [each for each in entries if not own.is_own(each.name)]
    for first, second in itertools.combinations(listed, 2):
        if not first.inputs & second.inputs:
            raise ConfigError(
                f"{first.name} takes {first.input.noun}s and {second.name} {second.input.noun}s: no set suits both; "
                "name networks for one kind of input (convscope models lists what each takes)"
            )


def _begin(
    data: str | Path | Data, repeated: dict[str, Any], asked: Plan, out: str | Path | None
) -> tuple[Path, dict[str, Any]]:
    """Make the folder of a series, or find it there; write down what was asked for, and return both."""
    source = data.source if isinstance(data, Data) else str(data)
    if Path(source).exists():
        source = str(Path(source).resolve())
    values = {**asked.to_dict(), "split_seed": asked.data_seed}
    del values["model"]
    if not values["set"]:
        del values["set"]
    values = {"data": source, **repeated, **values}
    wanted = tomllib.loads(tomli_w.dumps(values))
    if out is not None and is_series(Path(out)):
        folder = Path(out)
        held, _ = read_series(folder)
        then, now = _settled(held), _settled(wanted)
        for key in sorted((then.keys() | now.keys()) - _FREE - {"models", "seeds"}):
            if then.get(key) != now.get(key) and (key, then.get(key), now.get(key)) not in _SAME:
                raise ConfigError(
                    f"{folder} holds a series with {key} = {held.get(key)!r}, not {wanted.get(key)!r}: choose another "
                    "--out, or give the same settings"
                )
    else:
        folder = new_folder(out, f"{Path(source).name.split('.')[0]}-series")
    write_series(folder, values, {})
    return folder, values


def _settled(values: dict[str, Any]) -> dict[str, Any]:
    """Return what was asked for, settings with their defaults and in today's words."""
    settings = all_settings()
    plan = make_plan({name: value for name, value in values.items() if name in settings and name != "folds"})
    usual = {name: setting.default for name, (setting, _) in settings.items() if setting.default is not MISSING}
    repeated = {name: value for name, value in values.items() if name not in settings or name == "folds"}
    return {**usual, **plan.to_dict(), **repeated}


def _train(
    data: str | Path | Data,
    turn: Turn,
    network: own.Source,
    settings: dict[str, Any],
    listener: Listener,
) -> Run:
    again = None if isinstance(network, str) else network  # what its folder may not be able to bring back
    if turn.state == "finished":
        return open_run(turn.folder, model=again)
    if turn.state == "begun":
        held = data if isinstance(data, Data) else None
        free = {name: settings[name] for name in sorted(_FREE & settings.keys())}
        return resume(turn.folder, data=held, model=again, listener=listener, **free)
    settings = {**settings, "seed": turn.seed, **turn.split.settings}
    return train(data, network, out=turn.folder, listener=listener, **settings)
