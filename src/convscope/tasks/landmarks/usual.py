"""How points are learned where the user leaves it open."""

from __future__ import annotations

import math
from typing import Any

from convscope.data.dataset import Data
from convscope.errors import ConfigError
from convscope.tasks.keeping import kept
from convscope.tasks.landmarks.pairs import mean_shape, settled

STEPS = 500  # that a network of points needs at least, however few images there are
MANY = 500  # training images from which on a step takes more of them, and each is varied less
SMALL_BATCH, BATCH = 16, 32
LEAST_EPOCHS = 20
# On 41 faces, 28 others judging: varied widely, 0.306 is left of a mean error of 0.354 where faces have to be found,
# and 0.067 of 0.073 where they are cut out.
VARIED = "rotate=15 scale=0.2 shift=0.1 brightness=0.2 contrast=0.2"
VARIED_WIDELY = "rotate=20 scale=0.3 shift=0.15 brightness=0.3 contrast=0.3 noise=0.1"


def usual(data: Data, plan: Any) -> dict[str, tuple[Any, str]]:
    """Return a value and its reason for head, length, batch size, augmentation, which weights are kept, and for how
    points are learned.

    Raises ``ConfigError`` for a head that does not say where points are as it is asked for.
    """
    head, points = _head(plan)
    count = len(data.train)
    batch = plan.batch_size or min(count, SMALL_BATCH if count < MANY else BATCH)
    epochs = max(LEAST_EPOCHS, math.ceil(STEPS / math.ceil(count / batch)))
    names = data.columns[data.targets[0]].spec.names
    pairs = settled(plan.task_options.get("pairs", "auto"), names, mean_shape(data.train.placed_target))
    mirrored = "hflip " if pairs.pairs is not None else ""
    varied, widely = (VARIED_WIDELY, "widely, since there are few; ") if count < MANY else (VARIED, "")
    return {
        "head": (head, "a heat map for each point" if head == "heatmap" else "coordinates"),
        "points": (points, f"as the head {head} gives them"),
        "epochs": (epochs, f"at least {STEPS} steps with {count:,} training images"),
        "batch_size": (batch, f"for {count:,} training images"),
        "augment": (mirrored + varied, f"{widely}points move with the image; {'' if mirrored else 'not '}mirrored"),
        "pairs": (plan.task_options.get("pairs", "auto"), pairs.why),
        **kept(data),
    }


def _head(plan: Any) -> tuple[str, str]:
    """Return the head, and how it says where points are."""
    asked = plan.task_options.get("points", "auto")
    head = plan.head
    if head == "auto":
        head = "heatmap" if asked != "coordinates" else "linear" if plan.pretrained else "own"
    points = "heatmaps" if head == "heatmap" else "coordinates"
    if asked not in ("auto", points):
        raise ConfigError(f"setting 'points': the head {head!r} gives {points}, not {asked}; leave one of them out")
    return head, points
