"""convscope: convolutional networks you can see through.

The public names are loaded on first use, so that ``import convscope`` costs nothing and imports no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convscope.errors import CheckpointError, ConfigError, DataError, Error, ShapeError

if TYPE_CHECKING:
    from convscope import labs, models, ops, scratch, widgets
    from convscope.analysis.inspection import Inspection
    from convscope.api.compare import compare
    from convscope.api.explain import explain
    from convscope.api.inspect import inspect
    from convscope.api.series import Series, train_series
    from convscope.api.trace import trace
    from convscope.api.train import resume, train
    from convscope.data.arrays import from_arrays
    from convscope.data.dataset import Data
    from convscope.data.loading import load
    from convscope.events import Listener, Observer
    from convscope.explaining.explanation import Explanation
    from convscope.graph import Graph
    from convscope.graph.record import record
    from convscope.runs.compare.comparison import Comparison
    from convscope.runs.compare.cross_validation import CrossValidation
    from convscope.runs.run import Run, open_run
    from convscope.tracing.terms import Trace

__version__ = "0.1.0"

__all__ = [
    "CheckpointError",
    "Comparison",
    "ConfigError",
    "CrossValidation",
    "Data",
    "DataError",
    "Error",
    "Explanation",
    "Graph",
    "Inspection",
    "Listener",
    "Observer",
    "Run",
    "Series",
    "ShapeError",
    "Trace",
    "compare",
    "explain",
    "from_arrays",
    "inspect",
    "labs",
    "load",
    "models",
    "open_run",
    "ops",
    "record",
    "resume",
    "scratch",
    "trace",
    "train",
    "train_series",
    "widgets",
]

_ROOMS = ("labs", "models", "ops", "scratch", "widgets")
_HOMES = {
    "Comparison": "convscope.runs.compare.comparison",
    "CrossValidation": "convscope.runs.compare.cross_validation",
    "Data": "convscope.data.dataset",
    "Explanation": "convscope.explaining.explanation",
    "Graph": "convscope.graph",
    "Inspection": "convscope.analysis.inspection",
    "Listener": "convscope.events",
    "Observer": "convscope.events",
    "Run": "convscope.runs.run",
    "Series": "convscope.api.series",
    "Trace": "convscope.tracing.terms",
    "compare": "convscope.api.compare",
    "explain": "convscope.api.explain",
    "from_arrays": "convscope.data.arrays",
    "inspect": "convscope.api.inspect",
    "load": "convscope.data.loading",
    "open_run": "convscope.runs.run",
    "record": "convscope.graph.record",
    "resume": "convscope.api.train",
    "trace": "convscope.api.trace",
    "train": "convscope.api.train",
    "train_series": "convscope.api.series",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"convscope.{name}")
    if name in _HOMES:
        from convscope.training.threads import wait_briefly

        wait_briefly()  # torch may be loaded now
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'convscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
