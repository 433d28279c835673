"""convscope: convolutional networks you can see through.

The public names are loaded on first use, so that ``import convscope`` costs nothing and imports no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convscope.errors import CheckpointError, ConfigError, DataError, Error, ShapeError

if TYPE_CHECKING:
    from convscope import models, ops, scratch
    from convscope.data.dataset import Data
    from convscope.data.loading import load
    from convscope.job import Observer, resume, train
    from convscope.runs.run import Run, open_run

__version__ = "0.1.0"

__all__ = [
    "CheckpointError",
    "ConfigError",
    "Data",
    "DataError",
    "Error",
    "Observer",
    "Run",
    "ShapeError",
    "load",
    "models",
    "open_run",
    "ops",
    "resume",
    "scratch",
    "train",
]

_ROOMS = ("models", "ops", "scratch")
_HOMES = {
    "Data": "convscope.data.dataset",
    "Observer": "convscope.job",
    "Run": "convscope.runs.run",
    "load": "convscope.data.loading",
    "open_run": "convscope.runs.run",
    "resume": "convscope.job",
    "train": "convscope.job",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"convscope.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'convscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
