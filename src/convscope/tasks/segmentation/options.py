"""The settings that segmentation has of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convscope.tasks.settings import setting


@dataclass(frozen=True)
class Options:
    """How masks are learned and scored."""

    loss: Literal["dice+ce", "ce", "dice", "focal"] = setting(
        "dice+ce", "Training", "loss of masks: Dice and cross entropy in equal parts, one of them, or focal"
    )
    class_weights: Literal["none", "balanced"] = setting(
        "none", "Training", "weight classes by one over the root of their share of the pixels"
    )
    border_weight: float = setting(
        0.0, "Training", "how much more pixels in narrow gaps between objects count, such as 10", at_least=0
    )
    hd95: bool = setting(
        False, "Evaluation", "score the 95th percentile of the distances between true and predicted surfaces, too"
    )
    objects: Literal["auto", "yes", "no", "slices"] = setting(
        "auto",
        "Evaluation",
        "count what hangs together of the second of two classes, in volumes also slice by slice; "
        "auto: wherever there are two",
    )
