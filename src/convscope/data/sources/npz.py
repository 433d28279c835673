"""NumPy archives: ``x`` and ``y``, or a pair for each split (``x_train``, ``train_labels``), perhaps ``class_names``.

Arrays are streamed out of the archive; only labels and groups are held in memory. Pickled objects are refused.
"""

from __future__ import annotations

import contextlib
import functools
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from convscope.data.listing import Listing, Masks, Target
from convscope.data.notice import Notice
from convscope.data.sources.arrays import (
    DEFLATED,
    ArrayImages,
    channel_axis,
    numbered_ids,
    read_header,
    split_names,
    streamed,
)
from convscope.data.sources.candidate import SPLITS, Candidate, class_names, decoded
from convscope.data.sources.columns import Columns, plain
from convscope.data.sources.files import Files, Folder, file_stamp, set_name, strings
from convscope.data.sources.grouping import find_grouping, is_group_word, unused_notice
from convscope.data.sources.label_sets import label_target
from convscope.data.sources.mask_arrays import ArrayMasks
from convscope.data.sources.point_columns import checked
from convscope.data.sources.quantities import number_target
from convscope.errors import DataError

ROLES = {
    "image": frozenset(
        ("x", "image", "images", "signal", "signals", "clips", "videos", "volume", "volumes", "voxels", "scans")
    ),
    "label": frozenset(("y", "label", "labels", "target", "targets")),
}
CLASS_WORDS = frozenset(("classes", "class_names", "label_names"))


@dataclass(frozen=True)
class _Member:
    """One array of the archive: its header, read without its values."""

    file: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype


def find(files: Files, columns: Columns, opened: Callable[[Path, Columns], Listing]) -> list[Candidate]:
    """Return a candidate for each ``.npz`` in a folder that holds examples with labels; ``opened`` lists one."""
    found = []
    if not isinstance(files, Folder):
        return []
    for name in files.names:
        if name.lower().endswith(".npz"):
            with contextlib.suppress(DataError):  # some other file; given by its own path, ``read`` says what is wrong
                path = files.locate(name)
                if _pairs(_members(path), columns):
                    open_it = functools.partial(opened, path, columns)
                    found.append(Candidate("NumPy archive", name, open_it, files=(name,), tells_images=False))
    return found


@dataclass(frozen=True)
class Layout:
    """How an archive's arrays (n, ...) become examples of ``shape``: ``lay`` brings some of them (k, ...) to it."""

    shape: tuple[int, ...]
    lay: Callable[[np.ndarray], np.ndarray]
    words: str


def input_of(path: Path, columns: Columns) -> tuple[str, tuple[int, ...], np.dtype] | None:
    """Return name, shape of one example and type of the first array to learn from; ``None`` where there is none."""
    try:
        members = _members(path)
        name = next(x for x, _ in _pairs(members, columns).values())
    except (DataError, StopIteration):
        return None
    return name, members[name].shape[1:], members[name].dtype


def as_images(shape: tuple[int, ...]) -> Layout:
    """Read arrays as images, channels last; ``DataError`` where their axes cannot be told."""
    axis = channel_axis(shape)
    words = {None: "grey", 0: "channels × height × width", 2: "height × width × channels"}[axis]
    if axis is None:
        return Layout((*shape, 1), lambda block: block[..., None], words)
    rest = tuple(size for k, size in enumerate(shape) if k != axis)
    return Layout((*rest, shape[axis]), lambda block: np.moveaxis(block, axis + 1, -1), words)


