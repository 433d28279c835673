"""Whether a run's files are those that it wrote: its weights, and all results of a finished one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from convscope.errors import CheckpointError, quoted
from convscope.models.public import sha256
from convscope.runs import files
from convscope.runs.write import write_json

RESULTS = (files.WEIGHTS, files.STEPS, files.EPOCHS, files.SPLIT, files.METRICS, files.PREDICTIONS, files.REPORT)


class Noted(TypedDict, total=False):
    """What of ``env.json`` is read again."""

    weights_sha256: str
    data_fingerprint: str
    pretrained: dict[str, Any] | None
    code: dict[str, Any]
    results: dict[str, str]


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 of a run's weights file."""
    return sha256(folder / files.WEIGHTS)


def damaged(folder: Path, reason: str) -> CheckpointError:
    """Return what is to be said of a run whose weights cannot be taken."""
    return CheckpointError(
        f"{folder / files.WEIGHTS} is damaged: {reason}; train again, or put back a copy of the file"
    )


def check_weights(folder: Path) -> None:
    """Raise ``CheckpointError`` where a run's weights are no longer those that it wrote."""
    expected = noted(folder).get("weights_sha256")
    if expected and weights_hash(folder) != expected:
        raise damaged(folder, f"its checksum differs from the one in {files.ENVIRONMENT}")


def noted(folder: Path) -> dict[str, Any]:
    """Return what ``env.json`` says; nothing where it is gone."""
    path = folder / files.ENVIRONMENT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        msgspec.convert(values, Noted)
        return values
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); put back a copy, or remove it and resume with: convscope train --resume "
            f"{quoted(folder)}"
        ) from None


def written_metrics(folder: Path) -> dict[str, Any] | None:
    """Return what ``metrics.json`` holds, of whichever weights; ``None`` where it is gone or damaged."""
    try:
        values = json.loads((folder / files.METRICS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def record_results(folder: Path) -> None:
    """Note the checksum of each result in ``env.json``, the last file that a run writes: it is finished with these."""
    figures = sorted(f"{files.FIGURES}/{at.name}" for at in (folder / files.FIGURES).glob("*.[sp][vn]g"))
    results = {name: sha256(folder / name) for name in (*RESULTS, *figures)}
    write_json(folder / files.ENVIRONMENT, {**noted(folder), "results": results})


def unfinished(folder: Path, names: Iterable[str] | None = None) -> str | None:
    """Return why a run is not finished, or ``None``: its results are there, and those that it ended with.

    ``names`` are the results to look at, by default all.
    """
    try:
        results = noted(folder).get("results")
    except CheckpointError as error:
        return str(error)
    if results is None:
        return _unfinished_without_record(folder)
    for name in results if names is None else names:
        if not (folder / name).is_file():
            return f"its {name} is gone"
        if sha256(folder / name) != results.get(name):
            return f"its {name} is not the one that it ended with: it was damaged or changed"
    return None


def _unfinished_without_record(folder: Path) -> str | None:
    for name in (files.METRICS, files.PREDICTIONS, files.REPORT):
        if not (folder / name).exists():
            return f"it has no {name} yet"
    metrics = written_metrics(folder)
    if metrics is None:
        return f"its {files.METRICS} is damaged"
    if "weights_sha256" in metrics and not (folder / files.ENVIRONMENT).exists():
        return f"its {files.ENVIRONMENT}, which says what its results were, is missing"
    if "weights_sha256" in metrics:
        return "its training has gone on since its results were written, or was stopped while it wrote them"
    # A run of a version that recorded no results ended with its page.
    whole = (folder / files.REPORT).read_text(encoding="utf-8", errors="replace").rstrip().endswith("</html>")
    return None if whole else f"its {files.REPORT} was not written to the end"
