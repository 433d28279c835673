"""How long torch's threads wait for each other awake, before they let other programs have the core."""

from __future__ import annotations

import os


def wait_briefly() -> None:
    """Ask GNU OpenMP to spin for some 30 µs at a barrier instead of milliseconds; what the user set stays.

    On a machine with other work, a thread that spins keeps the one it waits for from running: two threads on two busy
    cores trained a LeNet 20 times slower so. On an idle machine both settings are equally fast. OpenMP reads this
    when torch is loaded, so it must be called before.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
