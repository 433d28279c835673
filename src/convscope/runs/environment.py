"""Where and with what a run was made: versions, machine, threads, the commit of convscope."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import convscope
from convscope.training.machine import processor

_PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "pillow",
    "tifffile",
    "safetensors",
    "matplotlib",
)


def environment() -> dict[str, Any]:
    """Return versions and machine facts as plain values."""
    return {
        "convscope": convscope.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _commit() -> str | None:
    """Return the commit of a development checkout; an installed package is known by its version."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    try:
        completed = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return completed.stdout.strip()
