"""Tensors from a file: safetensors, NumPy's .npz, or a state dict saved by torch. No code in a file is ever run."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from convscope.errors import CheckpointError, nearest

WRAPPERS = ("state_dict", "model")  # under these names training scripts save the state dict among other things
PREFIX = "module."  # what torch's data-parallel wrappers put before every name


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return a file's tensors by name, floating-point ones as float32, and its metadata (of safetensors only).

    Raises ``CheckpointError`` for a file that is missing, of another kind, damaged, or holds anything else than
    tensors; also for a number that is none (NaN or infinite).
    """
    if path.suffix not in READERS:
        raise CheckpointError(
            f"{path} is no weights file: its name ends in {path.suffix or 'nothing'!r}, not in one of "
            f"{', '.join(READERS)}"
        )
    if not path.is_file():
        near = nearest(path.name, [file.name for file in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise CheckpointError(f"there is no weights file {path}{near}")
    tensors, metadata = READERS[path.suffix](path)
    if not tensors:
        raise CheckpointError(f"{path} holds no tensors")
    tensors = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        if bad := int((~torch.isfinite(tensor)).sum()):
            raise CheckpointError(
                f"{path}: {bad:,} of the {tensor.numel():,} numbers of {name} are NaN or infinite; "
                "these weights are spoiled, take another copy"
            )
    return tensors, metadata


def _damaged(path: Path, error: Exception) -> CheckpointError:
    reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    return CheckpointError(f"{path} is damaged or cut short ({reason}); take another copy")


def _safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - safe_open is no mapping
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from None


def _npz(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        # opened here, since np.load leaves a file open that it cannot read
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise _damaged(path, error) from None
    except ValueError as error:  # NumPy's refusal of objects, and of what is no array file at all
        raise CheckpointError(
            f"{path} holds more than plain arrays ({error}): pickled objects could run code, and are not read"
        ) from None
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}, {}


def _torch(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's readers of three formats raise what they like for a damaged file
        if type(error).__name__ == "UnpicklingError" and "nsupported" in str(error):
            raise CheckpointError(
                f"{path} holds pickled code, and was not read: only a state dict of tensors is taken; in the program "
                "that wrote it, save model.state_dict()"
            ) from None
        raise _damaged(path, error) from None
    return _state_dict(path, found), {}


def _state_dict(path: Path, found: Any) -> dict[str, Tensor]:
    """Return the state dict in what a .pth holds: itself, or under one of the usual names."""
    for name in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} holds a {type(found).__name__}, not a state dict: a name for each tensor")
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise CheckpointError(
                f"{path} is no state dict: {name!r} is a {type(value).__name__}, not a tensor; a state dict is looked "
                f"for in the file itself and under {' and '.join(map(repr, WRAPPERS))}"
            )
    bare = all(name.startswith(PREFIX) for name in found)
    return {name.removeprefix(PREFIX) if bare else name: value.detach() for name, value in found.items()}


READERS = {
    ".safetensors": _safetensors,
    ".npz": _npz,
    ".pth": _torch,
    ".pt": _torch,
    ".th": _torch,
    ".bin": _torch,
}
