"""Exit codes: 0 success, 1 what failed, 2 what the user gave, 3 what could not be saved, 130 Ctrl-C or SIGTERM."""

from __future__ import annotations

from cyclopts import CycloptsError

from convscope.errors import CheckpointError, ConfigError, DataError, SaveError, ShapeError

FAILED, GIVEN, UNSAVED, INTERRUPTED = 1, 2, 3, 130


def code_of(error: Exception) -> int:
    """Return the exit code for an error that convscope explains."""
    if isinstance(error, SaveError):
        return UNSAVED
    input_errors = (CheckpointError, ConfigError, CycloptsError, DataError, ShapeError)
    return GIVEN if isinstance(error, input_errors) else FAILED
