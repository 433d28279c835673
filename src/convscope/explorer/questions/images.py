"""The examples that a run is judged by, those that it got most wrong first, and one of them with its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.pictures import as_shown, in_rows
from convscope.data.spec import Classes, Pixels, names_of
from convscope.data.transforms.text import text_of
from convscope.errors import ConfigError
from convscope.explorer.answer import Answer
from convscope.explorer.growing import extremes
from convscope.explorer.judged import CHOSEN_BY, classes_of, judged
from convscope.explorer.questions.options import whole
from convscope.explorer.session import GIVEN, OWN
from convscope.explorer.thumbnails import middle, short_signal, shown_slice, small_mask, thumbnail
from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.data.dataset import Split
    from convscope.explorer.session import Opened, Session
    from convscope.runs.prediction import Prediction

MOST_ROWS, MOST_LETTERS = 200, 120  # of one answer; of a text among others
MOST_CLASSES = 100  # of a confusion matrix
MASKS = ("pixel classes", "instances")  # kinds of targets whose truth is an image
ORDERS = ("worst", "stored")
SHOWN_MASKS = ("", "truth", "both")


def rows(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return ``n`` examples after ``from`` in an order (``sort``: worst or stored), with thumbnails (n, h, w, 3) uint8.

    ``only`` = "mistakes" leaves out what was answered rightly, ``label`` and ``prediction`` all but a class and an
    answer. Where there are no predictions yet they are as stored. Of a segmentation ``masks`` = "truth" adds ``truth``
    (n, h, w) uint8, the true masks with 255 where there is none, and "both" those ``predicted``, too.
    """
    opened = session.run(run)
    first, count = whole(options, "from", 0, 10**9), whole(options, "n", 48, MOST_ROWS)
    sort, masks = options.get("sort", "worst"), options.get("masks", "")
    if sort not in ORDERS:
        raise ConfigError(f"sort: expected {' or '.join(ORDERS)}, found {sort!r}")
    if masks not in SHOWN_MASKS:
        raise ConfigError(f"masks: expected truth or both, found {masks!r}")
    name, split, warnings = opened.held
    known, target = judged(session, opened), opened.run.spec.target
    wanted = {name: options[name] for name in CHOSEN_BY if options.get(name)}
    order = known.listed(sort, wanted, mistakes=options.get("only") == "mistakes")
    chosen = order[first : first + count]
    right = known.right
    listed = [
        {"image": f"{name}:{at}", "id": str(split.ids[at]), **known.cells(at),
         "right": None if right is None else bool(right[at]),
         "figure": None if known.figure is None else float(known.figure[at])}
        for at in chosen.tolist()
    ]  # fmt: skip
    arrays = _pictures(split, chosen, listed)
    if masks and len(chosen) and target.kind in MASKS:
        arrays |= _masks(session, opened, chosen, predicted=masks == "both")
    return Answer(plain({
        "split": name, "count": len(order), "examples": len(split), "kind": split.input.spec.kind,
        "mistakes": None if right is None else int((~right).sum()), "rows": listed,
        "warnings": [*warnings, *([f"It is not known what was answered: {known.problem}."] if known.problem else [])],
        "names": names_of(target), "chosen_by": list(known.words) if isinstance(target, Classes) else [],
        "masks": target.kind in MASKS, "of_objects": target.kind == "instances",
        "figure": known.title,
    }), arrays)  # fmt: skip