def read(path: Path, columns: Columns, layout: Callable[[tuple[int, ...]], Layout] = as_images) -> Listing:
    """List the examples of one ``.npz``, by default images, laid out as ``layout`` makes of the shape of one.

    Raises:
        DataError: no pair of images and labels, several labels an image, objects inside, or an axis order that cannot
            be told.
    """
    members = _members(path)
    have = ", ".join(f"{name} {member.shape}" for name, member in members.items()) or "nothing"
    pairs = _pairs(members, columns)
    if not pairs:
        raise DataError(f"{path}: expected images and labels as {_expected(columns)}; it holds {have}")
    drawn = any(_are_masks(members[y], members[x]) for x, y in pairs.values())
    parts = [
        (split, members[x], np.zeros(members[x].shape[0]) if drawn else _labels(path, members[y], members[x]))
        for split, (x, y) in pairs.items()
    ]
    shapes = {part[1].shape[1:] for part in parts}
    dtypes = {part[1].dtype for part in parts}
    if len(shapes) > 1 or len(dtypes) > 1:
        raise DataError(f"{path}: the splits' images differ in size or type; it holds {have}")
    (shape,), (dtype,) = shapes, dtypes
    try:
        laid = layout(shape)
    except DataError as error:
        flat = "; signals are real numbers (x.astype(np.float32)), or called signals" if len(shape) == 1 else ""
        raise DataError(f"{path}: {error}{flat}") from None

    def blocks() -> Iterator[np.ndarray]:
        for _, member, _ in parts:
            for block in _values(path, member):
                yield laid.lay(block)

    counts = [(split, len(labels)) for split, _, labels in parts]
    names = next((key for key in members if key.lower() in CLASS_WORDS), None)
    words = None if names is None else _class_names(path, members[names])
    target: Target | Masks
    notices: tuple[Notice, ...] = ()
    if drawn:
        target = _masks(path, [members[y] for _, y in pairs.values()], words)
    else:
        target, notices = _target(path, [part[2] for part in parts], words, columns.task)
    labels = target.values if isinstance(target, Target) and target.kind == "class" else np.zeros(len(target), np.int64)
    group, groups, unused = _groups(path, members, counts, labels, columns)
    used = {names, *group, *(name for pair in pairs.values() for name in pair)}
    said = ", ".join([*(f"{x}, {y}" for x, y in pairs.values()), *(f"group={name}" for name in group)])
    return Listing(
        name=set_name(path),
        kind=f"NumPy archive ({said}; {shape} read as {laid.words})",
        images=ArrayImages(len(labels), laid.shape, dtype, file_stamp(path), blocks),
        ids=numbered_ids((split or "x", count) for split, count in counts),
        target=target,
        split=split_names(counts),
        groups=groups,
        notices=(*unused([name for name in members if name not in used]), *notices),
        columns=tuple(members),
    )


def _expected(columns: Columns) -> str:
    if columns.image is None and columns.label is None:
        return "x and y (or x_train and y_train, ...)"
    return f"{columns.image or 'x'} and {columns.label or 'y'} (or with _train, _val and _test behind, ...)"


def _members(path: Path) -> dict[str, _Member]:
    """Read the headers of the arrays in a file.

    Raises:
        DataError: the file is no ``.npz``.
    """
    members = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for file in archive.namelist():
                if not file.endswith(".npy"):
                    continue
                with archive.open(file) as stream:
                    shape, fortran, dtype = read_header(stream)
                    _check_size(archive.getinfo(file), stream.tell() + math.prod(shape) * dtype.itemsize, dtype)
                members[file.removesuffix(".npy")] = _Member(file, shape, fortran, dtype)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as a NumPy archive ({error})") from None
    return members


def _check_size(info: zipfile.ZipInfo, announced: int, dtype: np.dtype) -> None:
    """Raise ``ValueError`` where an array cannot be as large as its header says, before memory or disk is reserved."""
    most = DEFLATED * info.compress_size if info.compress_type == zipfile.ZIP_DEFLATED else info.file_size
    if not dtype.hasobject and (info.file_size != announced or announced > most):
        held = f"{info.file_size:,}" if info.file_size != announced else f"{info.compress_size:,} packed"
        raise ValueError(f"{info.filename}: its header announces {announced:,} bytes, the archive holds {held}")


def _cut(name: str) -> tuple[str, str]:
    """Return an array's name without the words for its split, and that split.

    >>> _cut("x_train"), _cut("val_patient_id"), _cut("labels")
    (('x', 'train'), ('patient_id', 'valid'), ('labels', ''))
    """
    words = re.split(r"[_\W]+", name.lower())
    split = next((SPLITS[word] for word in words if word in SPLITS), "")
    return "_".join(word for word in words if word not in SPLITS), split


def _pairs(members: dict[str, _Member], columns: Columns) -> dict[str, tuple[str, str]]:
    """Return the names of images and labels for each split ("" where there is none)."""
    known = {role: {plain(name)} if (name := columns.named(role)) else words for role, words in ROLES.items()}
    here = {plain(part) for name in members for part in (name, _cut(name)[0])}
    known = {
        role: ROLES[role] if role in columns.optional and not words & here else words for role, words in known.items()
    }
    roles: dict[str, dict[str, str]] = {}
    for name in members:
        base, split = _cut(name)
        for role, words in known.items():
            if plain(base) in words or plain(name) in words:
                roles.setdefault(split if plain(base) in words else "", {})[role] = name
    full = {split: (pair["image"], pair["label"]) for split, pair in roles.items() if len(pair) == 2}
    return {split: full[split] for split in ("train", "valid", "test", "") if split in full}


