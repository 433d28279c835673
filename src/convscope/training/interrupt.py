"""Ctrl-C and SIGTERM asked for politely: the step in hand is finished, the state is saved, then the run stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from convscope.world import ALONE, World

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """The training was asked to stop, and did so with its state saved."""


class Interrupt:
    """Says whether the user asked any process of the world to stop; a second Ctrl-C stops at once."""

    def __init__(self, world: World = ALONE) -> None:
        self._world = world
        self._asked = self._waits_for_nothing = False

    def check(self) -> None:
        """Raise ``Stopped`` where the user has asked for it."""
        if self._world.any(self._asked):
            raise Stopped

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Raise ``Stopped`` anywhere within the block, which changes nothing that is kept, such as an evaluation.

        One of several processes waits for the block's end: the others would wait for it.
        """
        self._waits_for_nothing = self._world.size == 1
        try:
            self.check()
            yield
            self.check()  # a callback may have swallowed it
        finally:
            self._waits_for_nothing = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        if self._waits_for_nothing:
            raise Stopped


@contextmanager
def listening(world: World = ALONE) -> Iterator[Interrupt]:
    """Catch SIGINT and SIGTERM within the block, which Python allows in the main thread only."""
    interrupt = Interrupt(world)
    with _handled(SIGNALS, interrupt._ask):
        yield interrupt


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` on SIGTERM within the block: what a cluster sends is asked for as a person would."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled((signal.SIGTERM,), stop):
        yield


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: object) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(number, handler) for number in numbers]  # pyright: ignore[reportArgumentType]
    try:
        yield
    finally:
        for number, former in zip(numbers, before, strict=True):
            signal.signal(number, former)
