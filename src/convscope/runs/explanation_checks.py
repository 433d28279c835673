"""Checks of explanations, kept in the run's folder: they take seconds, and are the same until the weights change.

The file lies beside ``metrics.json`` and is only ever a copy of what can be computed again: one that is damaged, of
other weights or of another version is passed over, and a folder that cannot be written is no reason to fail.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from convscope.errors import SaveError
from convscope.explaining.checks.result import Checks
from convscope.plain import plain
from convscope.runs import files
from convscope.runs.checksum import weights_hash
from convscope.runs.write import write_json
from convscope.tasks.quantities import ahead

if TYPE_CHECKING:
    from convscope.runs.run import Run

FORMAT = 1  # raised when the checks themselves change, so that old ones are computed again
EXAMPLES = 32  # how many of a split the checks are over, where it has as many


class Kept(msgspec.Struct):
    """What the file holds: the weights that it is of, and checks by their key."""

    weights_sha256: str
    checks: dict[str, dict[str, Any]]
    format: int = FORMAT


def checked_rows(count: int, examples: int = EXAMPLES) -> np.ndarray:
    """Return the rows, at even distances, of a split of ``count`` that the checks are over.

    >>> checked_rows(9, 5).tolist(), checked_rows(2).tolist()
    ([0, 2, 4, 6, 8], [0, 1])
    """
    return np.unique(np.linspace(0, count - 1, min(examples, count)).astype(np.int64))


def has_learned(run: Run) -> bool:
    """Return whether a run's network is better than an answer given without looking at the input.

    That is the first of its baselines, such as the most frequent class; a run without baselines counts as better.
    """
    baselines = [] if run.unfinished else run.metrics.get("baselines") or []
    if not baselines:
        return True
    lead = ahead(baselines[0]["versus"]["difference"], next(iter(run.about.values())))
    return (lead["value"] if math.isnan(lead["low"]) else lead["low"]) > 0


def kept_checks(
    folder: Path, method: str, options: Mapping[str, Any], inputs: np.ndarray, compute: Callable[[], Checks]
) -> Checks:
    """Return the checks of a method from a run's folder; where they are not there, compute them and keep them.

    ``options`` are all that changes a map beside weights and inputs: the method's own options, the score, the baseline.
    ``inputs`` are the examples as the network takes them (N, ...).
    """
    weights, key = weights_hash(folder), key_of(method, options, inputs)
    if (known := known_checks(folder, method, options, inputs)) is not None:
        return known
    checks = compute()
    by_key = {**_read(folder, weights), key: checks.to_dict()}  # read again: others may have written since
    with contextlib.suppress(SaveError):
        write_json(folder / files.EXPLANATION_CHECKS, msgspec.to_builtins(Kept(weights, by_key)))
    return checks


def known_checks(folder: Path, method: str, options: Mapping[str, Any], inputs: np.ndarray) -> Checks | None:
    """Return the checks of a method from a run's folder, ``None`` where they are not there; as ``kept_checks``."""
    values = _read(folder, weights_hash(folder)).get(key_of(method, options, inputs))
    if values is not None:
        with contextlib.suppress(msgspec.ValidationError):
            return Checks.from_dict(values)
    return None


def key_of(method: str, options: Mapping[str, Any], inputs: np.ndarray) -> str:
    """Return what checks are found by: the method's name and a checksum of its options and inputs.

    >>> key_of("ig", {"steps": 50}, np.zeros((2, 1)))[:3], key_of("ig", {}, np.zeros(2)) == key_of("ig", {}, np.ones(2))
    ('ig-', False)
    """
    words = json.dumps([plain(options), inputs.dtype.str, inputs.shape], sort_keys=True)
    content = sha256(words.encode())
    content.update(np.ascontiguousarray(inputs).tobytes())
    return f"{method}-{content.hexdigest()[:32]}"


def _read(folder: Path, weights: str) -> dict[str, dict[str, Any]]:
    """Return the checks that are kept of these weights; none where there is no file of them that can be read."""
    try:
        values = json.loads((folder / files.EXPLANATION_CHECKS).read_text(encoding="utf-8"))
        kept = msgspec.convert(values, Kept)
    except (OSError, ValueError, RecursionError):  # msgspec's own error is a ValueError
        return {}
    return kept.checks if kept.weights_sha256 == weights and kept.format == FORMAT else {}
