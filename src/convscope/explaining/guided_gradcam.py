"""Guided Grad-CAM: what guided backpropagation gives each pixel, times the Grad-CAM at its place."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import in_batches
from convscope.explaining.explained import Explained
from convscope.explaining.forward import forward
from convscope.explaining.gradcam import coarse, mean_gradients, over_input
from convscope.explaining.gradient import magnitude
from convscope.explaining.guided import guided_gradient
from convscope.explaining.score import Score
from convscope.explaining.spatial_node import spatial_node


def guided_gradcam(explained: Explained, score: Score) -> Attribution:
    """Return the product (N, C, *space) of guided backpropagation and Grad-CAM (Selvaraju et al. 2017).

    Both are of one forward. The map is the largest magnitude over the channels. Raises ``ConfigError`` where either
    does not apply: no rectifier, no layer with places, no layer of that name.
    """
    node = spatial_node(explained)
    notes: list[str] = []

    def compute(part: Explained, of: Score) -> tuple[Tensor, ...]:
        with forward(part, of, place=node.place) as passed:
            cams = coarse(*passed.at_node(again=True), mean_gradients)
            slopes, said = guided_gradient(passed)
            notes[:] = said
            return cams, slopes, passed.scores

    cams, slopes, scores = in_batches(explained, score, compute)
    values = (slopes * over_input(cams, node, explained)[:, None]).astype(np.float32)
    return Attribution(magnitude(values), values, scores, "guided_gradcam", node.name, notes=(*notes, *node.notes))
