"""What is plainly wrong with a run's folder, seen from its files alone: before the page stands, and without PyTorch."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from convscope.runs import files


def damage(folder: Path) -> list[str]:
    """Return what is wrong with the files of a run, a clause each; none where nothing is seen.

    Only what takes no time is looked at: settings that are no TOML, a set that is gone, weights that are missing or
    cut off, figures that are no JSON. Whether weights are those that the run wrote is checked once they are needed.
    """
    seen = [_settings(folder / files.CONFIG), _weights(folder / files.WEIGHTS), _figures(folder / files.METRICS)]
    return [problem for problem in seen if problem]


def _settings(path: Path) -> str:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")).get("data")
    except (OSError, ValueError) as error:
        return f"{path.name} cannot be read: {error}"
    is_gone = isinstance(data, str) and Path(data).is_absolute() and not Path(data).exists()
    return f"its set {data} is gone, so that its examples cannot be shown" if is_gone else ""


def _weights(path: Path) -> str:
    if not path.exists():
        return f"it has no {path.name}, so that only its training can be looked at"
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, path.stat().st_size)))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return f"{path.name} is damaged: it does not begin as such a file does"
    expected = 8 + length + max(ends, default=0)
    size = path.stat().st_size
    return "" if size == expected else f"{path.name} is damaged: it has {size:,} bytes instead of {expected:,}"


def _figures(path: Path) -> str:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""  # of a run that is still trained
    except (OSError, ValueError, RecursionError) as error:
        return f"{path.name} is damaged: {error}"
    return ""
