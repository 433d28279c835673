"""The settings that landmarks have of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convscope.tasks.settings import setting


@dataclass(frozen=True)
class Options:
    """How points are learned and scored."""

    points: Literal["auto", "heatmaps", "coordinates"] = setting(
        "auto",
        "Network",
        "how the network says where points are: a heat map each, or their coordinates; auto: as its head can",
    )
    pairs: str = setting(
        "auto",
        "Data",
        "points that change places in a mirrored image, such as 0-16,1-15 or left_eye-right_eye; "
        "auto: by their names or as found; none: images are not mirrored",
    )
    normaliser: str = setting(
        "auto", "Evaluation", "what errors of points are divided by: inter-ocular, box, size, pixels, or two points A,B"
    )
