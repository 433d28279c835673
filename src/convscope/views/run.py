"""A run and its figures of merit, a series of runs, the settings of one, and where its time goes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.plain import plain
from convscope.views.comparison import comparison

if TYPE_CHECKING:
    from convscope.runs.compare.comparison import Comparison
    from convscope.runs.compare.cross_validation import CrossValidation
    from convscope.runs.profile import Breakdown
    from convscope.runs.run import Run


def run(finished: Run) -> dict[str, Any]:
    """Return a finished run: its folder, the checksum of its weights, and its figures."""
    return plain({"run": finished.folder, "weights_sha256": finished.environment["weights_sha256"], **finished.metrics})


def evaluation(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a run on some examples, as ``evaluate`` gives them."""
    return plain(metrics)


def series(folder: Path, failed: Mapping[str, str], compared: Comparison | CrossValidation | None) -> dict[str, Any]:
    """Return a series of runs: where it is, why a network could not be trained, and the comparison of the others."""
    return plain({"folder": folder, "failed": failed, "comparison": compared and comparison(compared)})


def settings(text: str) -> dict[str, Any]:
    """Return the settings of a run from the text of its ``config.toml``."""
    return plain(tomllib.loads(text))


def breakdown(result: Breakdown) -> dict[str, Any]:
    """Return where the time goes, part by part: microseconds per example."""
    return plain({
        "how": result.how,
        "parts": {part.name: round(part.microseconds, 3) for part in result.parts},
        "images_per_second": round(result.images_per_second, 1),
        "flops_per_second": round(result.flops),
        "ceiling": round(result.ceiling),
    })  # fmt: skip
