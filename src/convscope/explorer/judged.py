"""What a run answered for each example that it is judged by: the line of it, is it right, and which are worst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.spec import names_of
from convscope.errors import CheckpointError
from convscope.runs import files

if TYPE_CHECKING:
    from convscope.data.dataset import Split
    from convscope.explorer.session import Opened, Session

CHOSEN_BY = ("label", "prediction")  # what examples are listed by, where the lines have it


@dataclass(frozen=True, eq=False)
class Judged:
    """The examples of a split in the order of the split: ``lines`` of what was answered, none where nothing is known.

    ``right`` (n,) says which are answered rightly, ``None`` for answers that are more or less so; ``worst`` (n,) are
    positions, those that are most wrong first: the surest mistakes, then the least sure right answers. ``words`` are
    the class and the answer of each (n,), by name. ``figure`` (n,) is by what answers are more or less right, called
    ``title``. ``problem`` says why answers that were written cannot be read.
    """

    lines: list[dict[str, str]]
    right: np.ndarray | None
    worst: np.ndarray
    words: Mapping[str, np.ndarray]
    figure: np.ndarray | None = None
    title: str = ""
    problem: str = ""

    def listed(self, sort: str, wanted: Mapping[str, str], *, mistakes: bool) -> np.ndarray:
        """Return positions in an order ("worst", "stored"): those with the ``wanted`` words, or ``mistakes`` alone.

        Where it is not known what is a mistake, or there are no such words, that is not asked for.
        """
        order = np.arange(len(self.worst)) if sort == "stored" else self.worst
        keep = np.ones(len(order), bool)
        if mistakes and self.right is not None:
            keep &= ~self.right
        for name, value in wanted.items():
            if name in self.words:
                keep &= self.words[name] == value
        return order[keep[order]]

    def cells(self, at: int) -> dict[str, Any]:
        """Return what was answered for an example, without the probability of every class."""
        line = self.lines[at] if self.lines else {}
        return {name: value for name, value in line.items() if name not in ("id", "split") and ":" not in name}

    def confusion(self, names: tuple[str, ...]) -> np.ndarray | None:
        """Return how many examples of each class (row) were taken for which (column), int32; ``None`` if not known."""
        if not self.lines or not self.words.keys() >= set(CHOSEN_BY):
            return None
        number = {name: at for at, name in enumerate(names)}
        pairs = zip(*(self.words[name].tolist() for name in CHOSEN_BY), strict=True)
        places = [(number[row], number[column]) for row, column in pairs if row in number and column in number]
        confusion = np.zeros((len(names), len(names)), np.int32)
        np.add.at(confusion, tuple(np.array(places, int).reshape(-1, 2).T), 1)
        return confusion


def judged(session: Session, opened: Opened) -> Judged:
    """Return what the run answered for the split it is judged by, read once for as long as its files are the same.

    A run that is still trained, or whose files are of an older version, has answered nothing.
    """
    folder = opened.run.folder
    paths = (folder / files.METRICS, folder / files.PREDICTIONS)
    written = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
    return session.once(("judged", opened.name, written), lambda: _read(opened, opened.held[1]))


def _read(opened: Opened, split: Split) -> Judged:
    from convscope.runs.predictions import read_answers

    try:
        answers = read_answers(opened.run)
    except CheckpointError as error:
        said = str(error) if (opened.run.folder / files.METRICS).exists() else ""
        return Judged([], None, np.arange(len(split)), _true(opened, split), problem=said)
    if len(answers.rows) != len(split):
        return Judged([], None, np.arange(len(split)), _true(opened, split))
    lines = answers.rows
    figure = np.asarray(answers.of(answers.ids).per_example)
    words = {name: np.array([line[name] for line in lines]) for name in CHOSEN_BY if lines and name in lines[0]}
    if figure.dtype == bool:
        sure = np.array([float(line.get("probability") or 0) for line in lines])
        return Judged(lines, figure, np.lexsort((np.where(figure, sure, -sure), figure)), words)
    about = next(iter(opened.run.about.values()))
    worst = np.argsort(figure if about.better == "higher" else -figure, kind="stable")
    return Judged(lines, None, worst, words, figure, about.title)


def _true(opened: Opened, split: Split) -> dict[str, np.ndarray]:
    """Return the class of each example by name, where nothing was answered yet; nothing of what has no class."""
    numbers = classes_of(split)
    return {} if numbers is None else {"label": np.array(names_of(opened.run.spec.target))[numbers]}


def classes_of(split: Split) -> np.ndarray | None:
    """Return the number (n,) of each example's class, ``None`` where the targets are none."""
    target = split.target if split.dataset.target_kind == "class" else None
    return target.astype(np.int64) if isinstance(target, np.ndarray) and target.ndim == 1 else None
