"""Where convscope keeps what it decoded."""

from __future__ import annotations

import os
from pathlib import Path


def directory(given: str | Path | None = None) -> Path:
    """Return the cache folder: as given, ``$CONVSCOPE_CACHE``, or convscope's folder in the user's cache."""
    if given or (given := os.environ.get("CONVSCOPE_CACHE")):
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "convscope"
