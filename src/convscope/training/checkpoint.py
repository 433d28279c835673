"""The resume state: written whole or not at all, checked when read.

The folder ``last/`` holds ``state.safetensors`` (weights, moving average, optimiser, step table) and ``state.json``
(position, epoch table, checksum). It is written beside itself, synced and renamed; the one before stays until the new
one is in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from convscope.errors import CheckpointError, Error

TENSORS, FACTS = "state.safetensors", "state.json"


@dataclass
class State:
    """Everything that a resumed run needs to end where an undisturbed one would.

    ``epoch`` and ``step`` say what comes next: batch ``step`` of epoch ``epoch`` (both from 0). ``tensors`` are named
    ``model.*``, ``ema.*``, ``optimiser.*`` and ``steps``; ``facts`` are plain values.
    """

    epoch: int
    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict)


def write_state(folder: Path, state: State) -> None:
    """Replace ``folder`` by this state in one move; on any error what was there stays, and the cause is explained."""
    payload = save({name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()})
    facts = {
        "epoch": state.epoch,
        "step": state.step,
        "sha256": hashlib.sha256(payload).hexdigest(),
        **state.facts,
    }
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        write_synced(new / TENSORS, payload)
        write_synced(new / FACTS, json.dumps(facts, indent=1).encode())
        if folder.exists():  # else a kill left only the old one: it stays until the new one is in place
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise save_error(folder, len(payload), error) from error


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
        raise CheckpointError(f"cannot read the saved state in {folder} ({error}); start the run anew") from error
    if hashlib.sha256(payload).hexdigest() != facts.pop("sha256", None):
        raise CheckpointError(
            f"{folder / TENSORS} is damaged: its checksum differs from the one in {FACTS}; start the run anew"
        )
    try:
        tensors = load(payload)
    except SafetensorError as error:
        raise CheckpointError(f"{folder / TENSORS} is not a safetensors file: {error}") from error
    return State(facts.pop("epoch"), facts.pop("step"), tensors, facts)


def write_synced(path: Path, payload: bytes) -> None:
    """Write bytes and wait until the disk has them."""
    with path.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def save_error(path: Path, size: int, error: OSError) -> Error:
    """Return the explained error for a file of ``size`` bytes that could not be saved at ``path``."""
    place = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if isinstance(error, PermissionError) or error.errno == 30:  # EROFS
        return Error(f"cannot write to {path}: {error.strerror}; choose another folder with --out")
    if error.errno in (28, 122):  # ENOSPC, EDQUOT
        needs = (
            f"{path} needs {size:,} bytes, {free:,} are free"
            if size
            else f"{path} does not fit, {free:,} bytes are free"
        )
        return Error(
            f"the disk is full: {needs}; what was saved before is untouched. "
            "Make room and go on with --resume, or choose another folder with --out"
        )
    return Error(f"cannot save {path}: {error}")


def flatten_optimiser(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimiser's tensors as ``optimiser.<parameter number>.<name>``."""
    return {
        f"optimiser.{index}.{name}": value
        for index, entries in optimiser.state_dict()["state"].items()
        for name, value in entries.items()
        if isinstance(value, Tensor)
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put ``flatten_optimiser``'s tensors back; rates and decays stay those of the plan."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimiser."):
            _, index, name = key.split(".", 2)
            weights = parameters[int(index)]
            if value.shape == weights.shape:
                # Files hold plain order; fused steps walk weights and moments side by side in memory.
                value = torch.empty_like(weights, dtype=value.dtype).copy_(value)
            state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
