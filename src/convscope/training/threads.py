"""The threads of a training: how many there are, and how long they wait for each other awake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from convscope.errors import ConfigError

MOST = 1024


def wait_briefly() -> None:
    """Ask GNU OpenMP to spin for some 30 µs at a barrier instead of milliseconds; what the user set stays.

    On a machine with other work, a thread that spins keeps the one it waits for from running: two threads on two busy
    cores trained a LeNet 20 times slower so. On an idle machine both settings are equally fast. OpenMP reads this
    when torch is loaded, so it must be called before.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def cores() -> int:
    """Return the number of cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(usable(0)) if usable else os.cpu_count() or 1


@contextmanager
def using(threads: int | None) -> Iterator[None]:
    """Compute with so many threads, in torch and in the matrix products of NumPy and SciPy; ``None`` changes nothing.

    Afterwards everything is as it was. Raises ``ConfigError`` for a number that makes no sense.
    """
    if threads is None:
        yield
        return
    if not 1 <= threads <= MOST:
        raise ConfigError(f"--threads must be at least 1 and at most {MOST:,}, got {threads:,}")
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(threads, user_api="blas"):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)
