"""What a run's weights file says of itself, read from its metadata; a stranger may have written it.

It names the task, the network with its options, what is learned and what is done to an input. Where classes are
learned they stand in ``classes``, as they always have; any other target is written whole, in ``target``. The transform
of images has no ``kind``; every other one names its own. ``masks`` says what the values of masks meant in training;
older files do not say.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from convscope.data.decode import MAX_PIXELS
from convscope.data.masks.rule import VOID, MaskRule
from convscope.data.spec import TARGETS, Classes, TargetSpec
from convscope.data.transforms import SAVED, ClipTransform, ImageTransform, LogMelTransform, Transform
from convscope.data.transforms.resize import Fit
from convscope.errors import CheckpointError, ConfigError
from convscope.tasks.registry import task

KEY = "convscope"  # in the metadata of a weights file
Count = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
T = TypeVar("T")


class Images(msgspec.Struct):
    """``ImageTransform`` as it is written."""

    channels: Count
    height: Count
    width: Count
    fit: Fit
    dtype: Literal["uint8", "uint16", "float32"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    nodata: tuple[str, ...] | None = None


class Clips(msgspec.Struct):
    """``ClipTransform`` as it is written."""

    frames: Count
    frame: Images


class Written(msgspec.Struct):
    """The metadata as they are written; ``format`` 1 is the only one that there is so far."""

    task: Text
    model: Text
    options: dict[str, Any]
    preprocessing: dict[str, Any]
    classes: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)] | None = None
    target: dict[str, Any] | None = None
    format: Literal[1] = 1
    head: str = "own"  # older files do not say
    masks: dict[str, Any] | None = None


class Header(msgspec.Struct):
    """What the metadata say: task, network, what is learned, and what is done to an input before."""

    task: str
    model: str
    options: dict[str, Any]
    head: str
    target: TargetSpec
    preprocessing: Transform
    masks: MaskRule | None = None


def parse(values: dict[str, Any]) -> Header:
    """Return what ``values`` say; ``ValueError`` names the first field that is wrong, and what is wrong."""
    if "format" in values and values["format"] != 1:
        raise ValueError(f"format: this version of convscope reads format 1, found {values['format']!r}")
    written = _converted(values, Written)
    try:
        task(written.task)
    except ConfigError as error:
        raise ValueError(f"task: {error}") from None
    rule = _rule(written.preprocessing)
    masks = _masks(written.masks)
    return Header(written.task, written.model, written.options, written.head, _target(written), rule, masks)


def _converted(values: Any, kind: type[T], field: str = "") -> T:
    """Convert plain values to a ``kind``; ``ValueError`` names the wrong field below ``field``."""
    try:
        return msgspec.convert(values, kind, strict=True)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        path = f"{field}{place.strip('`')}".strip(".")
        raise ValueError(f"{path}: {reason}" if path else reason) from None


def _target(written: Written) -> TargetSpec:
    if written.target is None:
        if written.classes is None:
            raise ValueError("target: missing; expected `classes`, or the `target` of a task without classes")
        return Classes(written.classes)
    fields = dict(written.target)
    kind = fields.pop("kind", None)
    known = {name: target for name, target in TARGETS.items() if target is not Classes}
    if kind not in known:
        raise ValueError(f"target.kind: expected one of {', '.join(known)}, found {kind!r}")
    return _converted(fields, known[kind], "target")


def _rule(values: dict[str, Any]) -> Transform:
    if "kind" not in values:
        return _of_images(_converted(values, Images, "preprocessing"))
    fields = dict(values)
    kind = fields.pop("kind")
    known = {name: transform for name, transform in SAVED.items() if transform is not ImageTransform}
    if kind not in known:
        raise ValueError(f"preprocessing.kind: expected one of {', '.join(known)}, or none for images, found {kind!r}")
    if issubclass(known[kind], ClipTransform):
        return _of_clips(_converted(fields, Clips, "preprocessing"), known[kind])
    transform = _converted(fields, known[kind], "preprocessing")
    if isinstance(transform, LogMelTransform):
        _check_spectrogram(transform)
    if any(size is not None and size < 1 for size in transform.input.shape):
        raise ValueError(f"preprocessing: expected sizes of at least 1, found {transform.input.shape}")
    if transform.input.vocabulary is None:
        _check_scaling(transform)
    return transform


def _check_spectrogram(rule: LogMelTransform) -> None:
    """Check what the sizes of a spectrogram are made of, before they are computed."""
    _check_scaling(rule.signal)
    for name, value in {"frame": rule.frame, "step": rule.step, "window": rule.window, "rate": rule.rate}.items():
        if value is None or not 0 < value < math.inf:
            raise ValueError(f"preprocessing.{name}: expected a number above 0, found {value}")


def _masks(values: dict[str, Any] | None) -> MaskRule | None:
    if values is None:
        return None
    rule = _converted(values, MaskRule, "masks")
    if len(rule.values) != len(rule.classes):
        raise ValueError(f"masks: expected a class for each of {len(rule.values)} values, found {len(rule.classes)}")
    wrong = [number for number in rule.classes if number != VOID and not 0 <= number < len(rule.names)]
    if wrong or not rule.names or not rule.values:
        raise ValueError(f"masks: expected classes from 0 to {len(rule.names) - 1}, or {VOID}; found {wrong}")
    return rule


def _of_images(images: Images) -> ImageTransform:
    _check_scaling(images)
    if images.height * images.width > MAX_PIXELS:
        raise ValueError(
            f"preprocessing.height, width: expected at most {MAX_PIXELS:,} pixels, found {images.height}×{images.width}"
        )
    try:
        return ImageTransform.from_dict(msgspec.to_builtins(images))
    except ValueError as error:
        raise ValueError(f"preprocessing.nodata: {error}") from None


def _of_clips(clips: Clips, kind: type[ClipTransform]) -> ClipTransform:
    frame = _of_images(clips.frame)
    if not 1 <= clips.frames <= MAX_PIXELS // (frame.height * frame.width):
        raise ValueError(
            f"preprocessing.frames: expected 1 or more, at most {MAX_PIXELS:,} pixels in all, found {clips.frames} "
            f"frames of {frame.height}×{frame.width}"
        )
    return kind(clips.frames, frame)


def _check_scaling(rule: Any) -> None:
    """Check mean and standard deviation of each channel."""
    for name in ("mean", "std"):
        if len(numbers := getattr(rule, name)) != rule.channels:
            raise ValueError(
                f"preprocessing.{name}: expected a number for each channel, {rule.channels}, found {len(numbers)}"
            )
        if not all(math.isfinite(number) and (name == "mean" or number > 0) for number in numbers):
            kind = "finite numbers" if name == "mean" else "finite numbers above 0"
            raise ValueError(f"preprocessing.{name}: expected {kind}, found {', '.join(map(str, numbers))}")


def read_header(path: Path, text: str) -> Header:
    """Return what a weights file says of itself; ``CheckpointError`` names the file and the field that is wrong."""
    try:
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError(f"expected a table of facts, found {type(values).__name__}")
        return parse(values)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        reason = str(error)
    raise CheckpointError(
        f"{path}: what it says of its network (in its metadata, {KEY!r}) cannot be read: {reason}; take another copy, "
        "or train again"
    )
