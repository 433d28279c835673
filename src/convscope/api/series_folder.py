"""The folder of a series: what was asked for, what could not be trained, and a folder for each run.

runs/NAME/  series.toml              what was asked for, and what could not be trained
            lenet-seed0/ ...         one ordinary run each, with its own report; lenet-seed0-fold1 of folds
            comparison.html, .csv, .json, figures/
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from convscope.errors import CheckpointError
from convscope.runs import files
from convscope.runs.checksum import unfinished
from convscope.runs.write import folder_word, write_file

_NAME = re.compile(r"(.+), seed (\d+)(?:, ((?:fold|resample) \d+))?")


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


def run_name(model: str, seed: int, split: str = "") -> str:
    """Return the name of one run of a series.

    >>> run_name("lenet", 0), run_name("lenet", 0, "fold 2")
    ('lenet, seed 0', 'lenet, seed 0, fold 2')
    """
    return f"{model}, seed {seed}" + (f", {split}" if split else "")


def run_folder(folder: Path, model: str, seed: int | str, split: str = "") -> Path:
    """Return the folder of one run of a series.

    >>> run_folder(Path("runs"), "lenet", 0, "fold 2").name
    'lenet-seed0-fold2'
    """
    return folder / "-".join(filter(None, [folder_word(model), f"seed{seed}", split.replace(" ", "")]))


def named_folder(folder: Path, name: str) -> Path | None:
    """Return the folder of one run of a series by its name; ``None`` where that is the name of a network.

    >>> named_folder(Path("runs"), "lenet, seed 0").name
    'lenet-seed0'
    """
    matched = _NAME.fullmatch(name)
    return None if matched is None else run_folder(folder, *matched.groups(default=""))


def state_of(folder: Path) -> str:
    """Return whether a run is "new", "begun" or "finished"."""
    if not (folder / files.CONFIG).exists():
        return "new"
    return "begun" if unfinished(folder) else "finished"
