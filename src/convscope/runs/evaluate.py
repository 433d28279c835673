"""The figures of a run on any set whose targets are known."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, get_type_hints

import numpy as np

from convscope.data.array_files import load_examples
from convscope.data.columns import Column, Converted
from convscope.data.dataset import Data, Split
from convscope.data.decode.encoded import Unreadable
from convscope.data.loading import load_labelled
from convscope.data.masks import MaskRule, ignoring, read_otherwise
from convscope.data.options import COLUMNS, MASKS, PLACES, LoadOptions, ReadKeywords
from convscope.data.spec import STORED
from convscope.data.transforms import ClipTransform, ImageTransform, SignalRule, VolumeTransform
from convscope.data.transforms.channels import promote, promotion
from convscope.errors import ConfigError, DataError, nearest
from convscope.runs import files
from convscope.runs.inputs import load_source
from convscope.runs.masks.distances import with_distances
from convscope.runs.motion import motion_controls
from convscope.runs.tiles import Tiles
from convscope.text import count
from convscope.training.choice import decided_by_validation

if TYPE_CHECKING:
    from convscope.runs.run import Run


@dataclass(frozen=True)
class Labelled:
    """A set to score: all its examples, the split (n,) of each ("" for none), and what is to be told."""

    examples: Split
    of: np.ndarray
    warnings: tuple[str, ...] = ()


def evaluate(
    run: Run,
    data: str | Path | Data | None = None,
    *,
    split: str | None = None,
    tta: int = 0,
    amp: bool = False,
    tiles: Tiles = "auto",
    hd95: bool = False,
    pixel_size: str | None = None,
    **reading: Unpack[ReadKeywords],
) -> dict[str, Any]:
    """Return the figures of merit of a run on its own set, or on ``data`` with the same targets, of classes some.

    ``split`` is "train", "valid", "test" or "all"; by default test, else valid, else (where another set says nothing of
    splits) everything. ``amp`` computes in bfloat16, see ``Predictor.network``, and ``tiles`` says how large images are
    divided, see ``TiledNetwork``. ``hd95`` adds the distances of true and predicted surfaces, in the unit of
    ``pixel_size`` ("0.5 um"); by default of the spacing of volumes, or in pixels.
    ``reading`` are options of ``convscope.load``: ``skip_bad``, ``cache`` and ``data_root``, and for another set the
    columns of a table (``image_column``, ``label_column``, ``group``) and what the values of masks mean (``mask``,
    ``ignore``, ...); by default those of the run, columns where the table has them. The values of masks mean what they
    meant in training, unless these options or the names in the set say otherwise.
    ``warnings`` among the figures say what makes them worth less: images that the run was trained on, classes that the
    set lacks, converted channels.

    Raises:
        DataError: targets that the run has not learned, another type of pixels, a split that does not exist.
    """
    _check_reading(reading)
    run = with_distances(run, pixel_size, asked=hd95)
    if (named := [name for name in (*COLUMNS, *MASKS) if reading.get(name) is not None]) and not isinstance(
        data, str | Path
    ):
        raise ConfigError(f"{', '.join(named)}: for another set only; the run's own data is read as it was trained on")
    if data is None:
        labelled = _own(run, reading)
    elif isinstance(data, Data):
        labelled = _divided(data)
    else:
        labelled = _another(run, data, reading)
    name, chosen = _choose(labelled, split)
    spec, learned = chosen.dataset.columns[chosen.dataset.targets[0]].spec, run.spec.target.kind
    if spec.kind != STORED.get(learned, spec.kind):
        raise _other_kind(learned, spec.kind)
    targets = run.spec.does.match(chosen.target, spec, run.spec.target)
    images, converted = _images(run, chosen)
    warnings = [*filter(None, (run.unfinished,)), *labelled.warnings, *converted, *targets.notices]
    warnings += _flattered(run, name) if data is None else _trained_on(run, chosen)
    labelled_split = chosen.with_input(images).with_target(targets.stored)
    scores, predictions = run.score(labelled_split, tta=tta, amp=amp, tiles=tiles)
    motion = motion_controls(run, labelled_split, predictions)
    if run.code_has_changed:
        warnings.append(f"{run.environment['code']['file']} has changed since this run began: it may compute otherwise")
    return {
        "task": run.spec.task, "split": name, "examples": len(chosen), "tta": tta, "warnings": warnings, **scores,
        **({"motion": motion} if motion else {}),
    }  # fmt: skip


def held_out(run: Run) -> tuple[str, Split, tuple[str, ...]]:
    """Return the split of a run's own set that it is judged by, its name, and what is to be told of the set.

    It is test, else valid, else everything. Raises as loading the set does.
    """
    labelled = _own(run, {})
    return *_choose(labelled, None), labelled.warnings


def _other_kind(learned: str, held: str) -> DataError:
    remedies = {"instances": ": say --mask binary where what they show is one kind", "mask": ": say --mask instances"}
    remedy = remedies.get(held, "") if STORED.get(learned) in remedies else ""
    words = {"instances": "numbered objects", "mask": "masks that number no objects"}
    return DataError(f"this run has learned {learned}, and the set has {words.get(held, f'a {held} each')}{remedy}")


def _check_reading(reading: ReadKeywords) -> None:
    known = get_type_hints(ReadKeywords)
    for name in reading:
        if name not in known:
            hint = nearest(name, known) or f"; the options are {', '.join(known)}"
            raise ConfigError(f"unknown option {name!r}{hint}")


def _own(run: Run, reading: ReadKeywords) -> Labelled:
    rule = run.spec.preprocessing
    plan = replace(run.plan, **_said(reading, PLACES))
    images = isinstance(rule, ImageTransform)
    if images:
        plan = replace(plan, img_size=(rule.height, rule.width), fit=rule.fit)
    began_with = run.environment.get("data_fingerprint")
    loaded = load_source(run.source, plan, began_with=began_with, alpha=images and rule.channels in (2, 4))
    if images and rule.nodata is None and any(notice.code == "no-data" for notice in loaded.warnings):
        told = "values that mean no data are filled now, which this run, from before that, was trained on as they were"
        return replace(_divided(loaded), warnings=(told,))
    if loaded.fingerprint == began_with:
        return _divided(loaded)
    told = f"the examples, targets or splits of {run.source} have changed since this run was trained on them"
    if not (run.folder / files.ENVIRONMENT).exists():
        told = (
            f"{run.folder / files.ENVIRONMENT} is missing: nothing tells whether {run.source} has changed since this "
            "run was trained on it; put back a copy of the file"
        )
    return replace(_divided(loaded), warnings=(told,))


def _divided(data: Data) -> Labelled:
    examples = Split(data, "all", np.concatenate([part.rows for part in data.splits]))
    return Labelled(examples, np.repeat([part.name for part in data.splits], [len(part) for part in data.splits]))


def _another(run: Run, data: str | Path, reading: ReadKeywords) -> Labelled:
    """Load another set as the run loaded its own, but for what ``reading`` says."""
    rule: Any = run.spec.preprocessing
    own = LoadOptions.of(run.plan)
    given = _said(reading, (*PLACES, *COLUMNS, *MASKS))
    masks = _mask_rule(run.spec.masks, given)
    if own.mask == "auto":
        given = {**run.spec.does.reading(run.spec.target), **given}
    options = replace(own, **given, task=run.spec.task, skip_bad=reading.get("skip_bad", False))
    inherited = frozenset(name.removesuffix("_column") for name in COLUMNS if name not in given)
    if isinstance(rule, SignalRule) and Path(data).suffix.lower() == ".npz":
        examples, of, notices = load_examples(Path(data), rule, run.spec.target, options, inherited=inherited)
    else:
        examples, of, notices = load_labelled(data, rule, options, inherited=inherited, masks=masks)
    told = [notice.text for notice in notices]
    used, trained = examples.dataset.masks, run.spec.masks
    if used and trained and (masks is None or used.rule.names == trained.names):
        told += filter(None, [read_otherwise(used.rule, trained)])
    return Labelled(examples, of, tuple(told))


def _mask_rule(trained: MaskRule | None, given: dict[str, Any]) -> MaskRule | None:
    """Return how masks are read: as in training but for what is ``--ignore``d; ``None`` where other flags say how."""
    if trained is None or any(name in given for name in MASKS if name != "ignore"):
        return None
    return ignoring(trained, given["ignore"]) if "ignore" in given else trained


def _said(reading: ReadKeywords, names: Iterable[str]) -> dict[str, Any]:
    """Return those of the options that are said, paths as text."""
    said = {name: reading.get(name) for name in names}
    return {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in said.items()
        if value is not None
    }


def _choose(labelled: Labelled, name: str | None) -> tuple[str, Split]:
    if name is None:
        name = next((split for split in ("test", "valid") if (labelled.of == split).any()), "all")
    mine = labelled.of == name if name != "all" else np.full(len(labelled.examples), True)
    if not mine.any():
        has = ", ".join(split for split in ("train", "valid", "test") if (labelled.of == split).any())
        raise DataError(f"the set has no {name!r} split; it has {has or 'none'}; --split all scores everything")
    mine = np.flatnonzero(mine)[np.argsort(labelled.examples.rows[mine])]  # in the array's order, which reads fastest
    return name, labelled.examples[mine]


def _images(run: Run, chosen: Split) -> tuple[Column, list[str]]:
    """Bring the channels to those that the network takes, as ``predict`` does."""
    mine, images = run.spec.preprocessing, chosen.input
    if images.spec.kind != mine.kind:
        raise DataError(f"this run takes {mine.kind}s; the set has {images.spec.kind}s")
    if not isinstance(mine, ClipTransform | ImageTransform | VolumeTransform):
        return images, []
    has = images.spec.shape[-1]
    if images.spec.dtype != mine.dtype:
        raise DataError(
            f"this run takes pixels of the type {mine.dtype}; the set has {images.spec.dtype}: they share no scale"
        )
    if has == mine.channels or has is None:
        return images, []
    if isinstance(mine, VolumeTransform):
        raise DataError(f"this run takes volumes of {count(mine.channels, 'channel')}; the set's have {has}")

    def convert(raw: np.ndarray) -> np.ndarray:
        try:
            return np.ascontiguousarray(promote(raw, mine.channels))
        except Unreadable as error:
            raise DataError(f"the set's images do not fit this run: one {error}") from None

    spec = replace(images.spec, shape=(*images.spec.shape[:-1], mine.channels))
    how = promotion(has, mine.channels)
    return Converted(images, spec, convert), [f"all images converted: {how}"] if how else []


def _flattered(run: Run, split: str) -> Iterator[str]:
    """Tell what the images of the run's own split decided, which makes every figure too good."""
    if split != "valid" or not (run.folder / files.METRICS).exists():
        return
    if by := decided_by_validation(run.metrics):
        noun = run.spec.noun
        decided = f"decided {' and '.join(by)} in the training of this run"
        yield f"the validation {noun}s {decided}: their score is optimistic"


def _trained_on(run: Run, chosen: Split) -> Iterator[str]:
    """Tell how many images the run has seen in training, which makes every figure too good."""
    path = run.folder / files.SPLIT
    if chosen.content is None or not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as file:
        seen = {row["content"] for row in csv.DictReader(file) if row["split"] == "train" and row.get("content")}
    known = sum(content.tobytes().hex() in seen for content in chosen.content)
    if known:
        noun = run.spec.noun
        yield (
            f"{known:,} of {count(len(chosen), noun)} were training {noun}s of this run: the figures say little of new "
            f"{noun}s"
        )
