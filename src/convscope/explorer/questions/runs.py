"""The runs that are open: their names, what each is, and how its training went, or goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.analysis.edits import window_of
from convscope.errors import Error
from convscope.explaining.feature_maps import has_maps
from convscope.explorer.answer import Answer
from convscope.explorer.growing import Place, extremes, rows_behind
from convscope.plain import plain
from convscope.runs import files
from convscope.views.inspection import inspection

if TYPE_CHECKING:
    from convscope.explorer.session import Opened, Session


def listed(session: Session, options: Mapping[str, str]) -> Answer:
    """Return the runs by name, each with its folder and whether its training has ended; damaged ones with why."""
    return Answer({"runs": [_line(opened) for opened in session.runs.values()], "ready": session.ready.is_set()})


def _line(opened: Opened) -> dict[str, Any]:
    line = {"name": opened.name, "folder": str(opened.folder)}
    ended = (opened.folder / files.METRICS).exists()
    return {**line, "ended": ended, "begun": (opened.folder / files.WEIGHTS).exists()}


def described(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return a run's network layer by layer, its classes, what its inputs become, its figures, and warnings."""
    opened = session.run(run)
    if not opened.is_run:
        told = {"name": run, "classes": (), "inspection": inspection(opened.inspection), "edges": _edges(opened)}
        return Answer(plain(told))
    spec, finished = opened.run.spec, opened.run
    target, rule = spec.target, spec.preprocessing
    return Answer(plain({
        "name": run, "folder": opened.folder, "model": spec.model, "task": spec.task, "data": finished.source,
        "classes": getattr(target, "names", ()), "input": {"noun": spec.input.noun, "shape": spec.input.shape},
        "mean": getattr(rule, "mean", None), "std": getattr(rule, "std", None),
        "inspection": inspection(opened.inspection),
        "edges": _edges(opened),
        "figures": _figures(opened), "unfinished": finished.unfinished,
    }))  # fmt: skip


def _edges(opened: Opened) -> list[dict[str, Any]]:
    """Return every node of the graph with the nodes that it takes from, in the order in which they run."""
    graph = opened.inspection.graph
    return [
        {"name": node.name, "op": node.op, "from": list(dict.fromkeys(node.inputs.values())), "shape": node.shape,
         "window": window_of(graph, node), "batch": node.batch, "maps": has_maps(node),
         "arguments": {name: value for name, value in node.arguments.items() if _short(value)}}
        for node in graph.nodes
    ]  # fmt: skip


def _short(value: Any) -> bool:
    return isinstance(value, int | float | str | bool | tuple | list) and len(str(value)) < 60


def _figures(opened: Opened) -> dict[str, Any]:
    """Return the figures of merit that the run is compared by, the main one first; none while it is trained."""
    try:
        metrics = opened.run.metrics
        return {name: {**metrics[name], "title": name.replace("_", " ")} for name in opened.run.about}
    except Error:
        return {}


def history(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return the rows of the tables of epochs and of steps as columns (n,) float32; of many of them the extremes.

    ``epochs`` and ``steps`` are how far these were read, as ``read`` of the last answer says, so that only their ends
    are read while a run is trained. ``anew`` says that a table has become another one, as by a resumed training, and
    is told from its beginning; ``rows``, how many are new; ``columns`` are their names in the order of the file.
    """
    opened = session.run(run)
    told: dict[str, Any] = _line(opened)
    arrays: dict[str, np.ndarray] = {}
    for table, name in (("epochs", files.EPOCHS), ("steps", files.STEPS)):
        rows = rows_behind(opened.folder / name, Place.of(options.get(table, "")))
        told[table] = {"read": str(rows.place), "anew": rows.anew, "rows": rows.count, "columns": list(rows.columns)}
        for column, values in extremes(rows.columns).items():
            arrays[f"{table}/{column}"] = values.astype(np.float32)
    return Answer(told, arrays)
