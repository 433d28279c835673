"""The folder of a series: what was asked for, what could not be trained, and a folder for each run.

runs/NAME/  series.toml              what was asked for, and what could not be trained
            lenet-seed0/ ...         one ordinary run each, with its own report
            comparison.html, .csv, .json, figures/
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from convscope.errors import CheckpointError
from convscope.runs import files
from convscope.runs.checksum import unfinished
from convscope.runs.write import folder_word, write_file

SEED = ", seed "  # between network and seed, in the name of what failed with this seed only


def is_series(folder: Path) -> bool:
    """Return whether a folder is that of a series."""
    return (folder / files.SERIES).exists()


def write_series(folder: Path, values: dict[str, Any], failed: dict[str, str]) -> None:
    """Write what was asked for, and why which network could not be trained."""
    write_file(folder / files.SERIES, tomli_w.dumps({**values, **({"failed": failed} if failed else {})}))


def read_series(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was asked for, and why which network could not be trained."""
    path = folder / files.SERIES
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{folder} is not the folder of a series: it holds no {files.SERIES}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None
    missing = {"data", "models", "seeds"} - values.keys()
    if missing:
        raise CheckpointError(f"{path} is damaged: it names no {' and no '.join(sorted(missing))}")
    return values, values.pop("failed", {})


def run_folder(folder: Path, model: str, seed: int | str) -> Path:
    """Return the folder of one run of a series."""
    return folder / f"{folder_word(model)}-seed{seed}"


def state_of(folder: Path) -> str:
    """Return whether a run is "new", "begun" or "finished"."""
    if not (folder / files.CONFIG).exists():
        return "new"
    return "begun" if unfinished(folder) else "finished"
