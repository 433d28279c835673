"""The runs that are open: their names, what each is, and how its training went, or goes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.analysis.edits import window_of
from convscope.errors import CheckpointError, Error
from convscope.explaining.feature_maps import has_maps
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
    """Return the epochs, and the steps after ``after``, as columns (n,) float32; at most some thousand steps.

    ``after`` is how much of the file of steps was read, as the last answer told it, so that only its end is read while
    a run is trained. ``anew`` says that the file has become shorter, as by a resumed training, and is told from its
    beginning.
    """
    opened = session.run(run)
    epochs, _ = _rows_after(opened.folder / files.EPOCHS, 0)
    after, path = whole(options, "after", 0, 10**9), opened.folder / files.STEPS
    anew = after > (path.stat().st_size if path.exists() else 0)
    steps, read = _rows_after(path, 0 if anew else after)
    count = len(next(iter(steps.values()), ()))
    kept = _extremes(steps, count)
    arrays = {
        f"{table}/{name}": column.astype(np.float32)
        for table, columns in (("epochs", epochs), ("steps", kept))
        for name, column in columns.items()
    }
    return Answer({"after": read, "anew": anew, "steps": count, **_line(opened)}, arrays)


def _rows_after(path: Path, after: int) -> tuple[dict[str, np.ndarray], int]:
    """Return the whole lines of a table behind a number of bytes as columns, and up to where they reach.

    A line that is still written is left for the next time; a table of which nothing is there yet has no columns.
    """
    if not path.exists():
        return {}, 0
    with path.open("rb") as file:
        names = file.readline()
        if not names.endswith(b"\n"):
            return {}, 0
        begin = max(after, file.tell())
        file.seek(begin)
        content = file.read()
    content = content[: content.rfind(b"\n") + 1]
    columns = names.decode().strip().split(",")
    try:
        flat = np.array(content.replace(b"\n", b",").split(b",")[:-1], dtype=np.float64)
        table = flat.reshape(-1, len(columns))
    except ValueError as error:
        raise CheckpointError(f"{path} cannot be read as a table of numbers ({error}); put back a copy") from None
    return {name: table[:, at] for at, name in enumerate(columns)}, begin + len(content)


def _extremes(steps: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """Return rows of a long table such that each stretch keeps the least and the largest loss, in order."""
    if count <= MOST_POINTS:
        return dict(steps)
    loss = np.nan_to_num(next((column for name, column in steps.items() if "loss" in name), np.zeros(count)))
    edges = np.linspace(0, count, MOST_POINTS // 2 + 1).astype(int)
    rows = {edge + pick(loss[edge:end]) for edge, end in pairwise(edges) for pick in (np.argmin, np.argmax)}
    kept = np.array(sorted({*rows, 0, count - 1}))
    return {name: column[kept] for name, column in steps.items()}
