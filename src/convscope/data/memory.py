"""How much memory this process may use: what decides whether a set is trained from memory or from the disk."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import resource
from pathlib import Path

SHARE = 0.5  # of the memory for images; the rest is for the network, its activations, and everybody else


def fits(size: int) -> bool:
    """Return whether images of ``size`` bytes fit comfortably in memory; True where the system does not say."""
    most = available()
    return most is None or size <= SHARE * most


def available(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the bytes of memory to be had: what the machine has, or a lower limit of this process.

    Containers and batch systems set limits on its control group (``memory.max``), shells on its data (``ulimit -d``).
    ``None`` where there is no /proc.
    """
    try:
        facts = dict(line.split(":", 1) for line in (proc / "meminfo").read_text().splitlines())
        groups = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return None
    found = [int(facts["MemAvailable"].split()[0]) * 1024]
    if (most := resource.getrlimit(resource.RLIMIT_DATA)[0]) != resource.RLIM_INFINITY:
        found.append(most)
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if controllers == "":
            found += _limits(cgroups, path, "memory.max")
        elif "memory" in controllers.split(","):
            found += _limits(cgroups / "memory", path, "memory.limit_in_bytes")
    return min(found)


def _limits(base: Path, path: str, file: str) -> list[int]:
    """Return the limits of a group and of those above it; a container may see only the topmost."""
    found = []
    group = Path(path.lstrip("/"))
    for folder in (group, *group.parents):
        with contextlib.suppress(OSError, ValueError):  # not there, or "max": no limit
            found.append(int((base / folder / file).read_text()))
    return found


def return_freed_memory() -> None:
    """Give what was freed so far back to the system: what comes after it asks for blocks of other sizes."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
