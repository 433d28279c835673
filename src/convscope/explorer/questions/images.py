"""The examples that a run is judged by, those that it got most wrong first, and one of them with its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.pictures import as_shown, in_rows, tile
from convscope.data.spec import names_of
from convscope.data.transforms.text import text_of
from convscope.errors import CheckpointError, ConfigError
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import whole
from convscope.explorer.session import GIVEN, OWN
from convscope.plain import plain
from convscope.runs import files

if TYPE_CHECKING:
    from convscope.data.dataset import Split
    from convscope.explorer.session import Opened, Session
    from convscope.runs.predictions import Answers

SIDE, MOST_ROWS, MOST_LETTERS = 64, 200, 120  # of a thumbnail; of one answer; of a text among others
MOST_CLASSES = 100  # of a confusion matrix
MASKS = ("pixel classes", "instances")  # kinds of targets whose truth is an image
ORDERS = ("worst", "stored")


def rows(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return ``n`` examples after ``from`` in an order (``sort``: worst or stored), with thumbnails (n, h, w, 3) uint8.

    ``only`` = "mistakes" leaves out what was answered rightly. Where there are no predictions yet they are as stored.
    """
    opened = session.run(run)
    first, count = whole(options, "from", 0, 10**9), whole(options, "n", 48, MOST_ROWS)
    sort = options.get("sort", "worst")
    if sort not in ORDERS:
        raise ConfigError(f"sort: expected {' or '.join(ORDERS)}, found {sort!r}")
    name, split, warnings = opened.held
    answers = _answers(session, opened)
    order, right = _order(opened, split, answers, sort)
    if options.get("only") == "mistakes":
        order = order[~right[order]] if right is not None else order[:0]
    order = _only_cell(order, answers, options)
    chosen = order[first : first + count]
    cells = [{} if answers is None else _cells(answers.rows[at]) for at in chosen]
    listed = [
        {"image": f"{name}:{at}", "id": str(split.ids[at]), **cell, "right": None if right is None else bool(right[at])}
        for at, cell in zip(chosen, cells, strict=True)
    ]
    arrays: dict[str, np.ndarray] = {}
    if len(chosen) and split.input.spec.kind in ("image", "video"):
        arrays["thumbnails"] = np.stack([_thumbnail(split, int(at)) for at in chosen])
    elif len(chosen) and split.input.spec.kind == "signal":
        arrays["signals"] = np.stack([_short_signal(split, int(at)) for at in chosen])
    elif len(chosen) and split.input.spec.kind == "text":
        for each, at in zip(listed, chosen, strict=True):
            each["text"] = text_of(split.input.take(np.array([at]))[0])[:MOST_LETTERS]
    mistakes = None if right is None else int((~right).sum())
    return Answer(plain({"split": name, "count": len(order), "examples": len(split), "mistakes": mistakes,
                         "rows": listed, "kind": split.input.spec.kind, "warnings": warnings}), arrays)  # fmt: skip


