"""Reading what lies in a run's folder: its settings, figures, tables and weights, each refused where it was damaged."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from torch import Tensor

from convscope.errors import CheckpointError, ConfigError, quoted
from convscope.models import header
from convscope.runs import files
from convscope.runs.checksum import check_weights, damaged, noted, weights_hash
from convscope.tasks.registry import task
from convscope.tasks.scores import About
from convscope.training.plan import Plan, make_plan


class Figure(TypedDict):
    """A figure of merit with the ends of its interval; ``None`` where it cannot be told."""

    value: float | None
    low: float | None
    high: float | None


class Scored(TypedDict):
    """What every reader of ``metrics.json`` relies on, beside the figures that its task compares."""

    split: str
    task: NotRequired[str]
    weights_sha256: NotRequired[str]


ONLY_TASK = "classification"  # of format 1, which does not name it


def read_config(path: Path) -> tuple[str, Plan]:
    """Read a run's ``config.toml`` (or any ``--config`` file that names its data) as (data, plan)."""
    values = read_settings(path)
    if "data" not in values:
        raise ConfigError(f'{path} names no data; add a line such as: data = "mnist"')
    return values.pop("data"), make_plan(values)


def read_settings(path: Path) -> dict[str, Any]:
    """Read a TOML file of settings; ``ConfigError`` where it is missing, not TOML, or a setting in it is wrong."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no settings file {path}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read as a settings file: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    if not isinstance(values.get("data", ""), str):
        raise ConfigError(f"{path}: setting 'data': expected text, a path or a name, found {values['data']!r}")
    try:
        make_plan({name: value for name, value in values.items() if name != "data"})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return values


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the final figures, which name their task, its ``main`` one, and what each means.

    ``CheckpointError`` while there are none of the weights in the folder.
    """
    path = folder / files.METRICS
    go_on = f"resume with: convscope train --resume {quoted(folder)}"
    if not path.exists():
        raise CheckpointError(f"{folder} is not finished; {go_on}")
    try:
        metrics = _described(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError, ConfigError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); {go_on}") from None
    # While a training goes on, env.json names no weights: they may be new ones.
    current = noted(folder).get("weights_sha256") or weights_hash(folder)
    if metrics.get("weights_sha256", current) != current:
        raise CheckpointError(
            f"{path} is of an earlier state of this run: its training has gone on, and the figures of the new "
            f"weights are not there yet; {go_on}"
        )
    return metrics


def compared_of(metrics: dict[str, Any], of: str) -> dict[str, About]:
    """Return the figures that a run is compared by: its task's, but for those that have no meaning for its target."""
    every = task(of).compared
    main, described = metrics.get("main") or next(iter(every)), metrics.get("metrics") or every
    known = {name: about for name, about in every.items() if name == main or name in described}
    return {main: known.pop(main), **known} if main in known else known


def _described(values: Any) -> dict[str, Any]:
    """Return figures with what format 1 leaves out; ``ValueError`` or ``ConfigError`` where they are no figures."""
    scored = msgspec.convert(values, Scored)
    name = scored.get("task", ONLY_TASK)
    compared = compared_of(values, name)
    described = values.get("metrics") or {figure: about.to_dict() for figure, about in compared.items()}
    for figure in compared:
        try:
            msgspec.convert(values.get(figure), Figure)
        except msgspec.ValidationError as error:
            raise ValueError(f"{figure}: {error}") from None
    return {"task": name, "main": next(iter(compared)), "metrics": described, **values}


def read_header(folder: Path) -> header.Header:
    """Return what a run's weights file says of itself; ``CheckpointError`` where that, or the file, was changed."""
    check_weights(folder)
    try:
        with safe_open(folder / files.WEIGHTS, "pt") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise damaged(folder, str(error)) from None
    if header.KEY not in metadata:
        raise damaged(folder, "it does not say what network it belongs to")
    return header.read_header(folder / files.WEIGHTS, metadata[header.KEY])


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Return a run's weights by name; ``CheckpointError`` where they cannot be read."""
    try:
        with safe_open(folder / files.WEIGHTS, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    except (SafetensorError, OSError) as error:
        raise damaged(folder, str(error)) from None


def read_table(path: Path) -> dict[str, np.ndarray]:
    """Return a table of numbers as columns; ``CheckpointError`` where it is none."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            names, *rows = csv.reader(file)
        table = np.array(rows, dtype=float).reshape(len(rows), len(names))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing; put back a copy, or write it again with: convscope train --resume "
            f"{quoted(path.parent)}"
        ) from None
    except (OSError, ValueError, csv.Error) as error:
        raise CheckpointError(f"{path} cannot be read as a table of numbers ({error}); put back a copy") from None
    return {name: table[:, at] for at, name in enumerate(names)}
