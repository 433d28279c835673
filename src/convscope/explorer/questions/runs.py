"""The runs that are open: their names, what each is, and how its training went, or goes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.analysis.edits import window_of
from convscope.errors import CheckpointError, Error
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import whole
from convscope.plain import plain
from convscope.runs import files
from convscope.views.inspection import inspection

if TYPE_CHECKING:
    from convscope.explorer.session import Opened, Session

MOST_POINTS = 4000  # of a curve, as two a column of a wide screen


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
         "window": window_of(graph, node), "batch": node.batch,
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
    """Return the epochs, and the steps behind byte ``offset`` of their file, as columns (n,) float32.

    The next ``offset`` comes with them, so that a training is followed by reading what is new. Of very many steps some
    thousand are given, the extremes of each stretch among them.
    """
    opened = session.run(run)
    epochs, _ = _rows(opened.folder / files.EPOCHS, 0)
    steps, offset = _rows(opened.folder / files.STEPS, whole(options, "offset", 0, 2**40))
    arrays = {
        f"{table}/{name}": column.astype(np.float32)
        for table, columns in (("epochs", epochs), ("steps", _extremes(steps)))
        for name, column in columns.items()
    }
    return Answer({"offset": offset, **_line(opened)}, arrays)


def _rows(path: Path, offset: int) -> tuple[dict[str, np.ndarray], int]:
    """Return the whole lines of a table behind a byte as columns, and the byte behind them; none of a file not there.

    Raises ``CheckpointError`` where they are no numbers.
    """
    try:
        with path.open("rb") as file:
            names = file.readline().decode().strip().split(",")
            file.seek(max(offset, file.tell()))
            begin = file.tell()
            text = file.read()
    except FileNotFoundError:
        return {}, 0
    whole_lines = text[: text.rfind(b"\n") + 1]
    try:
        cells = [line.split(b",") for line in whole_lines.splitlines()]
        table = np.array(cells, dtype=np.float64).reshape(len(cells), len(names))
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be read as a table of numbers ({error}); put back a copy") from None
    return {name: table[:, at] for at, name in enumerate(names)}, begin + len(whole_lines)


def _extremes(steps: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return rows of a long table such that each stretch keeps the least and the largest loss, in order."""
    count = len(next(iter(steps.values()), ()))
    if count <= MOST_POINTS:
        return dict(steps)
    loss = np.nan_to_num(next((column for name, column in steps.items() if "loss" in name), np.zeros(count)))
    edges = np.linspace(0, count, MOST_POINTS // 2 + 1).astype(int)
    rows = {edge + pick(loss[edge:end]) for edge, end in pairwise(edges) for pick in (np.argmin, np.argmax)}
    kept = np.array(sorted({*rows, 0, count - 1}))
    return {name: column[kept] for name, column in steps.items()}
