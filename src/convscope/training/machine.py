"""The machine that a training runs on: its name, and the most it can multiply."""

from __future__ import annotations

import platform
import time
from functools import cache
from pathlib import Path

import torch

_SIDE = 1536  # of the square matrices: large enough for the full rate, small enough for 20 ms on a slow core


def processor() -> str:
    """Return the processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def name_of(device: str) -> str:
    """Return the name of what computes: the processor's, or a GPU's."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else processor()


@cache
def ceiling(device: str, dtype: torch.dtype, trials: int = 7) -> float:
    """Return the floating-point operations per second of a large matrix product, the fastest of ``trials``.

    A multiplication and an addition are two operations. No convolution runs faster than this.
    """
    a, b = (torch.randn(_SIDE, _SIDE, device=device).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(trials + 1):  # the first also pays for choosing a kernel
        began = time.perf_counter()
        torch.mm(a, b)
        wait_for(device)
        seconds.append(time.perf_counter() - began)
    return 2 * _SIDE**3 / min(seconds[1:])


def wait_for(device: str) -> None:
    """Wait until a device has done what it was asked; a processor has done it already."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
