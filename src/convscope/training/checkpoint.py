"""The resume state: written whole or not at all, checked when read.

The folder ``last/`` holds ``state.safetensors`` (tensors) and ``state.json`` (plain values, and the checksum of both).
It is written beside itself, synced and renamed; the one before stays until the new one is in place.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from convscope.atomic import sync, write_synced
from convscope.errors import CheckpointError, SaveError, quoted

TENSORS, FACTS = "state.safetensors", "state.json"
FORMAT = 3  # counts up when what a state holds changes


@dataclass
class State:
    """Everything that a resumed run needs to end where an undisturbed one would.

    ``epoch`` and ``step`` say what comes next: batch ``step`` of epoch ``epoch`` (both from 0). ``tensors`` hold
    ``model.*``, ``ema.*``, ``optimiser.*``; ``boundary.*``, the same at the epoch's start; ``chosen.*``, the weights
    chosen so far; and ``steps``, the step table. They lie in the processor's memory and share nothing with what goes
    on being trained. ``facts`` are plain values.
    """

    epoch: int
    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict)


def write_state(folder: Path, state: State) -> None:
    """Replace ``folder`` by this state in one move; on an error, a ``SaveError``, what was there stays."""
    payload = _pieces(state.tensors)
    facts = {"format": FORMAT, "epoch": state.epoch, "step": state.step, **state.facts}
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        checksum = _beside(lambda: _checksum(payload, facts))  # as long as writing takes
        write_synced(new / TENSORS, *payload)
        write_synced(new / FACTS, json.dumps({"sha256": checksum(), **facts}, indent=1).encode())
        sync(new)
        if folder.exists():  # else a kill left only the old one: it stays until the new one is in place
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        new.rename(folder)
        sync(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        written = json.dumps({"sha256": 64 * "0", **facts}, indent=1)
        raise save_error(folder, sum(map(len, payload)) + len(written), error, folder.parent) from error


def _beside(work: Callable[[], str]) -> Callable[[], str]:
    """Begin ``work`` in a thread of its own; return what waits for its result."""
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True, name="checksum")
    try:
        thread.start()
    except RuntimeError:  # too little memory for a thread, or the program is ending
        return work

    def result() -> str:
        thread.join()
        return results[0]

    return result


_DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


def _pieces(tensors: dict[str, Tensor]) -> list[bytes | memoryview]:
    """Return a safetensors file of plain tensors in pieces, none of them copied.

    The library's own ``save`` copies all of them twice, which was most of the time that saving took.
    """
    header: dict[str, Any] = {}
    pieces: list[bytes | memoryview] = []
    end = 0
    for name, value in sorted(tensors.items(), key=lambda item: -item[1].element_size()):  # aligned, as the format asks
        begin, end = end, end + value.nbytes
        header[name] = {"dtype": _DTYPES[value.dtype], "shape": list(value.shape), "data_offsets": [begin, end]}
        plain = value.reshape(-1).view(torch.uint8).numpy()
        pieces.append(memoryview(plain))  # pyright: ignore[reportArgumentType]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little"), text, *pieces]


def _checksum(payload: list[bytes | memoryview], facts: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(facts).encode())
    for piece in payload:
        digest.update(piece)
    return digest.hexdigest()


def has_state(folder: Path) -> bool:
    """Return whether a state was saved, also where a kill came between its two renames."""
    return folder.exists() or folder.with_name(folder.name + ".old").exists()


def read_state(folder: Path) -> State:
    """Read a state back; ``CheckpointError`` where it is missing or its checksum does not match."""
    if not has_state(folder):
        raise CheckpointError(f"there is no saved state in {folder}")
    if not folder.exists():  # killed between the two renames: the one before is whole
        folder = folder.with_name(folder.name + ".old")
    try:
        facts = json.loads((folder / FACTS).read_text())
        payload = (folder / TENSORS).read_bytes()
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot read the saved state in {folder} ({error}); start a new run") from error
    if facts.pop("sha256", None) != _checksum([payload], facts):
        raise CheckpointError(
            f"{folder / TENSORS} is damaged: its checksum differs from the one in {FACTS}; start a new run"
        )
    if facts.pop("format") != FORMAT:
        raise CheckpointError(
            f"{folder} is of another version of convscope; resume with that version, or start a new run"
        )
    try:
        tensors = load(payload)
    except SafetensorError as error:
        raise CheckpointError(f"{folder / TENSORS} is not a safetensors file: {error}") from error
    return State(facts.pop("epoch"), facts.pop("step"), tensors, facts)


def save_error(path: Path, size: int, error: OSError, run: Path | None = None) -> SaveError:
    """Return the explained error for a file of ``size`` bytes that could not be saved at ``path``.

    ``run`` is the folder of a training that goes on where it is resumed.
    """
    go_on = "" if run is None else f" and resume with --resume {quoted(run)}"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return SaveError(f"cannot write to {path}: {error.strerror}", "choose another folder with --out")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = next(parent for parent in (path, *path.parents) if parent.exists())
        free = shutil.disk_usage(place).free
        needs = f"needs {size:,} bytes" if size else "does not fit"
        return SaveError(
            f"the disk is full: {path} {needs}, {free:,} are free; what was saved before is untouched",
            f"free some space{go_on}, or choose another folder with --out",
        )
    return SaveError(f"cannot save {path}: {error}", f"check the disk{go_on or ' and try again'}")
