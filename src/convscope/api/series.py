"""Several networks, each with several seeds, trained on the same split with the same budget, and compared.

runs/NAME/  series.toml              what was asked for, and what could not be trained
            lenet-seed0/ ...         one ordinary run each, with its own report
            comparison.html, .csv, .json, figures/
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from convscope.api import train as job
from convscope.cards import card
from convscope.data.dataset import Data
from convscope.errors import CheckpointError, ConfigError, DataError, Error, SaveError, ShapeError
from convscope.models import entry, own
from convscope.report.comparison import write as write_comparison
from convscope.runs import files
from convscope.runs.checksum import unfinished
from convscope.runs.compare.comparison import Comparison
from convscope.runs.compare.comparison import compare as compare_runs
from convscope.runs.inputs import as_loaded
from convscope.runs.run import Run, open_run
from convscope.runs.write import folder_word, new_folder, write_file
from convscope.training.plan import Plan, make_plan

# What may change when a series goes on: it moves no figure that is compared.
_FREE = job.RESUMABLE - {"epochs", "time", "patience"}
_SEED = ", seed "  # between network and seed, in the name of what failed with this seed only


@dataclass(frozen=True)
class Turn:
    """One training of a series: the ``number``-th ``of`` all; ``state`` is "new", "begun" or "finished" before it."""

    number: int
    of: int
    model: str
    seed: int
    folder: Path
    state: str


@dataclass(frozen=True, repr=False)
class Series:
    """A finished series; ``failed`` says why a network could not be trained.

    ``comparison`` is None of a single run beside which nothing failed.
    """

    folder: Path
    runs: tuple[Run, ...]
    failed: dict[str, str]
    comparison: Comparison | None

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
    out: str | Path | None = None,
    observe: Callable[[Turn], job.Observer | None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
    **settings: Any,
) -> Series:
    """Train every network with every seed, compare them, and write the comparison; return it with the runs.

    ``models`` are names or networks of one's own, as ``train`` takes them. The seeds are ``seed`` (a setting, 0 by
    default) and those after it; the split does not change with them. ``settings`` are the fields of
    ``training.plan.Plan``, the same for all. ``out`` is the folder of the series, by default ``runs/<data>-series``.
    Where it holds this series already, finished runs are kept and one that was interrupted is resumed. ``observe`` is
    called before each training and may return callbacks for it. A network that cannot be trained on these images does
    not keep the others from it: ``on_failure`` is called at once with its name and the reason, the comparison lists it,
    and the same call again tries it again.

    Raises:
        ConfigError: an unknown network or setting, or a folder that holds something else.
        DataError: the data cannot be used at all.
        Error: not one network could be trained.
    """
    networks = _networks(models)
    asked = _asked(list(networks), seeds, settings)
    asked = as_loaded(asked, data) if isinstance(data, Data) else asked
    folder, values = _begin(data, list(networks), seeds, asked, out)
    turns = [(model, asked.seed + k) for model in networks for k in range(seeds)]
    runs: list[Run] = []
    failed: dict[str, str] = {}
    for number, (model, seed) in enumerate(turns, 1):
        if model in failed:
            continue
        at = _at(folder, model, seed)
        turn = Turn(number, len(turns), model, seed, at, _state(at))
        observer = observe(turn) if observe else None
        try:
            shared = {**settings, "split_seed": asked.data_seed}
            runs.append(_train(data, turn, networks[model], shared, observer))
        except (DataError, SaveError):
            raise  # these are no network's fault
        except Error as error:
            with_any_seed = isinstance(error, ShapeError | ConfigError)
            name = model if with_any_seed else f"{model}{_SEED}{seed}"
            failed[name] = str(error)
            _write(folder, values, failed)
            if on_failure:
                on_failure(name, failed[name])
    if not runs:
        raise Error("no network could be trained: " + "; ".join(f"{name}: {why}" for name, why in failed.items()))
    comparison = _compared(runs, failed, folder) if len(runs) > 1 or failed else None
    return Series(folder, tuple(runs), failed, comparison)


def resume_series(
    folder: str | Path,
    *,
    observe: Callable[[Turn], job.Observer | None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
    **changes: Any,
) -> Series:
    """Go on with an interrupted series as it was asked for; ``changes`` may be settings that move no figure."""
    values, _ = _read(Path(folder))
    data, models, seeds = values.pop("data"), values.pop("models"), values.pop("seeds")
    return train_series(
        data, models, seeds=seeds, out=folder, observe=observe, on_failure=on_failure, **{**values, **changes}
    )


def is_series(folder: Path) -> bool:
    """Return whether a folder is that of a series."""
    return (folder / files.SERIES).exists()


def compare(runs: Sequence[Run | str | Path], *, out: str | Path | None = None) -> Comparison:
    """Compare finished runs on the same images; with ``out``, write the page, its figures and tables into that folder.

    A folder of runs stands for all of them; that of a series also for what could not be trained in it. Raises as
    ``runs.compare.compare``, and ``SaveError``.
    """
    held = [_held(item) for item in runs]
    failed = {name: why for _, reasons in held for name, why in reasons.items()}
    return _compared([run for found, _ in held for run in found], failed, out)


def _compared(runs: Sequence[Run | Path], failed: dict[str, str], out: str | Path | None) -> Comparison:
    found = compare_runs(runs, failed)
    if out is not None:
        write_comparison(found, Path(out))
    return found


def _held(item: Run | str | Path) -> tuple[Sequence[Run | Path], dict[str, str]]:
    """Return a run, or those in a folder of them; and what a series could not train, with no run of it."""
    if isinstance(item, Run):
        return [item], {}
    folder = Path(item)
    if (folder / files.CONFIG).exists():
        return [folder], {}
    failed = _read(folder)[1] if is_series(folder) else {}
    begun = {_at(folder, *name.split(_SEED)) for name in failed if _SEED in name}
    inside = sorted({at.parent for at in folder.glob(f"*/{files.CONFIG}")} - begun)
    return inside or [folder], failed


def _networks(models: Sequence[own.Source]) -> dict[str, own.Source]:
    """Return the networks by name."""
    if not isinstance(models, Sequence) or isinstance(models, str) or not models:
        raise ConfigError(f"models: expected a list of one or more networks or their names, found {models!r:.80}")
    return own.named(models)


def _asked(models: Sequence[str], seeds: int, settings: dict[str, Any]) -> Plan:
    """Return the plan all share; ``ConfigError`` before any training for what can be known to be wrong."""
    if seeds < 1:
        raise ConfigError(f"seeds must be at least 1, got {seeds}")
    for name in models:
        if name != "auto":
            entry(name)
    return make_plan({**settings, "model": models[0]})


def _begin(
    data: str | Path | Data, models: Sequence[str], seeds: int, asked: Plan, out: str | Path | None
) -> tuple[Path, dict[str, Any]]:
    """Make the folder of a series, or find it there; write down what was asked for, and return both."""
    source = data.source if isinstance(data, Data) else str(data)
    if Path(source).exists():
        source = str(Path(source).resolve())
    values = {**asked.to_dict(), "split_seed": asked.data_seed}
    del values["model"]
    if not values["set"]:
        del values["set"]
    values = {"data": source, "models": list(models), "seeds": seeds, **values}
    wanted = tomllib.loads(tomli_w.dumps(values))
    if out is not None and is_series(Path(out)):
        folder = Path(out)
        held, _ = _read(folder)
        for key in sorted((held.keys() | wanted.keys()) - _FREE - {"models", "seeds"}):
            if held.get(key) != wanted.get(key):
                raise ConfigError(
                    f"{folder} holds a series with {key} = {held.get(key)!r}, not {wanted.get(key)!r}: choose another "
                    "--out, or give the same settings"
                )
    else:
        folder = new_folder(out, f"{Path(source).name.split('.')[0]}-series")
    _write(folder, values, {})
    return folder, values


def _write(folder: Path, values: dict[str, Any], failed: dict[str, str]) -> None:
    write_file(folder / files.SERIES, tomli_w.dumps({**values, **({"failed": failed} if failed else {})}))


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was asked for, and why which network could not be trained."""
    path = folder / files.SERIES
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{folder} is not the folder of a series: it holds no {files.SERIES}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None
    missing = {"data", "models", "seeds"} - values.keys()
    if missing:
        raise CheckpointError(f"{path} is damaged: it names no {' and no '.join(sorted(missing))}")
    return values, values.pop("failed", {})


def _at(folder: Path, model: str, seed: int | str) -> Path:
    return folder / f"{folder_word(model)}-seed{seed}"


def _state(folder: Path) -> str:
    if not (folder / files.CONFIG).exists():
        return "new"
    return "begun" if unfinished(folder) else "finished"


def _train(
    data: str | Path | Data,
    turn: Turn,
    network: own.Source,
    settings: dict[str, Any],
    observer: job.Observer | None,
) -> Run:
    again = None if isinstance(network, str) else network  # what its folder may not be able to bring back
    if turn.state == "finished":
        return open_run(turn.folder, model=again)
    if turn.state == "begun":
        held = data if isinstance(data, Data) else None
        free = {name: settings[name] for name in sorted(_FREE & settings.keys())}
        return job.resume(turn.folder, data=held, model=again, observer=observer, **free)
    return job.train(data, network, out=turn.folder, observer=observer, **{**settings, "seed": turn.seed})
