"""NumPy archives: ``x`` and ``y``, or a pair for each split (``x_train``, ``train_labels``), perhaps ``class_names``.

Arrays are streamed out of the archive; only the labels are held in memory. Pickled objects are refused.
"""

from __future__ import annotations

import contextlib
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from convscope.data.listing import Listing
from convscope.data.sources.arrays import (
    DEFLATED,
    ArrayImages,
    channel_axis,
    numbered_ids,
    read_header,
    split_names,
    streamed,
)
from convscope.data.sources.candidate import SPLITS, Candidate, class_names
from convscope.data.sources.files import Files, file_stamp, set_name
from convscope.errors import DataError

IMAGE_WORDS = frozenset(("x", "image", "images"))
LABEL_WORDS = frozenset(("y", "label", "labels", "target", "targets"))
CLASS_WORDS = frozenset(("classes", "class_names", "label_names"))


@dataclass(frozen=True)
class _Member:
    """One array of the archive: its header, read without its values."""

    file: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype


def find(files: Files) -> list[Candidate]:
    """Return a candidate for each ``.npz`` in a folder that holds images with labels."""
    found = []
    for name in files.names if files.path.is_dir() else ():
        if name.lower().endswith(".npz"):
            with contextlib.suppress(DataError):  # some other file; given by its own path, ``read`` says what is wrong
                if _pairs(_members(files.path / name)):
                    found.append(Candidate("NumPy archive", name, lambda name=name: read(files.path / name)))
    return found


def read(path: Path) -> Listing:
    """List the images of one ``.npz``.

    Raises:
        DataError: no pair of images and labels, objects inside, or an axis order that cannot be told.
    """
    members = _members(path)
    have = ", ".join(f"{name} {member.shape}" for name, member in members.items()) or "nothing"
    pairs = _pairs(members)
    if not pairs:
        raise DataError(f"{path}: expected images and labels as x and y (or x_train and y_train, ...); it holds {have}")
    parts = [(split, members[x], _labels(path, members[y], members[x])) for split, (x, y) in pairs.items()]
    shapes = {part[1].shape[1:] for part in parts}
    dtypes = {part[1].dtype for part in parts}
    if len(shapes) > 1 or len(dtypes) > 1:
        raise DataError(f"{path}: the splits' images differ in size or type; it holds {have}")
    (shape,), (dtype,) = shapes, dtypes
    try:
        axis = channel_axis(shape)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    H, W, C = _moved(shape, axis)

    def blocks() -> Iterator[np.ndarray]:
        for _, member, _ in parts:
            for block in _values(path, member):
                yield block[..., None] if axis is None else np.moveaxis(block, axis + 1, -1)

    counts = [(split, len(labels)) for split, _, labels in parts]
    names = next((members[key] for key in members if key in CLASS_WORDS), None)
    given = None if names is None else np.concatenate(list(_values(path, names))).tolist()
    labels, classes = class_names(str(path), np.concatenate([part[2] for part in parts]), given)
    images = ArrayImages(len(labels), (H, W, C), dtype, file_stamp(path), blocks)
    ids = numbered_ids((split or "x", count) for split, count in counts)
    axes = {None: "grey", 0: "channels × height × width", 2: "height × width × channels"}[axis]
    kind = f"NumPy archive ({', '.join(f'{x}, {y}' for x, y in pairs.values())}; {shape} read as {axes})"
    return Listing(set_name(path), kind, images, ids, labels, classes, split_names(counts))


def _moved(shape: tuple[int, ...], axis: int | None) -> tuple[int, int, int]:
    if axis is None:
        return (*shape, 1)  # pyright: ignore[reportReturnType]
    rest = [size for k, size in enumerate(shape) if k != axis]
    return rest[0], rest[1], shape[axis]


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
                members[file.removesuffix(".npy").lower()] = _Member(file, shape, fortran, dtype)
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read as a NumPy archive ({error})") from None
    return members


def _check_size(info: zipfile.ZipInfo, announced: int, dtype: np.dtype) -> None:
    """Raise ``ValueError`` where an array cannot be as large as its header says, before memory or disk is reserved."""
    most = DEFLATED * info.compress_size if info.compress_type == zipfile.ZIP_DEFLATED else info.file_size
    if not dtype.hasobject and (info.file_size != announced or announced > most):
        held = f"{info.file_size:,}" if info.file_size != announced else f"{info.compress_size:,} packed"
        raise ValueError(f"{info.filename}: its header announces {announced:,} bytes, the archive holds {held}")


def _pairs(members: dict[str, _Member]) -> dict[str, tuple[str, str]]:
    """Return the names of images and labels for each split ("" where there is none)."""
    roles: dict[str, dict[str, str]] = {}
    for name in members:
        words = set(re.split(r"[_\W]+", name))
        split = next((SPLITS[word] for word in sorted(words) if word in SPLITS), "")
        for role, known in (("x", IMAGE_WORDS), ("y", LABEL_WORDS)):
            if words <= known | SPLITS.keys() and words & known:
                roles.setdefault(split, {})[role] = name
    full = {split: (pair["x"], pair["y"]) for split, pair in roles.items() if len(pair) == 2}
    return {split: full[split] for split in ("train", "valid", "test", "") if split in full}


def _labels(path: Path, member: _Member, images: _Member) -> np.ndarray:
    values = np.concatenate(list(_values(path, member)) or [np.empty(0, np.int64)])
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or len(values) != images.shape[0]:
        raise DataError(
            f"{path}: expected one label for each of the {images.shape[0]:,} images, found labels of the shape "
            f"{member.shape}" + ("; turn one-hot rows into indices with y.argmax(1)" if values.ndim == 2 else "")
        )
    return values


def _values(path: Path, member: _Member) -> Iterator[np.ndarray]:
    """Yield an array in blocks along its first axis."""
    where = f"{path}, array {PurePosixPath(member.file).stem}"
    if member.dtype.hasobject:
        raise DataError(
            f"{where}: holds Python objects, which only pickle can load and which may run any code; refused. "
            "Save it as numbers or text, for instance np.array(labels, dtype=str)"
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
