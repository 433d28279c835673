"""Images augmented by a policy, as tests ask for them."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from convscope.data.augment import Policy
from convscope.data.augment.apply import apply_to_images
from convscope.data.augment.draws import Draws
from convscope.data.transforms import ImageTransform


def augmented(
    policy: Policy, x: Tensor, rows: np.ndarray, *, seed: int, epoch: int, preprocessing: ImageTransform | None = None
) -> Tensor:
    """Return images x (N, C, H, W) of the samples ``rows`` (N,) as an epoch sees them."""
    return apply_to_images(policy, x, Draws(rows, seed, epoch), preprocessing)