def _pictures(split: Split, chosen: np.ndarray, listed: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return what the chosen examples look like; the beginnings of texts are put into their lines."""
    kind = split.input.spec.kind
    examples = [np.asarray(split.input.take(np.array([at]))[0]) for at in chosen]
    if kind == "text":
        for line, letters in zip(listed, examples, strict=True):
            line["text"] = text_of(letters)[:MOST_LETTERS]
    if not examples:
        return {}
    if kind == "signal":
        return {"signals": np.stack([short_signal(each) for each in examples])}
    if kind == "video":
        return {"thumbnails": np.stack([thumbnail(as_shown(_in_rows(each))) for each in examples])}
    if kind == "volume":
        return {"thumbnails": np.stack([thumbnail(shown_slice(each, len(each) // 2)) for each in examples])}
    if kind == "image":
        return {"thumbnails": np.stack([thumbnail(as_shown(np.moveaxis(each, -1, 0))) for each in examples])}
    return {}


def _masks(session: Session, opened: Opened, chosen: np.ndarray, *, predicted: bool) -> dict[str, np.ndarray]:
    split = opened.held[1]
    ignore, of_objects = split.target.spec.ignore, opened.run.spec.target.kind == "instances"

    def small(mask: np.ndarray) -> np.ndarray:
        return small_mask(mask if mask.ndim == 2 else middle(mask), ignore, of_objects=of_objects)

    def answered() -> np.ndarray:
        return np.stack([small(_mask_of(opened.run.predict([split[at]])[0])) for at in chosen.tolist()])

    arrays = {"truth": np.stack([small(np.asarray(split.target.take(np.array([at]))[0])) for at in chosen])}
    if predicted:
        arrays["predicted"] = session.once(("small masks", opened.name, *chosen.tolist()), answered)
    return arrays


def _mask_of(prediction: Prediction) -> np.ndarray:
    """Return the mask that was answered: the class of each pixel, else its object."""
    arrays = prediction.arrays
    return arrays["classes"] if "classes" in arrays else arrays["objects"]


def one(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return one example: its pixels (H, W, 3) uint8 as shown, or its signal, and the network's answer to it.

    ``logits`` (K,) are the network's outputs where they are one list of numbers. Of a volume it is the ``slice``, by
    default that in the middle, and there are no logits.
    """
    opened = session.run(run)
    example = session.example(opened, image)
    if opened.is_run and opened.run.spec.preprocessing.kind == "volume":
        return _slice(session, options, opened, image)
    forward = session.forward(opened, image)
    if not opened.is_run:  # a module of a notebook, of whose numbers nothing is known
        told = {"image": image, "id": "the example", "classes": (), "letters": (), "notes": forward.graph.notes}
        return Answer(plain(told))
    (prediction,) = opened.run.predict(example if isinstance(example, list) else [example])
    arrays: dict[str, np.ndarray] = {}
    if forward.scaling is not None and forward.scaling.raw.ndim == 3:
        arrays["pixels"] = as_shown(forward.scaling.raw)
    elif forward.scaling is not None and forward.scaling.raw.ndim == 4:  # a clip: its frames in rows
        arrays["pixels"] = as_shown(_in_rows(np.moveaxis(forward.scaling.raw, 0, -1)))
    elif isinstance(recording := getattr(example, "image", example), np.ndarray) and recording.dtype.kind == "f":
        arrays |= _signal(recording)
    elif forward.scaling is not None:  # of a file that a notebook gives
        arrays |= _signal(forward.scaling.raw.T)
    outputs = np.asarray(forward.engine.get(forward.output, forward.values[forward.output]))
    if outputs.ndim == 2:
        arrays["logits"] = outputs[0].astype(np.float32)
    facts, truth = _told(session, opened, image, prediction)
    if isinstance(target := opened.run.spec.target, Pixels):
        arrays |= _given_back(prediction, target)
    notes = [*forward.graph.notes, *_notes(session, opened, image)]
    return Answer(plain({**facts, "classes": list(forward.classes), "letters": list(forward.letters),
                         "notes": notes}), arrays | _pictured(prediction) | truth)  # fmt: skip


def _notes(session: Session, opened: Opened, image: str) -> list[str]:
    """Return what is to be said of how a file of the user's was read."""
    note = session.own(image).note(opened.run) if image.startswith(f"{OWN}:") else ""
    return [f"{note[0].upper()}{note[1:]}."] if note else []


def _signal(values: np.ndarray) -> dict[str, np.ndarray]:
    """Return a signal (T, C) as its channels (C, n) and their steps (n,): of a long one the extremes."""
    values = values.reshape(len(values), -1)
    kept = extremes({"": np.arange(len(values)), **{str(at): values[:, at] for at in range(values.shape[1])}})
    steps, *channels = (column.astype(np.float32) for column in kept.values())
    return {"signal": np.stack(channels), "steps": steps}


def _slice(session: Session, options: Mapping[str, str], opened: Opened, image: str) -> Answer:
    """Return a slice of a volume and of the answer to it, which is kept while slices of the same are asked for."""
    example = session.example(opened, image)
    key = ("volume", opened.name)

    def answered() -> tuple[str, Prediction]:
        return image, opened.run.predict([example])[0]

    of, prediction = session.once(key, answered)
    if of != image:
        _, prediction = session.once(key, answered, anew=True)
    values = np.asarray(getattr(example, "image", example))
    at = min(whole(options, "slice", len(values) // 2, 10**9), len(values) - 1)
    facts, truth = _told(session, opened, image, prediction)
    masks = {name: mask[at] for name, mask in (_pictured(prediction) | truth).items() if mask.ndim == 3}
    arrays = {"pixels": shown_slice(values, at), **masks}
    return Answer(
        plain({**facts, "classes": [], "letters": [], "notes": [], "slice": at, "slices": len(values)}), arrays
    )


def _told(
    session: Session, opened: Opened, image: str, prediction: Prediction
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what is said of an example and of the answer to it, and the truth where that is a mask."""
    example, target = session.example(opened, image), opened.run.spec.target
    name = str(session.own(image)) if image.startswith(f"{OWN}:") else str(getattr(example, "id", "your own"))
    label, truth = getattr(example, "label", None), None
    arrays: dict[str, np.ndarray] = {}
    if isinstance(label, np.ndarray) and target.kind in MASKS:
        ignore = opened.held[1].target.spec.ignore
        mask = label.astype(np.int32)
        arrays["truth"] = mask if ignore is None else np.where(mask == ignore, -1, mask)
    elif isinstance(label, np.ndarray) and not isinstance(target, Pixels):
        truth = _in_pixels(opened, image, label).tolist()
    return {
        "image": image, "id": name, "answer": prediction.to_dict(), "truth": truth, "kind": target.kind,
        "label": label if isinstance(label, str | int | float) else None,
        "names": names_of(target), "noun": opened.run.spec.input.noun,
    }, arrays  # fmt: skip


def _pictured(prediction: Prediction) -> dict[str, np.ndarray]:
    arrays = {name: prediction.arrays.get(name) for name in ("classes", "objects")}
    return {name: mask.astype(np.int32) for name, mask in arrays.items() if mask is not None}


def _given_back(prediction: Prediction, target: Pixels) -> dict[str, np.ndarray]:
    """Return a ``reconstruction`` as it is shown, (H, W, 3) uint8, and the mean ``difference`` (H, W) over channels."""
    from convscope.tasks.reconstruction.target import encode

    told, image = prediction.arrays["reconstruction"], encode(prediction.arrays["image"][None], target)[0]
    return {
        "reconstruction": as_shown(np.rint(255 * np.moveaxis(told, -1, 0)).astype(np.uint8)),
        "difference": (np.moveaxis(told, -1, 0) - image).mean(0).astype(np.float32),
    }


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
    target = opened.run.spec.target
    names = names_of(target)
    splits = {
        each.name: {"count": len(each), "classes": _of_each_class(each, len(names))} for each in split.dataset.splits
    }
    arrays: dict[str, np.ndarray] = {}
    if isinstance(target, Classes) and len(names) <= MOST_CLASSES:
        confusion = judged(session, opened).confusion(names)
        arrays = {} if confusion is None else {"confusion": confusion}
    return Answer(plain({"split": name, "splits": splits, "names": list(names), "kind": target.kind}), arrays)


def _of_each_class(split: Split, count: int) -> list[int] | None:
    numbers = classes_of(split)
    return None if numbers is None else np.bincount(numbers[numbers >= 0], minlength=count).tolist()


def _in_rows(clip: np.ndarray) -> np.ndarray:
    """Return a clip (T, H, W, C) as one image (C, h, w)."""
    return np.moveaxis(in_rows(clip, clip.max()), -1, 0)
