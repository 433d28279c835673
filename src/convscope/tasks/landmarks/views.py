"""Points predicted of an image laid down in several ways, averaged where they lie in the image itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from convscope.data.augment.points import laid_back
from convscope.data.augment.views import View
from convscope.data.spec import Points

if TYPE_CHECKING:
    from torch import Tensor


def average(views: Tensor, laid: Sequence[View], target: Points) -> Tensor:
    """Return the mean (N, K, 2) of points predicted of several views (V, N, K, 2), each laid back as ``laid`` says."""
    becomes = None if target.becomes is None else np.array(target.becomes)
    seen = zip(views.numpy(), laid, strict=True)
    return views.new_tensor(np.mean([laid_back(points, view, target.frame, becomes) for points, view in seen], axis=0))
