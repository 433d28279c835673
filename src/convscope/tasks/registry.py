"""The table of tasks: where each one's functions and its settings stand."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

from convscope.errors import ConfigError, DataError, nearest

if TYPE_CHECKING:
    from convscope.data.dataset import Data
    from convscope.tasks.task import Task

# task: (its room's entry, its settings, which the help texts read without loading anything heavy)
_ROOMS = {
    "classification": ("classification.task:CLASSIFICATION", "classification.options:Options"),
    "multilabel": ("multilabel.task:MULTILABEL", "multilabel.options:Options"),
    "regression": ("regression.task:REGRESSION", "regression.options:Options"),
    "landmarks": ("landmarks.task:LANDMARKS", "landmarks.options:Options"),
    "segmentation": ("segmentation.task:SEGMENTATION", "segmentation.options:Options"),
    "reconstruction": ("reconstruction.task:RECONSTRUCTION", "reconstruction.options:Options"),
}
_REGISTERED: dict[str, Task] = {}


def names() -> tuple[str, ...]:
    """Return the names of all tasks, in the order in which they are tried on a set."""
    return (*_ROOMS, *(name for name in _REGISTERED if name not in _ROOMS))


def task(name: str) -> Task:
    """Return a task by name; ``ConfigError`` with the nearest name for none.

    >>> task("classification").name
    'classification'
    """
    _check(name)
    return _REGISTERED[name] if name in _REGISTERED else _at(_ROOMS[name][0])


def fitting(data: Data) -> str:
    """Return the name of the first task that a set can be learned from with; ``DataError`` where there is none."""
    reasons = {name: task(name).fits(data) for name in names()}
    fits = next((name for name, reason in reasons.items() if reason is None), None)
    if fits is None:
        why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise DataError(f"{data.source} is for none of the tasks ({why})")
    return fits


def options_of(name: str) -> type[Any]:
    """Return the dataclass of a task's own settings; raises as ``task``."""
    _check(name)
    return _REGISTERED[name].options if name in _REGISTERED else _at(_ROOMS[name][1])


def register(entry: Task) -> None:
    """Add a task of one's own; one of the same name gives way."""
    _REGISTERED[entry.name] = entry


def _check(name: str) -> None:
    if name not in names():
        raise ConfigError(f"unknown task {name!r}{nearest(name, names())}; the tasks are {', '.join(names())}")


@cache
def _at(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(f"convscope.tasks.{module}"), attribute)
