"""The report of segmentation: its sections, and what they are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convscope.analysis.effective_field import EffectiveField, effective_field
from convscope.data.dataset import Split
from convscope.data.patches import example
from convscope.data.spec import Instances, PixelClasses
from convscope.errors import Error
from convscope.graph.record import record
from convscope.report.contents import Contents
from convscope.report.section import Judged, Section, TaskReport, evenly
from convscope.report.sections import run
from convscope.report.sections.segmentation.closely import closely
from convscope.report.sections.segmentation.contents import Curve, Masked, Shown
from convscope.report.tables import Table
from convscope.tasks import quantities
from convscope.tasks.scores import About
from convscope.tasks.segmentation.decoding import Decoded, decoded, of_truth
from convscope.tasks.segmentation.evidence import evidence
from convscope.text import count

EACH, TRAINED = 2, 4  # images shown of the best, of the middle and of the worst; of those trained on
SLICES = 3  # of each volume among them
LISTED = 40  # images of the table, the worst
LEVELS = 100  # of the threshold
SHARE = About("", "", limits=(0.0, 1.0))


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run that finds masks."""
    from convscope.report.figures import segmentation as figures

    own: Masked = contents.own
    plain = run.scores(contents)
    tables = {**plain.tables, "classes": classes(contents.metrics), "images": images(contents)}
    counted = own.counts is not None
    objects = Section(
        "objects", "Objects", "segmentation/objects.html.jinja", "How many were found, split and joined",
        figures={"matches": figures.matches.draw, "counts": figures.counts.draw, "areas": figures.areas.draw},
    )  # fmt: skip
    return [
        replace(plain, template="segmentation/scores.html.jinja", tables=tables),
        Section(
            "masks", "Best and worst masks", "segmentation/masks.html.jinja", "Where it is right and wrong",
            figures={"masks": figures.masks.draw, "thresholds": figures.thresholds.draw},
        ),
        *([objects] if counted else []),
        Section(
            "field", "What a pixel's answer rests on", "segmentation/field.html.jinja", "The network's receptive field",
            figures={"field": figures.field.draw},
        ),
        *run.background(contents, {"trained_on": figures.masks.trained_on}),
    ]  # fmt: skip


def own(judged: Judged) -> Masked:
    """Return what the sections need, from the probabilities predicted of each image of the judged split."""
    split, predictions = judged.split, judged.predictions
    target = judged.target
    found = evidence(split.target, predictions, target)
    figures = found.per_example
    ranked = np.argsort(-np.nan_to_num(figures, nan=-1.0), kind="stable")
    ranked = ranked[np.isfinite(figures[ranked])]
    areas: list[list[np.ndarray]] = [[], []]
    maps = {}
    for at in range(len(split)) if found.objects is not None else ():
        maps[at] = (of_truth(example(split.target, at), target), decoded(example(predictions, at), target))
        for sizes, each in zip(areas, maps[at], strict=True):
            assert each.objects is not None
            sizes.append(np.bincount(np.maximum(each.objects, 0).ravel())[1:])
    shown = [each for at in _places(ranked) for each in _shown(split, at, target, figures[at], predictions)]
    train = judged.data.train
    trained_on = [each for at in evenly(train, TRAINED) for each in _shown(train, at, target)]
    names = ("background", "objects") if isinstance(target, Instances) else target.names
    counts = None if found.objects is None else np.stack([found.objects.truth, found.objects.predicted], axis=1)
    return Masked(
        names, tuple(map(str, split.ids)), figures, tuple(shown), tuple(trained_on), counts,
        None if counts is None else (_sizes(areas[0]), _sizes(areas[1])),
        _curve(split, predictions, target), *field_of(judged),
    )  # fmt: skip


def _curve(split: Split, predictions: Any, target: PixelClasses | Instances) -> Curve | None:
    """Return how the threshold between two classes trades precision for recall, all pixels pooled."""
    if isinstance(target, Instances) or len(target.names) != 2:
        return None
    counts = np.zeros((2, LEVELS))
    for at in range(len(split)):
        truth, foreground = example(split.target, at), example(predictions, at)[..., 1]
        level = np.minimum((foreground * LEVELS).astype(np.int64), LEVELS - 1)
        for of in (0, 1):
            counts[of] += np.bincount(level[truth == of], minlength=LEVELS)
    above = counts[:, ::-1].cumsum(1)[:, ::-1]
    hits, predicted, true = above[1], above.sum(0), counts[1].sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall, dice = hits / predicted, hits / true, 2 * hits / (predicted + true)
    return Curve(np.arange(LEVELS) / LEVELS, precision, recall, dice, target.threshold)