def one(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return one example: its pixels (H, W, 3) uint8 as shown, or its signal, and the network's answer to it.

    ``logits`` (K,) are the network's outputs where they are one list of numbers.
    """
    opened = session.run(run)
    example = session.example(opened, image)
    forward = session.forward(opened, image)
    if not opened.is_run:  # a module of a notebook, of whose numbers nothing is known
        told = {"image": image, "id": "the example", "classes": (), "letters": (), "notes": forward.graph.notes}
        return Answer(plain(told))
    (prediction,) = opened.run.predict(example if isinstance(example, list) else [example])
    answer = plain(prediction.to_dict())
    arrays: dict[str, np.ndarray] = {}
    if forward.scaling is not None and forward.scaling.raw.ndim == 3:
        arrays["pixels"] = as_shown(forward.scaling.raw)
    elif forward.scaling is not None and forward.scaling.raw.ndim == 4:  # a clip: its frames in rows
        arrays["pixels"] = as_shown(_in_rows(np.moveaxis(forward.scaling.raw, 0, -1)))
    elif forward.scaling is not None:
        arrays["signal"] = forward.scaling.raw.astype(np.float32)
    outputs = np.asarray(forward.engine.get(forward.output, forward.values[forward.output]))
    if outputs.ndim == 2:
        arrays["logits"] = outputs[0].astype(np.float32)
    for name in ("classes", "objects"):
        if (found := prediction.arrays.get(name)) is not None and found.ndim == 2:
            arrays[name] = found.astype(np.int32)
    label, target = getattr(example, "label", None), opened.run.spec.target
    truth = None
    if isinstance(label, np.ndarray) and target.kind in MASKS:
        arrays |= {"truth": label.astype(np.int32)} if label.ndim == 2 else {}
    elif isinstance(label, np.ndarray):
        truth = _in_pixels(opened, image, label).tolist()
    return Answer(plain({"image": image, "id": str(getattr(example, "id", "your own")), "answer": answer,
                   "label": label if isinstance(label, str | int | float) else None, "truth": truth,
                   "classes": list(forward.classes), "letters": list(forward.letters), "kind": target.kind,
                   "names": names_of(target), "text": opened.run.spec.input.noun == "text",
                   "notes": list(forward.graph.notes)}), arrays)  # fmt: skip


def _in_pixels(opened: Opened, image: str, label: np.ndarray) -> np.ndarray:
    """Return what an example is labelled with; points, which are those of the file, in pixels of the stored image."""
    name, _, at = image.partition(":")
    if opened.run.spec.target.kind != "points" or name in (OWN, GIVEN):
        return label
    return opened.held[1].placed_target[int(at)]


def counts(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return how many examples each split has, of classes how many of each, and which were taken for which.

    ``confusion`` (K, K) int32 has the class of an example as its row and the answer as its column; it is of the split
    that the run is judged by, and left out where there are no answers yet or nothing is classified.
    """
    opened = session.run(run)
    name, split, _ = opened.held
    data, names = split.dataset, list(names_of(opened.run.spec.target))
    told: dict[str, Any] = {"split": name, "splits": {}, "names": names, "kind": opened.run.spec.target.kind}
    for each in data.splits:
        told["splits"][each.name] = {"count": len(each), "classes": _of_each_class(each, len(names))}
    arrays: dict[str, np.ndarray] = {}
    answers = _answers(session, opened)
    if answers is not None and told["kind"] == "classes" and len(names) <= MOST_CLASSES:
        number = {class_name: at for at, class_name in enumerate(names)}
        confusion = np.zeros((len(names), len(names)), np.int32)
        for row in answers.rows:
            if row["label"] in number and row["prediction"] in number:
                confusion[number[row["label"]], number[row["prediction"]]] += 1
        arrays["confusion"] = confusion
    return Answer(plain(told), arrays)


def _of_each_class(split: Split, count: int) -> list[int] | None:
    target = split.target
    if split.dataset.target_kind != "class" or not isinstance(target, np.ndarray) or target.ndim != 1:
        return None
    return np.bincount(target.astype(np.int64)[target >= 0], minlength=count).tolist()


def _answers(session: Session, opened: Opened) -> Answers | None:
    """Return what the run answered, read once for as long as its files are the same."""
    folder = opened.run.folder
    paths = (folder / files.METRICS, folder / files.PREDICTIONS)
    written = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
    return session.once(("answers", opened.name, written), lambda: _read(opened))


def _read(opened: Opened) -> Answers | None:
    from convscope.runs.predictions import read_answers

    try:
        return read_answers(opened.run)
    except CheckpointError:  # still training, or an older run: the examples are shown all the same
        return None


def _order(opened: Opened, split: Split, answers: Answers | None, sort: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return positions of the split in an order, and which of its examples were answered rightly, if that is known."""
    stored = np.arange(len(split))
    if answers is None or len(answers.rows) != len(split):
        return stored, None
    figure = np.asarray(answers.of(answers.ids).per_example)
    right = figure if figure.dtype == bool else None
    if sort == "stored":
        return stored, right
    if right is not None:
        sure = np.array([float(row.get("probability") or 0) for row in answers.rows])
        return np.lexsort((-sure, right)), right
    about = next(iter(opened.run.about.values()))
    return np.argsort(figure if about.better == "higher" else -figure, kind="stable"), None


def _cells(row: Mapping[str, str]) -> dict[str, Any]:
    """Return what a line of predictions.csv says, without the probability of every class."""
    return {name: value for name, value in row.items() if name not in ("id", "split") and ":" not in name}


def _only_cell(order: np.ndarray, answers: Answers | None, options: Mapping[str, str]) -> np.ndarray:
    """Return the positions whose class is ``label`` and whose answer is ``prediction``, where these are asked for."""
    wanted = {name: options[name] for name in ("label", "prediction") if options.get(name)}
    if not wanted or answers is None:
        return order
    kept = [all(answers.rows[at].get(name) == value for name, value in wanted.items()) for at in order]
    return order[np.array(kept, bool)]


def _thumbnail(split: Split, at: int) -> np.ndarray:
    """Return an image, reduced to fit a square, on grey: bytes (64, 64, 3)."""
    stored = np.asarray(split.input.take(np.array([at]))[0])
    image = _in_rows(stored) if stored.ndim == 4 else np.moveaxis(stored, -1, 0)
    shown = tile(as_shown(image), SIDE)[:SIDE, :SIDE]
    square = np.full((SIDE, SIDE, 3), 128, np.uint8)
    top, left = (SIDE - shown.shape[0]) // 2, (SIDE - shown.shape[1]) // 2
    square[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    return square


def _in_rows(clip: np.ndarray) -> np.ndarray:
    """Return a clip (T, H, W, C) as one image (C, h, w)."""
    return np.moveaxis(in_rows(clip, clip.max()), -1, 0)


def _short_signal(split: Split, at: int) -> np.ndarray:
    """Return the first channel of a signal at ``SIDE`` of its steps, scaled to 0 to 1."""
    values = np.asarray(split.input.take(np.array([at]))[0], np.float32)
    values = values.reshape(len(values), -1)[:, 0]
    values = values[np.linspace(0, len(values) - 1, SIDE).round().astype(int)]
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    return (finite - low) / (high - low if high > low else 1)