Unused = Callable[[Sequence[str]], tuple[Notice, ...]]


def _groups(
    path: Path, members: dict[str, _Member], counts: Sequence[tuple[str, int]], labels: np.ndarray, columns: Columns
) -> tuple[list[str], np.ndarray | None, Unused]:
    """Return the arrays that group the images, each image's group (n,), and how to name the arrays left over."""
    bases: dict[str, dict[str, str]] = {}
    for name in members:
        base, split = _cut(name)
        bases.setdefault(base, {})[split] = name
    sizes = dict(counts)
    fits = {
        base: all(members[name].shape in ((sizes.get(split),), (sizes.get(split), 1)) for split, name in arrays.items())
        for base, arrays in bases.items()
    }
    named = columns.pick("group", (), [base for base in bases if fits[base]], f"{path}, arrays of one value an image")
    wanted = columns.group != "none"
    taken = [
        base for base in bases if base == named or (wanted and not named and _may_group(base, members, bases[base]))
    ]
    values = {
        base: [
            text
            for split, n in counts  # a split without the array has no groups
            for text in (_texts(path, members[bases[base][split]]) if split in bases[base] else [""] * n)
        ]
        for base in taken
        if fits[base]
    }
    grouping = find_grouping(values, labels, named, wanted=wanted)
    passed = {name: why for base, why in grouping.passed.items() for name in bases[base].values()}
    passed |= {n: "not one value an image" for base in taken if not fits[base] for n in bases[base].values()}
    chosen = grouping.column

    def unused(names: Sequence[str]) -> tuple[Notice, ...]:
        return (*unused_notice("array", names, passed), *grouping.notices)

    return list(bases[chosen].values()) if chosen else [], strings(values[chosen]) if chosen else None, unused


def _may_group(base: str, members: dict[str, _Member], arrays: dict[str, str]) -> bool:
    """Tell whether arrays are to be looked at as groups: by their name, or else where they hold text or numbers."""
    if is_group_word(base):
        return True
    roles = {word for words in ROLES.values() for word in words}
    held = [members[name] for name in arrays.values()]
    return base not in roles and all(member.dtype.kind in "iuUS" and len(member.shape) == 1 for member in held)


def _texts(path: Path, member: _Member) -> Iterator[str]:
    """Yield an array's values as text."""
    for block in _values(path, member):
        flat = np.char.decode(block, "utf-8") if block.dtype.kind == "S" else block
        yield from (str(value) for value in flat.ravel().tolist())


def _target(
    path: Path, parts: Sequence[np.ndarray], names: Sequence[str] | None, task: str | None
) -> tuple[Target, tuple[Notice, ...]]:
    """Return what is to be learned, and what is to be told of it.

    It is classes (n,), numbers (n,) or (n, K), labels (n, K) of 0 and 1, or points (n, K, 2).
    """
    if len({part.shape[1:] for part in parts}) > 1:
        raise DataError(f"{path}: the splits' labels differ in shape ({', '.join(str(part.shape) for part in parts)})")
    values = np.concatenate(list(parts))
    real = values.dtype.kind == "f" and not (values == np.floor(values))[np.isfinite(values)].all()
    if values.ndim == 1 and task != "regression" and (task is not None or names is not None or not real):
        labels, classes = class_names(str(path), values, names)
        return Target("class", labels, classes), ()
    count, what = 1 if values.ndim == 1 else values.shape[1], "point" if values.ndim == 3 else "y"
    known = tuple(map(str, names)) if names is not None else tuple(f"{what}_{k}" for k in range(count))
    if len(known) != count:
        raise DataError(f"{path}: {len(known)} names for {count} columns of labels; give each column one name")
    flags = values.ndim == 2 and np.isin(values, (0, 1)).all()
    if flags and task in (None, "multilabel"):
        return label_target(str(path), values, known)
    refs = [f"image {k}" for k in range(len(values))]
    if values.ndim == 3:
        points, notices = checked(str(path), values.astype(np.float64), known, refs)
        return Target("points", points, known, name="points"), tuple(notices)
    titles = known if count > 1 or names is not None else ("y",)
    return number_target(str(path), titles, refs, values.reshape(len(values), -1).astype(np.float64))


