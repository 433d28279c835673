"""The table of tasks."""

from __future__ import annotations

import importlib

from convscope.errors import ConfigError, nearest
from convscope.tasks.task import Task

TASKS: dict[str, str | Task] = {
    "classification": "convscope.tasks.classification:CLASSIFICATION",
}


def task(name: str) -> Task:
    """Return a task by name; ``ConfigError`` with the nearest name for none.

    >>> task("classification").name
    'classification'
    """
    if name not in TASKS:
        raise ConfigError(f"unknown task {name!r}{nearest(name, TASKS)}; the tasks are {', '.join(TASKS)}")
    entry = TASKS[name]
    if isinstance(entry, Task):
        return entry
    module, _, attribute = entry.partition(":")
    return getattr(importlib.import_module(module), attribute)


def register(entry: Task) -> None:
    """Add a task of one's own; one of the same name gives way."""
    TASKS[entry.name] = entry
