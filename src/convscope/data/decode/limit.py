"""Pillow's own guard against bombs, which belongs to the process, for as long as images are read.

Each reader compares what a header says with its own limit (``open_image``); Pillow's must only not be in the way.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Generator
from typing import Any

from PIL import Image


class _Guard:
    """Pillow's limit and what it warns of: changed by the first reader, put back by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits: list[int] = []
        self._before: int | None = None
        self._filters: list[Any] = []  # the list that our filters went into: others may put one of theirs in its place
        self._ours: list[Any] = []

    def enter(self, limit: int) -> None:
        with self._lock:
            if not self._limits:
                self._before = Image.MAX_IMAGE_PIXELS
                self._silence()
            self._limits.append(limit)
            self._widen()

    def leave(self, limit: int) -> None:
        with self._lock:
            self._limits.remove(limit)
            if self._limits:
                self._widen()
                return
            Image.MAX_IMAGE_PIXELS = self._before
            for ours in self._ours:
                with contextlib.suppress(ValueError):  # someone reset all filters in between
                    self._filters.remove(ours)

    def _widen(self) -> None:
        """Let pass what any reader lets pass; other users of Pillow keep at least the limit they had set."""
        Image.MAX_IMAGE_PIXELS = max(self._before or 0, *self._limits)

    def _silence(self) -> None:
        self._filters, self._ours = warnings.filters, []  # pyright: ignore[reportAttributeAccessIssue]
        for category in (UserWarning, Image.DecompressionBombWarning):  # odd metadata; what readers check themselves
            warnings.filterwarnings("ignore", category=category, module=r"PIL\.")
            self._ours.append(self._filters[0])


_GUARD = _Guard()


@contextlib.contextmanager
def limited(max_pixels: int) -> Generator[None]:
    """Let Pillow open images of up to ``max_pixels``, without its warnings; any number of threads may be inside.

    When the last one leaves, Pillow's limit and Python's filters of warnings are as the first one found them.
    """
    _GUARD.enter(max_pixels)
    try:
        yield
    finally:
        _GUARD.leave(max_pixels)