def field_of(judged: Judged) -> tuple[EffectiveField | None, np.ndarray | None]:
    """Return what moves the answer in the middle of an image, and the part of the image that was looked at.

    Of a large image a part is, as large as those that were trained on.
    """
    transform = judged.data.preprocessing
    image = example(judged.split.input, 0)
    middle = []
    for whole, most in zip(image.shape[:-1], transform.input.space, strict=True):
        side = min(whole, most)
        middle.append(slice((whole - side) // 2, (whole - side) // 2 + side))
    seen = image[tuple(middle)]
    x = transform.tensor(seen[None]).contiguous()
    try:
        graph = record(judged.model, tuple(x.shape[1:]))
        effect = effective_field(graph, next(iter(graph.outputs.values())), inputs=x.numpy())
    except Error:  # a network of one's own that cannot be recorded, or whose answer nothing moves
        return None, None
    return effect, seen


def _sizes(parts: list[np.ndarray]) -> np.ndarray:
    sizes = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    return sizes[sizes > 0]


def _places(ranked: np.ndarray) -> list[int]:
    """Return the positions of the best, middle and worst images, each once.

    >>> _places(np.array([5, 4, 3, 2, 1, 0]))
    [5, 4, 3, 2, 1, 0]
    """
    middle = max(0, len(ranked) // 2 - EACH // 2)
    chosen = [*ranked[:EACH], *ranked[middle : middle + EACH], *ranked[-EACH:]]
    return list(dict.fromkeys(int(at) for at in chosen))


def _shown(
    split: Split, at: int, target: PixelClasses | Instances, figure: float = np.nan, predictions: Any = None
) -> Iterator[Shown]:
    """Yield an image with its masks, or some slices of a volume."""
    said = None if predictions is None else decoded(example(predictions, at), target)
    truth = of_truth(example(split.target, at), target)
    image, name = example(split.input, at), str(split.ids[at])
    if image.ndim == 3:
        yield Shown(image, truth, said, float(figure), name)
        return
    for k in _slices(len(image)):
        of_slice = None if said is None else _slice(said, k)
        yield Shown(image[k], _slice(truth, k), of_slice, float(figure), f"{name} slice {k}")


def _slice(masks: Decoded, k: int) -> Decoded:
    return Decoded(masks.classes[k], None if masks.objects is None else masks.objects[k])


def _slices(depth: int) -> list[int]:
    """Return the slices of a volume that are shown, at even distances.

    >>> _slices(30), _slices(2)
    ([5, 15, 25], [0, 1])
    """
    return sorted({(2 * k + 1) * depth // (2 * SLICES) for k in range(SLICES)})


def classes(metrics: Mapping[str, Any]) -> Table:
    """Return the figures of each class, with intervals."""
    titles = ("class", "Dice", "95 % interval", "pooled Dice", "IoU", "precision", "recall", "images without")
    distances = About(**metrics["metrics"]["hd95"]) if "hd95" in metrics["metrics"] else None
    titles = (*titles, f"HD95 ({distances.unit})", "without HD95") if distances else titles
    rows = [
        (
            row["name"], quantities.value(row["dice"], SHARE), quantities.bounds(row["dice"], SHARE),
            *(quantities.value(row[name], SHARE) for name in ("pooled_dice", "iou", "precision", "recall")),
            f"{row['absent']:,}", *(_distance(row) if distances else ()),
        )
        for row in metrics["classes"]
    ]  # fmt: skip
    return Table(titles, rows, tuple(range(1, len(titles))))


def _distance(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the HD95 of a class, and how many images have none, since truth or prediction lacks the class."""
    if "hd95" not in row:
        return "", ""
    return quantities.value(row["hd95"], About("", "", better="lower")), f"{row['hd95_undefined']:,}"


def images(contents: Contents) -> Table:
    """Return the main figure of each image, the worst first, and its objects."""
    own: Masked = contents.own
    order = np.argsort(np.nan_to_num(own.figures, nan=2.0), kind="stable")[:LISTED]
    titles = ("image", contents.main.title)
    counts = own.counts
    if counts is not None:
        titles = (*titles, "true objects", "predicted")
    rows = [
        (
            own.ids[at], "none" if np.isnan(own.figures[at]) else f"{own.figures[at]:.4f}",
            *([] if counts is None else [f"{int(number):,}" for number in counts[at]]),
        )
        for at in order
    ]  # fmt: skip
    return Table(titles, rows, tuple(range(1, len(titles))))


def remarks(contents: Contents) -> list[str]:
    """Say which images lack a class, and what a predicted pixel or object is."""
    metrics = contents.metrics
    said = [
        f"{count(row['absent'], 'image')} of {metrics['examples']:,} {'has' if row['absent'] == 1 else 'have'} no"
        f" {row['name']}, true or predicted: without a figure for it."
        for row in metrics["classes"]
        if row["absent"]
    ]
    if len(metrics["classes"]) == 2:
        smallest = f", an object from {metrics['smallest']:,} pixels on" if metrics["smallest"] else ""
        said.append(f"A pixel counts from a probability of {metrics['threshold']:g} on{smallest}.")
    return said


REPORT = TaskReport(sections, own, remarks=remarks, listings=lambda metrics: [classes(metrics)], closely=closely)
