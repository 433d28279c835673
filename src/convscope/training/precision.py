"""Where and in which arithmetic a training step runs: float32, or bfloat16 where the processor multiplies it faster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from convscope.errors import ConfigError
from convscope.training.plan import Plan


def check_device(name: str) -> None:
    """Raise ``ConfigError`` where there is no such device."""
    usable = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if name not in (*usable, *(["cuda"] if len(usable) > 1 else [])):
        raise ConfigError(f"setting 'device': {name!r} cannot be used here; this machine has {', '.join(usable)}")


def bf16_is_fast(device: str) -> bool:
    """Return whether matrix products in bfloat16 have instructions of their own on this device."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def arithmetic(plan: Plan) -> AbstractContextManager[object]:
    """Return the context of a step's forward pass: convolutions and products in bfloat16 where the plan says so.

    Weights, normalisation, loss and optimiser stay in float32 (Micikevicius et al. 2018, "Mixed precision training").
    """
    return torch.autocast(plan.device.split(":")[0], torch.bfloat16) if plan.amp else nullcontext()


def in_float32(output: Tensor | tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    """Return what a network gives, one tensor or several, in float32, as losses are taken."""
    return output.float() if isinstance(output, Tensor) else tuple(each.float() for each in output)
