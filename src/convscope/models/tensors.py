"""Tensors from a file: safetensors, NumPy's .npz, or a state dict saved by torch. No code in a file is ever run."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from convscope.errors import CheckpointError, nearest

IN_FOLDER = "model.safetensors"  # the weights of a run's folder, and of those that others publish
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")  # where training scripts put it among other things
PREFIXES = ("module.", "_orig_mod.", "model.")  # put before every name by data-parallel, compiled and Lightning modules
BEGINNING = 16  # bytes of a file of another kind that are shown


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return a file's tensors by name, floating-point ones as float32, and its metadata (of safetensors only).

    Raises ``CheckpointError`` for a file that is missing, of another kind, damaged, or holds anything else than
    tensors of real numbers; also for a number that is none (NaN or infinite).
    """
    if not path.is_file():
        near = nearest(path.name, [file.name for file in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise CheckpointError(f"there is no weights file {path}{near}")
    if path.suffix not in READERS:
        named = f"its name ends in {path.suffix!r}, not" if path.suffix else "its name does not end"
        raise CheckpointError(f"{path} is no weights file: {named} in one of {', '.join(READERS)}")
    if not path.stat().st_size:
        raise _damaged(path, "it is empty")
    tensors, metadata = READERS[path.suffix](path)
    if not tensors:
        raise CheckpointError(f"{path} holds no tensors")
    real = {name: tensor.float() for name, tensor in tensors.items() if tensor.is_floating_point()}
    for name, tensor in tensors.items():
        if name not in real and tensor.numel() > 1:  # a single one is a count, as batch norm keeps
            raise CheckpointError(
                f"{path}: {name} holds numbers of the kind {str(tensor.dtype).removeprefix('torch.')}, and weights are "
                "real ones, such as float32; if they were quantised, take the file from before that"
            )
        wrong = ~torch.isfinite(real.get(name, tensor)), "NaN or infinite in float32"
        if name.endswith("running_var") and not wrong[0].any():
            wrong = tensor < 0, "below 0, and are variances"
        if bad := int(wrong[0].sum()):
            raise CheckpointError(
                f"{path}: {bad:,} of the {tensor.numel():,} numbers of {name} are {wrong[1]}; "
                "these weights are spoiled, take another copy"
            )
    return tensors | real, metadata


def file_in(folder: Path) -> Path:
    """Return the weights file of a folder, a run's or one that was published; ``CheckpointError`` says what is there.

    A run has none before its first epoch is saved.
    """
    if (folder / IN_FOLDER).is_file():
        return folder / IN_FOLDER
    others = [str(file) for file in sorted(folder.iterdir()) if file.suffix in READERS]
    others += [str(file.parent) for file in sorted(folder.glob(f"*/{IN_FOLDER}"))]
    remedy = f"name one of these: {', '.join(others)}" if others else "name a weights file, or a finished run"
    raise CheckpointError(f"{folder} is a folder without weights: it holds no {IN_FOLDER}; {remedy}")


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged or cut short ({reason}); take another copy")


def _reason(error: Exception) -> str:
    first = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
    return "its end is missing" if isinstance(error, EOFError) else first or type(error).__name__


def _whole(path: Path) -> set[str]:
    """Return the file names in a zip archive; refuse one without its end, or with a file that has been changed."""
    try:
        with zipfile.ZipFile(path) as archive:
            names, spoiled = {Path(name).name for name in archive.namelist()}, archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
        raise _damaged(path, f"only {path.stat().st_size:,} bytes, and its end is missing") from None
    if spoiled:
        raise _damaged(path, f"{spoiled} in it does not have the checksum it was saved with")
    return names


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(BEGINNING)


def _safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - safe_open is no mapping
    except (SafetensorError, OSError) as error:
        raise _damaged(path, _reason(error)) from None


def _npz(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not (begins := _beginning(path)).startswith(b"PK"):
        what = "a single array (.npy)" if begins.startswith(b"\x93NUMPY") else f"something that begins {begins!r}"
        raise CheckpointError(f"{path} is no archive of arrays as numpy.savez writes it, but {what}")
    _whole(path)
    arrays: dict[str, np.ndarray] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            try:
                arrays[name] = file[name]
            except (ValueError, MemoryError) as error:
                if "pickle" not in str(error):  # a header that promises more than there is
                    raise _damaged(path, f"{name}: {_reason(error)}") from None
                raise CheckpointError(
                    f"{path} holds more than plain arrays ({name}: {error}): pickled objects could run code, and are "
                    "not read"
                ) from None
            if arrays[name].dtype.kind not in "biufc":
                raise CheckpointError(f"{path}: {name} holds no numbers but {arrays[name].dtype}; leave it out")
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}, {}


def _torch(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    begins = _beginning(path)
    if begins.startswith(b"PK"):
        held = _whole(path)  # torch itself reads changed numbers without a word
        if "data.pkl" not in held or "constants.pkl" in held:
            what = "a TorchScript program" if "constants.pkl" in held else "some other archive"
            raise CheckpointError(f"{path} is {what}, no state dict: where it was written, save model.state_dict()")
    elif not begins.startswith(b"\x80"):
        raise CheckpointError(f"{path} was not written by torch.save: it begins {begins!r}; take another copy")
    try:
        with warnings.catch_warnings(action="ignore"):  # of foreign pickles; they are refused
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's readers of its formats raise what they like for a damaged file
        if "Unsupported operand" in str(error):
            raise CheckpointError(
                f"{path} is a pickle that torch.save did not write, and was not read, since it could run code; in the "
                "program that wrote it, torch.save(model.state_dict(), FILE)"
            ) from None
        if found := re.search(r"(?:GLOBAL|Unsupported class) (\S+)", str(error)):
            raise CheckpointError(
                f"{path} holds pickled code ({found[1]}), and was not read: only a state dict of tensors is taken; in "
                "the program that wrote it, save model.state_dict()"
            ) from None
        raise _damaged(path, _reason(error)) from None
    return _state_dict(path, found), {}


def _state_dict(path: Path, found: Any) -> dict[str, Tensor]:
    """Return the state dict in what a .pth holds: itself, or under one of the usual names."""
    for name in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} holds a {type(found).__name__}, not a state dict: a name for each tensor")
    for name, value in found.items():
        if not isinstance(value, Tensor) or not isinstance(name, str):
            raise CheckpointError(
                f"{path} is no state dict: {name!r} is a {type(value).__name__}, not a tensor with a name; a state "
                f"dict is looked for in the file itself and under {', '.join(map(repr, WRAPPERS))}"
            )
    while prefix := next((p for p in PREFIXES if found and all(name.startswith(p) for name in found)), ""):
        found = {name.removeprefix(prefix): value for name, value in found.items()}
    return {name: value.detach() for name, value in found.items()}


READERS = {
    ".safetensors": _safetensors,
    ".npz": _npz,
    ".pth": _torch,
    ".pt": _torch,
    ".th": _torch,
    ".bin": _torch,
}
