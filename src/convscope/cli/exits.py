"""Exit codes: 0 for success, 1 for what failed, 2 for what the user gave, 130 for Ctrl-C."""

from __future__ import annotations

from cyclopts import CycloptsError

from convscope.errors import CheckpointError, ConfigError, DataError, ShapeError

FAILED, GIVEN, INTERRUPTED = 1, 2, 130


def code_of(error: Exception) -> int:
    """Return the exit code of an explained error."""
    given = (CheckpointError, ConfigError, CycloptsError, DataError, ShapeError)
    return GIVEN if isinstance(error, given) else FAILED
