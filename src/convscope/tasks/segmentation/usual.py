"""How masks are learned where the user leaves it open."""

from __future__ import annotations

import math
from typing import Any

from convscope.data.dataset import Data
from convscope.data.patches import Drawn, class_counts, sizes_of
from convscope.tasks.keeping import kept
from convscope.text import count

AT_ONCE = 8 * 256**2  # pixels that a step sees
LEAST_BATCH, MOST_BATCH = 2, 64
STEPS = 1_000  # that a network of masks needs at least
LEAST_EPOCHS = 20
RARE = 0.01  # share of the pixels below which a class counts more
# Without any up and down: cells, tissue, sections. Scenes have a sky and a ground.
TURNED = "hflip vflip rotate=15 scale=0.2 brightness=0.2 contrast=0.2"
UPRIGHT = "hflip rotate=10 scale=0.3 brightness=0.2 contrast=0.2"


def usual(data: Data, plan: Any) -> dict[str, tuple[Any, str]]:
    """Return a value and its reason for network, batch size, length, augmentation, class weights and what is kept."""
    transform = data.preprocessing
    size = (transform.height, transform.width)
    parts = len(Drawn(sizes_of(data.train.input)[:, :2], size, *2 * (data.train.rows[:0],)).at)
    fits = max(LEAST_BATCH, min(MOST_BATCH, AT_ONCE // math.prod(size)))
    batch = plan.batch_size or min(parts, fits)
    epochs = max(LEAST_EPOCHS, math.ceil(STEPS / math.ceil(parts / batch)))
    grey = transform.channels < 3
    turned = f"rot90 {TURNED}" if size[0] == size[1] else TURNED
    shares = class_counts(data.train.target).sum(0)
    rare = 0 < shares.min() < RARE * shares.sum()
    return {
        "model": ("unet_mini", "a small U-Net, which takes images of any size"),
        "epochs": (epochs, f"at least {STEPS:,} steps; an epoch is {count(parts, 'part')} of {size[0]} × {size[1]}"),
        "batch_size": (batch, f"parts of {size[0]} × {size[1]} pixels"),
        "augment": (turned, "images without up and down") if grey else (UPRIGHT, "images in colour may have an up"),
        "class_weights": ("balanced", "a class has less than 1 % of the pixels") if rare else ("none", "no rare class"),
        **kept(data),
    }
