"""A data set out of arrays at hand: images, signals of different lengths, with classes, numbers or points to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convscope.data.array_masks import Names, are_masks, masks_of, transform_of
from convscope.data.columns import Column, InMemory, Ragged
from convscope.data.dataset import Dataset
from convscope.data.decode.encoded import stored
from convscope.data.fingerprint import content_of, fingerprint
from convscope.data.learned import Learned
from convscope.data.listing import Masks, Target
from convscope.data.notice import Notice
from convscope.data.options import Masked
from convscope.data.sources.candidate import in_order
from convscope.data.sources.files import strings
from convscope.data.sources.label_sets import label_target
from convscope.data.sources.point_columns import checked
from convscope.data.sources.quantities import number_target
from convscope.data.spec import Kind
from convscope.data.splits import assign
from convscope.data.transforms import TRANSFORMS, StackTransform, Transform
from convscope.errors import ConfigError, DataError

CHANNELS = (1, 2, 3, 4)
TARGETS = (
    "expected class names (n,), numbers (n,) or (n, K), labels of 0 and 1 (n, K), points (n, K, 2), or masks (n, H, W) "
    "of whole numbers"
)
SPLITS = ("train", "valid", "test")
_AXES: dict[Kind, int] = {
    "signal": 2,
    "image": 3,
    "video": 4,
    "volume": 4,
}  # what an example may be -> its axes, the last one of channels

FORMS: dict[Kind, str] = {"signal": "(steps, channels)", "image": "(height, width, channels)"}

Examples = np.ndarray | Sequence[np.ndarray] | Column


def from_arrays(
    inputs: Examples | Mapping[str, Examples],
    targets: Target | np.ndarray | Sequence[Any],
    *,
    name: str = "arrays",
    splits: np.ndarray | Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    transforms: Mapping[str, Transform] | None = None,
    mask: Masked = "auto",
    ignore: str | int | None = None,
    names: Names | None = None,
) -> Dataset:
    """Return n examples in memory as a data set.

    Args:
        inputs: images (n, H, W, C), or grey ones (n, H, W) of uint8, uint16 or bool; signals (n, T, C) of real
            numbers; clips (n, T, H, W, C); or a list of n of them, whose sizes may differ; under names of their own
            where there are several.
            Called what they are, they may lack the axis of one channel: ``{"image": (n, H, W)}``,
            ``{"signal": (n, T)}``, ``{"video": (n, T, H, W)}``, ``{"volume": (n, D, H, W)}``.
        targets: n class names or whole numbers (the numbers of classes); 0 and 1 (n, K), one column a label, or n lists
            of labels; real numbers (n,) or (n, K), NaN for one that is missing; points (n, K, 2) as x and y; masks
            (n, H, W) of whole numbers, or a list of n of them, each as large as its image; or a ``Target``, with names
            and units.
        splits: "train", "valid" or "test" of each example; by default drawn from ``seed``, as for any set.
        ids: a name for each example; by default its number.
        groups: what must stay together; an empty name is no group.
        transforms: how each input becomes what a network sees; by default fitted on the training split.
        mask: what the values of masks are: "binary", "classes", "instances", or told from all of them.
        ignore: which value or class of masks is not scored.
        names: the classes of masks, by value or in the order of the values.

    >>> signals = [np.ones((length, 2), np.float32) for length in range(5, 25)]
    >>> data = from_arrays(signals, np.arange(20.0))
    >>> data, data.train
    (<data arrays: number; train 14, valid 2, test 4>, <train: 14 signals, ? × 2 float32>)
    """
    named = inputs if isinstance(inputs, Mapping) else {"": inputs}
    columns = {column.spec.name: column for column in (column_of(name, values) for name, values in named.items())}
    count = len(targets)
    for column in columns.values():
        if len(column) != count:
            raise DataError(f"{name}: {len(column):,} examples of {column.spec.name!r}, but {count:,} targets")
    named_ids = strings([str(i) for i in range(count)] if ids is None else list(map(str, ids)))
    first = next(iter(columns.values()))
    masks = None if isinstance(targets, Target) or not are_masks(targets, first) else targets
    if masks is not None:
        target, learned = masks_of(masks, first, named_ids, mask=mask, ignore=ignore, names=names)
    elif mask != "auto" or ignore is not None or names is not None:
        raise ConfigError(f"{name}: mask, ignore and names are for masks, and the targets are none; {TARGETS}")
    else:
        target, notices = (targets, ()) if isinstance(targets, Target) else _target(name, targets)
        learned = Learned(InMemory(target.spec, target.values), notices=notices)
    group_names = None if groups is None else strings(list(map(str, groups)))
    split, rule = _split(target, group_names, splits, seed)
    rows = {part: np.flatnonzero(split == part) for part in SPLITS}
    content = first.content
    assert content is not None
    fitted = _fitted if masks is None else transform_of
    spec = learned.column.spec
    return Dataset(
        name=name,
        source=name,
        columns={**columns, spec.name: learned.column},
        inputs=tuple(columns),
        targets=(spec.name,),
        rows={part: at for part, at in rows.items() if len(at) or part != "test"},
        ids=named_ids,
        groups=group_names,
        transforms=transforms or {key: fitted(column, rows["train"]) for key, column in columns.items()},
        fingerprint=fingerprint(spec.names, content, learned.hashed(slice(None)), split),
        facts={"found": f"{name}: arrays in memory", "splits": rule, **learned.facts},
        warnings=learned.notices,
        masks=learned.meaning,
    )


def column_of(name: str, values: Examples) -> Column:
    """Return examples as a column, with a hash of each; their ``name``, or else their axes, tell what they are.

    Raises ``DataError`` where neither does.
    """
    if not isinstance(values, np.ndarray | Sequence):
        return values
    kind = _kind(name, values)
    if all(np.ndim(example) == _AXES[kind] - 1 for example in values):  # one channel, without an axis of its own
        values = (
            values[..., None] if isinstance(values, np.ndarray) else [np.asarray(each)[..., None] for each in values]
        )
    if kind == "image":
        _refuse_channels_first([np.shape(example) for example in values])
    if kind in ("image", "video", "volume"):
        values = stored(values) if isinstance(values, np.ndarray) else [stored(example) for example in values]
    _refuse_unknown(values)
    if isinstance(values, np.ndarray) or len({example.shape for example in values}) == 1:
        column = InMemory.of(kind, np.asarray(values), name=name)
    else:
        column = Ragged.of(kind, values, name=name)
    return type(column)(**{**vars(column), "content": content_of(list(values))})


def _kind(name: str, values: np.ndarray | Sequence[np.ndarray]) -> Kind:
    """Tell what examples are: as they are called, else by their axes; two axes of whole numbers are a grey image.

    Raises ``DataError`` where that cannot be, one missing axis of channels aside.
    """
    axes = {np.ndim(example) for example in values}
    found = ", ".join(sorted({str(np.shape(example)) for example in values})[:3]) or "none"
    if name in TRANSFORMS:
        called: Kind = name  # pyright: ignore[reportAssignmentType]
        if len(axes) == 1 and axes <= {_AXES[called], _AXES[called] - 1}:
            return called
        form = FORMS.get(called, "(frames, height, width, channels)")
        raise DataError(
            f"expected {called}s {form}, all with channels or, where there is one, all without; found {found}; a stack "
            "(n, ...) or a list of n of them is given"
        )
    if axes == {2} and all(np.asarray(example).dtype.kind in "bu" for example in values):
        return "image"
    for kind, count in _AXES.items():
        if axes == {count}:
            return kind
    raise DataError(
        f"expected examples (height, width, channels) or (steps, channels), found {found}; name what they are: "
        f"{{'image': ...}}, one of {', '.join(TRANSFORMS)}"
    )


def _refuse_channels_first(shapes: Sequence[tuple[int, ...]]) -> None:
    first = next(
        (shape for shape in shapes if len(shape) == 3 and shape[0] in CHANNELS and shape[2] not in CHANNELS), None
    )
    if first:
        raise DataError(
            f"expected images (height, width, channels), found one of the shape {first}: its channels seem to stand "
            "first; np.moveaxis(x, 1, -1) puts them last"
        )


def _refuse_unknown(values: np.ndarray | Sequence[np.ndarray]) -> None:
    """Raise ``DataError`` for NaN or an infinity among what is to be learned from."""
    broken = next((k for k, example in enumerate(values) if not np.isfinite(example).all()), None)
    if broken is not None:
        example = np.asarray(values[broken])
        place = tuple(np.argwhere(~np.isfinite(example))[0].tolist())
        raise DataError(
            f"example {broken} is {example[place]} at {place}: a network computes with numbers only; replace it, "
            "np.nan_to_num(x), or leave the example out"
        )


def _target(where: str, values: np.ndarray | Sequence[Any]) -> tuple[Target, tuple[Notice, ...]]:
    """Take targets for what their type and axes say; return what is to be told of them, too."""
    if all(isinstance(each, list | tuple | set) and all(isinstance(name, str) for name in each) for each in values):
        names = in_order(name for each in values for name in each)
        return label_target(where, np.array([[name in each for name in names] for each in values], np.uint8), names)
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"{where}: the targets have different lengths; {TARGETS}") from None
    if array.ndim == 1 and array.dtype.kind in "biuUST":
        names, numbers = np.unique(array, return_inverse=True)
        return Target("class", numbers, tuple(map(str, names))), ()
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2, 3) or (array.ndim == 3 and array.shape[2] != 2):
        raise DataError(f"{where}: {TARGETS}; found {array.dtype} of the shape {array.shape}")
    refs = [f"example {k}" for k in range(len(array))]
    if array.ndim == 3:
        points, notices = checked(where, array.astype(np.float64), tuple(map(str, range(array.shape[1]))), refs)
        return Target("points", points, tuple(map(str, range(array.shape[1])))), tuple(notices)
    if array.ndim == 2 and array.shape[1] > 1 and np.isin(array, (0, 1)).all():
        if (array.sum(axis=1) == 1).all():
            raise DataError(
                f"{where}: each of {len(array):,} rows of targets has exactly one 1: for classes give their numbers, "
                "y.argmax(1); for labels a Target('multilabel', y, names)"
            )
        return label_target(where, array.astype(np.uint8), tuple(f"label {k + 1}" for k in range(array.shape[1])))
    columns = array.reshape(len(array), -1).astype(np.float64)
    names = ("number",) if columns.shape[1] == 1 else tuple(f"number {k + 1}" for k in range(columns.shape[1]))
    target, notices = number_target(where, names, refs, columns)
    return replace(target, name=""), notices


def _split(
    target: Target | Masks, groups: np.ndarray | None, given: np.ndarray | Sequence[str] | None, seed: int
) -> tuple[np.ndarray, str]:
    of = np.full(len(target), "", "<U5") if given is None else np.asarray(given, "<U5")
    if len(of) != len(target) or not np.isin(of, ("", *SPLITS)).all():
        raise DataError(f"expected one of {', '.join(SPLITS)} for each of {len(target):,} examples")
    if given is not None and (of != "").all():
        return of, "as given"
    return assign(target, groups, of, seed=seed)


def _fitted(column: Column, rows: np.ndarray) -> Transform:
    kind = column.spec.kind
    return (StackTransform if kind == "volume" else TRANSFORMS[kind]).fitted(column, rows)
