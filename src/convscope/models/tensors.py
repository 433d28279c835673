"""Tensors from a file: safetensors, NumPy's .npz, or a state dict saved by torch. No code in a file is ever run."""

from __future__ import annotations

import pickletools
import re
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from convscope.errors import CheckpointError, nearest

IN_FOLDER = "model.safetensors"  # the weights of a run's folder, and of those that others publish
# The usual keys of a state dict among other things, in a message about a file that is not read.
WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "teacher", "model", "net")
BEGINNING = 16  # bytes of a file of another kind that are shown
# What writes files with these endings, and how it gets to one that is taken.
FOREIGN = {
    ".h5": "Keras and TensorFlow write it, and name and order a network's numbers in another way",
    ".keras": "Keras writes it, and names and orders a network's numbers in another way",
    ".onnx": "it is a whole network for running",
    ".tflite": "it is a whole network for running",
    ".engine": "it is a whole network for running",
    ".json": "it only describes weights",
}


def read_file(path: Path) -> tuple[Any, dict[str, str]]:
    """Return what a weights file holds, dicts of tensors among other plain values, and its metadata (safetensors').

    Raises ``CheckpointError`` for a file that is missing, of another kind, damaged, or holds objects that could run
    code.
    """
    if not path.is_file():
        near = nearest(path.name, [file.name for file in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise CheckpointError(f"there is no weights file {path}{near}")
    read = READERS.get(path.suffix.lower()) or _reader_by_content(path)
    if read is None:
        named = f"its name ends in {path.suffix!r}, not" if path.suffix else "its name does not end"
        why = f" ({FOREIGN[path.suffix]})" if path.suffix in FOREIGN else ""
        raise CheckpointError(
            f"{path} is no weights file: {named} in one of {', '.join(READERS)}{why}; with PyTorch, "
            "torch.save(model.state_dict(), 'weights.pth')"
        )
    if not path.stat().st_size:
        raise _damaged(path, "it is empty")
    return read(path)


def _reader_by_content(path: Path) -> Reader | None:
    """Return what reads a file whose ending says nothing, by how it begins."""
    begins = _beginning(path)
    if begins.startswith(b"PK"):
        return _npz if any(name.endswith(".npy") for name in _whole(path)) else _torch
    if begins[8:9] == b"{" and int.from_bytes(begins[:8], "little") < path.stat().st_size:
        return _safetensors
    return _torch if begins.startswith(b"\x80") else None


def checked(path: Path, tensors: dict[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with the floating-point ones as float32; ``own`` are the network's, for the kind of each.

    Raises ``CheckpointError`` for a tensor of another kind than real numbers where the network has those, and for
    numbers that are none (NaN or infinite) or no variances.
    """
    real: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_meta:
            raise CheckpointError(
                f"{path}: {name} is no plain tensor ({tensor.layout}, {tensor.device}); save it dense"
            )
        if tensor.is_floating_point():
            real[name] = tensor = tensor.float()
            _check_numbers(path, name, tensor)
        elif own[name].is_floating_point() if name in own else tensor.numel() > 1:  # a single one may be a count
            raise CheckpointError(
                f"{path}: {name} holds numbers of type {str(tensor.dtype).removeprefix('torch.')}, expected real "
                "numbers such as float32; if the weights were quantised, take the file from before that"
            )
    return tensors | real


def _check_numbers(path: Path, name: str, tensor: Tensor) -> None:
    wrong, fault = ~torch.isfinite(tensor), "NaN or infinite in float32"
    if name.endswith("running_var") and not wrong.any():
        wrong, fault = tensor < 0, "below 0, and are variances"
    if bad := int(wrong.sum()):
        raise CheckpointError(
            f"{path}: {bad:,} of the {tensor.numel():,} numbers of {name} are {fault}; "
            "the weights are damaged, take another copy"
        )


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
        content = "a single array (.npy)" if begins.startswith(b"\x93NUMPY") else f"something that begins {begins!r}"
        raise CheckpointError(f"{path} is no archive of arrays as numpy.savez writes it, but {content}")
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


def _torch(path: Path) -> tuple[Any, dict[str, str]]:
    begins = _beginning(path)
    if begins.startswith(b"PK"):
        held = _whole(path)  # torch itself reads changed numbers without a word
        if "data.pkl" not in held or "constants.pkl" in held:
            content = "a TorchScript program" if "constants.pkl" in held else "some other archive"
            raise CheckpointError(f"{path} is {content}, no state dict: where it was written, save model.state_dict()")
    elif tarfile.is_tarfile(path):
        raise CheckpointError(f"{path} is an archive of files: unpack it, and name the weights file in it")
    elif not begins.startswith(b"\x80"):
        raise CheckpointError(f"{path} was not written by torch.save: it begins {begins!r}; take another copy")
    try:
        with warnings.catch_warnings(action="ignore"):  # of foreign pickles; they are refused
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's readers of its formats raise what they like for a damaged file
        if "Unsupported operand" in str(error):
            raise CheckpointError(
                f"{path} is a pickle that torch.save did not write, and was not read, since it could run code; in the "
                "program that wrote it, torch.save(model.state_dict(), FILE)"
            ) from None
        if code := re.search(r"(?:GLOBAL|Unsupported class) (\S+)", str(error)):
            raise CheckpointError(_holds_code(path, code[1])) from None
        raise _damaged(path, _reason(error)) from None
    return loaded, {}


def _holds_code(path: Path, code: str) -> str:
    """Say which ``code`` a file holds beside tensors, and how to extract the tensors."""
    keys = _strings(path) & set(WRAPPERS)
    key = next((key for key in WRAPPERS if key in keys), None)
    value = f"torch.load(FILE, weights_only=False){f'[{key!r}]' if key else ''}"
    beside = ", beside its tensors" if key else ""
    return (
        f"{path} holds pickled code ({code}{beside}), and was not read: only tensors and plain values are taken. In "
        "the program that wrote it, save model.state_dict(); or, if you trust the file, which can run any code, take "
        f"the tensors out yourself: torch.save({value}, 'weights.pth'), with .state_dict() behind the value if it is a "
        "module"
    )


def _strings(path: Path) -> set[str]:
    """Return the strings in a file of torch.save, without unpickling it; none of one in the form before 2020."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if Path(name).name == "data.pkl")
            return {text for _, text, _ in pickletools.genops(archive.read(name)) if isinstance(text, str)}
    except (zipfile.BadZipFile, StopIteration, ValueError):
        return set()


Reader = Callable[[Path], tuple[Any, dict[str, str]]]
READERS: dict[str, Reader] = {
    ".safetensors": _safetensors,
    ".npz": _npz,
    ".pth": _torch,
    ".pt": _torch,
    ".th": _torch,
    ".bin": _torch,
    ".ckpt": _torch,
    ".tar": _torch,  # model_best.pth.tar, as PyTorch's examples write it
}
