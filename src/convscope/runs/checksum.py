"""Whether a run's weights are those that it wrote."""

from __future__ import annotations

import json
from pathlib import Path

from convscope.errors import CheckpointError
from convscope.models.public import sha256
from convscope.runs import files


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
    noted = folder / files.ENVIRONMENT
    expected = json.loads(noted.read_text()).get("weights_sha256") if noted.exists() else None
    if expected and weights_hash(folder) != expected:
        raise damaged(folder, f"its checksum differs from the one in {files.ENVIRONMENT}")
