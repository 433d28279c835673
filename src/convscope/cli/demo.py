"""``convscope demo``: the main job on the set that needs no download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convscope.cli.train import train


def demo(*, out_folder: Annotated[Path | None, Parameter(name="--out")] = None) -> int:
    """Train on 1,797 handwritten digits, score and report, in under a minute.

    Parameters
    ----------
    out_folder
        Run folder; by default runs/digits-resnet_mini.
    """
    return train("digits", out_folder=out_folder)
