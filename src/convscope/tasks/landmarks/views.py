"""Points predicted of an image laid down in several ways, averaged where they lie in the image itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.data.augment.points import laid_back
from convscope.data.augment.views import View
from convscope.data.spec import Points
from convscope.tasks.landmarks.pairs import order


def average(views: np.ndarray, laid: Sequence[View], target: Points) -> np.ndarray:
    """Return the mean (N, K, 2) of points predicted of several views (V, N, K, 2), each laid back as ``laid`` says."""
    becomes = order(target.pairs or (), len(target.names))
    back = [laid_back(points, view, target.frame, becomes) for points, view in zip(views, laid, strict=True)]
    return np.mean(back, axis=0)
