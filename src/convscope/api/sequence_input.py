"""One signal or text as a run's network sees it: read from what a person gives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.data.given import held
from convscope.data.sequences.first_window import first_window
from convscope.data.transforms import SignalRule
from convscope.errors import DataError
from convscope.text import count, listed


def signal_of(given: Any, rule: SignalRule) -> np.ndarray:
    """Return one signal (T, C) float32 of a file, FILE/ROW of a file of several, an array, or an example of a split.

    Of a recording that is seen in windows it is the first one.

    Raises ``DataError`` for what is none, for a file of several, and for a row that is not there.
    """
    path, row = _row_of(given)
    examples = list(held(given if path is None else path, rule, 0))
    if row is not None:
        examples = [each for each in examples if each.name == f"{path}/{row}"] or _no_row(path, row, examples)
    if len(examples) != 1:
        first = listed((each.name for each in examples), 3)
        raise DataError(f"expected one signal, found {count(len(examples), 'signal')}; name one of them: {first}")
    try:
        signal = examples[0].read()
        assert isinstance(signal, np.ndarray)
        return first_window(rule.store(signal).values, rule)
    except Unreadable as error:
        raise DataError(f"{examples[0].name} {error}") from None


def _row_of(given: Any) -> tuple[Path | None, str | None]:
    """Return the file that is meant, and the row behind its name; (None, None) for what is no path."""
    if not isinstance(given, str | os.PathLike):
        return None, None
    path = Path(given)
    if not path.exists() and (whole := next((above for above in path.parents if above.is_file()), None)):
        return whole, str(path.relative_to(whole))
    return path, None


def _no_row(path: Path | None, row: str, examples: list[Any]) -> list[Any]:
    first = listed((each.name for each in examples), 3)
    raise DataError(f"{path} has no signal {row}; it has {first}")