def _labels(path: Path, member: _Member, images: _Member) -> np.ndarray:
    values = np.concatenate(list(_values(path, member)) or [np.empty(0, np.int64)])
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if len(values) == images.shape[0] and values.dtype.kind in "biuf":
        one_hot = values.ndim == 2 and ((values != 0).sum(1) == 1).all() and (values.max(1) == 1).all()
        if (values.ndim == 2 and not one_hot) or (values.ndim == 3 and values.shape[2] == 2):
            return values
    if values.ndim != 1 or len(values) != images.shape[0]:
        raise DataError(
            f"{path}: expected one label for each of the {images.shape[0]:,} images, found labels of the shape "
            f"{member.shape}{_advice(values, images.shape)}"
        )
    return values


def _space(member: _Member) -> tuple[int, ...]:
    """Return the shape of one mask in an array, without an axis of one channel."""
    shape = member.shape[1:]
    return shape if len(shape) != 3 else shape[:2] if shape[2] == 1 else shape[1:] if shape[0] == 1 else shape


def _are_masks(labels: _Member, images: _Member) -> bool:
    """Tell whether labels are masks: one value for each pixel of each image."""
    sizes = (images.shape[1:3], images.shape[2:4]) if len(images.shape) == 4 else (images.shape[1:],)
    return labels.shape[:1] == images.shape[:1] and labels.dtype.kind in "biuf" and _space(labels) in sizes


def _masks(path: Path, members: Sequence[_Member], words: Sequence[str] | None) -> Masks:
    """Return the masks that arrays hold."""
    arrays = [(PurePosixPath(member.file).stem, member) for member in members]
    names = [f"{path.name}, {name}[{k}]" for name, member in arrays for k in range(member.shape[0])]

    def blocks() -> Iterator[np.ndarray]:
        for member in members:
            for block in _values(path, member):
                yield block.reshape(len(block), *_space(member))

    told = {float(k): str(word) for k, word in enumerate(words or ())}
    return Masks(ArrayMasks(strings(names), file_stamp(path), blocks), told)


def _advice(values: np.ndarray, images: tuple[int, ...]) -> str:
    """Say what labels with several axes are, and what can be done with them."""
    if values.ndim > 2 and values.shape[-1] > 2:
        space = ", ".join(map(str, images[1:3]))
        return f"; masks are an array of ({images[0]}, {space}), one as large as its image for each"
    if values.ndim > 2:
        return "; points are an array of (images, points, 2), x and y in pixels"
    if values.ndim != 2 or len(values) != images[0]:
        return ""
    if values.dtype.kind in "biuf" and ((values != 0).sum(1) == 1).all() and (values.max(1) == 1).all():
        return "; each row has exactly one 1: turn the rows into indices with y.argmax(1)"
    return "; for several labels an image give an array of 0 and 1 with a column for each label"


def _class_names(path: Path, member: _Member) -> list[str]:
    if len(member.shape) != 1 or member.dtype.kind not in "USiuO":
        raise DataError(
            f"{path}: expected class names as a row of text, found {PurePosixPath(member.file).stem} of the shape "
            f"{member.shape}, {member.dtype}"
        )
    values = np.concatenate(list(_values(path, member)) or [np.empty(0, str)])
    return (decoded(str(path), values) if values.dtype.kind == "S" else values.astype(str)).tolist()


def _values(path: Path, member: _Member) -> Iterator[np.ndarray]:
    """Yield an array in blocks along its first axis."""
    name = PurePosixPath(member.file).stem
    where = f"{path}, array {name}"
    if member.dtype.hasobject:
        aside = ", or leave it out with --group none" if is_group_word(_cut(name)[0]) else ""
        raise DataError(
            f"{where}: holds Python objects, which only pickle can load and which may run any code; refused. "
            f"Save it as numbers or text, for instance np.array(labels, dtype=str){aside}"
        )
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member.file) as stream:
            if member.fortran:  # the first axis runs fastest: nothing to stream
                yield np.lib.format.read_array(stream, allow_pickle=False)  # pyright: ignore[reportArgumentType]
            else:
                read_header(stream)
                yield from streamed(stream, member.shape[0], member.shape[1:], member.dtype, where)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{where}: damaged ({error})") from None
