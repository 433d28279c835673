"""A run and its figures of merit, a series of runs, the settings of one, and where its time goes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.plain import plain
from convscope.views.comparison import comparison

if TYPE_CHECKING:
    from convscope.runs.breakdown import Breakdown
    from convscope.runs.compare.comparison import Comparison
    from convscope.runs.compare.cross_validation import CrossValidation
    from convscope.runs.run import Run


def run(found: Run) -> dict[str, Any]:
    """Return a finished run: its folder, the checksum of its weights, and its figures."""
    return plain({"run": found.folder, "weights_sha256": found.environment["weights_sha256"], **found.metrics})


def evaluation(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a run on some examples, as ``evaluate`` gives them."""
    return plain(metrics)


def series(folder: Path, failed: Mapping[str, str], compared: Comparison | CrossValidation | None) -> dict[str, Any]:
    """Return a series of runs: where it is, why a network could not be trained, and the comparison of the others."""
    return plain({"folder": folder, "failed": failed, "comparison": compared and comparison(compared)})


def settings(text: str) -> dict[str, Any]:
    """Return the settings of a run from the text of its ``config.toml``."""
    return plain(tomllib.loads(text))


def breakdown(found: Breakdown) -> dict[str, Any]:
    """Return where the time goes, part by part: microseconds per example."""
    return plain({
        "how": found.how,
        "parts": {part.name: round(part.microseconds, 3) for part in found.parts},
        "images_per_second": round(found.images_per_second, 1),
        "flops_per_second": round(found.flops),
        "ceiling": round(found.ceiling),
    })  # fmt: skip
