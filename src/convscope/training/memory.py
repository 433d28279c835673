"""glibc told to keep freed memory: training frees and asks for the same large blocks at every step."""

from __future__ import annotations

import contextlib
import ctypes
import platform
from collections.abc import Iterator

from convscope.data.memory import return_freed_memory as return_freed_memory

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt(3)
_LARGE = 1 << 25  # bytes: the most that glibc itself lets its threshold of mapped blocks grow to


class _Kept:
    """Whether this process keeps what it frees, as glibc cannot be asked."""

    now = False


def keep_freed_memory() -> bool:
    """Ask glibc to reuse freed blocks instead of returning them to the system; return whether it agreed.

    Without it every step maps its activations anew and the kernel clears each page. The results do not change.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    _Kept.now = bool(libc.mallopt(_MMAP_THRESHOLD, 1 << 30) and libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1))
    return _Kept.now


def stop_keeping_freed_memory() -> None:
    """Give back what training freed, and from here on every large block when it is freed.

    What is scored and drawn asks for blocks of ever other sizes; kept, those of large images become gigabytes.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _LARGE)
        libc.malloc_trim(0)
    _Kept.now = False


@contextlib.contextmanager
def large_blocks_returned() -> Iterator[None]:
    """Give large blocks back when they are freed, as ``stop_keeping_freed_memory``; then keep them again, if before."""
    kept = _Kept.now
    if kept:
        stop_keeping_freed_memory()
    try:
        yield
    finally:
        if kept:
            keep_freed_memory()
