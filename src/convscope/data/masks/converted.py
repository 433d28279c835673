"""Masks in the form that a network learns from, mapped from the cache: class numbers, or numbers of objects.

<cache>/masks/<key of the raw masks>-<key of the rule>/column.npy   (all pixels,) uint8 or int32
                                                       known.npz    offsets, shapes, pixels of classes, objects
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np

from convscope.data.columns.ragged import Ragged
from convscope.data.ingest.store import building, explained, publish
from convscope.data.masks.rule import NO_OBJECT, VOID, MaskRule
from convscope.data.masks.store import Raw
from convscope.data.spec import FieldSpec

MOST_COUNTED = 1 << 22  # up to which number objects are counted in a table of all numbers


class UnknownValue(Exception):  # noqa: N818 - found while converting; the reader says it in words
    """A value in the mask ``row`` that the rule does not tell of."""

    def __init__(self, row: int, value: float) -> None:
        super().__init__(row, value)
        self.row, self.value = row, value


class Damaged(Exception):  # noqa: N818 - the verdict on one entry, which is made anew
    """The masks in the cache are not as they were written."""


def converted(raw: Raw, rule: MaskRule, rows: np.ndarray, name: str) -> tuple[Ragged, np.ndarray, np.ndarray]:
    """Return the column, the pixels (n, K) of each class or of background and objects, and the objects (n,) counted.

    Masks that are not among ``rows`` are empty. Raises `UnknownValue`, or `Damaged`.
    """
    hashed = hashlib.blake2b(json.dumps(rule.to_dict()).encode(), digest_size=8)
    for chosen in (rows, raw.rows):
        hashed.update(chosen.astype(np.int64).tobytes() + b";")
    folder = raw.folder.with_name(f"{raw.folder.name}-{hashed.hexdigest()}")
    whole = _open(folder)
    if whole is None:
        if raw.is_damaged:
            raise Damaged(raw.folder)
        shutil.rmtree(folder, ignore_errors=True)
        with building(folder.parent) as new, explained(folder.parent.parent):
            _write(new, raw, rule, rows)
            publish(new, folder)
        whole = _open(folder)
        assert whole is not None, folder
    values, known = whole
    instances = rule.kind == "instances"
    sizes = [np.unique(axis).tolist() for axis in known["shapes"][rows].T]
    shape = tuple(size[0] if len(size) == 1 else None for size in sizes)
    spec = FieldSpec(
        name, "instances" if instances else "mask", shape, values.dtype.name, rule.names,
        ignore=NO_OBJECT if instances else VOID,
    )  # fmt: skip
    return Ragged(spec, values, known["offsets"], known["shapes"]), known["pixels"], known["objects"]


def _open(folder: Path) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    try:
        with np.load(folder / "known.npz", allow_pickle=False) as archive:
            known = {key: archive[key] for key in archive.files}
        values = np.load(folder / "column.npy", mmap_mode="r").view(np.ndarray)
        return (values, known) if known["crc"] == zlib.crc32(values.data) else None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _write(new: Path, raw: Raw, rule: MaskRule, rows: np.ndarray) -> None:
    instances = rule.kind == "instances"
    K = 2 if instances else len(rule.names)
    shapes = np.zeros_like(raw.sizes)
    shapes[rows] = raw.sizes[rows]
    offsets = np.concatenate(([0], np.cumsum(shapes.prod(1))))
    pixels, objects = np.zeros((len(raw), K), np.int64), np.zeros(len(raw), np.int64)
    dtype, crc = np.dtype(np.int32 if instances else np.uint8), 0
    with (new / "column.npy").open("wb") as stream:
        header = {"descr": dtype.str, "fortran_order": False, "shape": (int(offsets[-1]),)}
        np.lib.format.write_array_header_1_0(stream, header)
        for row in rows.tolist():
            try:
                mask = rule.apply(raw.values_of(row, colours=rule.colours, by_class=not instances))
            except KeyError as error:
                raise UnknownValue(row, float(error.args[0])) from None
            if instances:
                inside = mask[mask > 0]
                pixels[row] = (mask == 0).sum(), inside.size
                counted = inside.max(initial=0) < MOST_COUNTED
                objects[row] = np.count_nonzero(np.bincount(inside)) if counted else len(np.unique(inside))
            else:
                pixels[row] = np.bincount(mask.reshape(-1), minlength=VOID + 1)[:K]
            stream.write(data := mask.tobytes())
            crc = zlib.crc32(data, crc)
    np.savez(new / "known.npz", offsets=offsets, shapes=shapes, pixels=pixels, objects=objects, crc=crc)
