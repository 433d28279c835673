"""Grad-CAM and Grad-CAM++: the maps of a layer, summed with weights that the gradient gives them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import in_batches
from convscope.explaining.explained import Explained
from convscope.explaining.forward import forward
from convscope.explaining.placed import placed
from convscope.explaining.score import Score
from convscope.explaining.spatial_node import SpatialNode, spatial_node

Weights = Callable[[Tensor, Tensor], Tensor]  # of maps and their gradients (N, K, *places): (N, K)


def gradcam(explained: Explained, score: Score) -> Attribution:
    """Return relu(Σ w·maps) of a layer over the input, (N, *space), w a map's mean gradient (Selvaraju et al. 2017).

    ``node`` is the layer: that of ``explained``, by default the last one with more than one place. Raises
    ``ConfigError`` where there is none, or none of that name.

    By hand: the score is 3 times the mean of a map [1, 2], its gradient 1.5 each, and the map times 1.5 is [1.5, 3].

    >>> net = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten())
    >>> of = Score("3 means", lambda out: 3 * out[:, 0])
    >>> gradcam(Explained(net, torch.tensor([[[1.0, 2.0]]])), of).map.tolist()
    [[1.5, 3.0]]
    """
    return _cam(explained, score, "gradcam", mean_gradients)


def gradcampp(explained: Explained, score: Score) -> Attribution:
    """Return Grad-CAM++ (N, *space) (Chattopadhyay et al. 2018): weights from the positive gradients at each place.

    ``node`` and the errors are those of ``gradcam``.
    """
    return _cam(explained, score, "gradcampp", weighted_gradients)


def mean_gradients(maps: Tensor, slopes: Tensor) -> Tensor:
    """Return the mean of the gradient over the places."""
    return slopes.flatten(2).mean(2)


def weighted_gradients(maps: Tensor, slopes: Tensor) -> Tensor:
    """Return Σ α·relu(gradient) over the places, α = g² / (2 g² + Σ maps·g³), 0 where the gradient is.

    It is the paper's equation 19 for exp(score), but for the factor exp(score) that all weights of an example have.
    """
    maps, slopes = maps.flatten(2), slopes.flatten(2)
    squares = slopes**2
    below = 2 * squares + maps.sum(2, keepdim=True) * slopes**3
    alpha = torch.where(below == 0, 0.0, squares / torch.where(below == 0, 1.0, below))
    return (alpha * slopes.clamp(min=0)).sum(2)


def coarse(maps: Tensor, slopes: Tensor, weights: Weights) -> Tensor:
    """Return the map of the layer's own places, (N, *places)."""
    by_map = weights(maps, slopes)
    return (by_map.view(*by_map.shape, *[1] * (maps.ndim - 2)) * maps).sum(1).clamp(min=0)


def over_input(cams: np.ndarray, node: SpatialNode, explained: Explained) -> np.ndarray:
    """Return the maps of a layer's places over the input, (N, *space)."""
    space = explained.x.shape[1:] if explained.tokens else explained.x.shape[2:]
    return placed(cams, node.centres, space)


def _cam(explained: Explained, score: Score, name: str, weights: Weights) -> Attribution:
    node = spatial_node(explained)

    def compute(part: Explained, of: Score) -> tuple[Tensor, ...]:
        with forward(part, of, place=node.place) as passed:
            return coarse(*passed.at_node(), weights), passed.scores

    cams, scores = in_batches(explained, score, compute)
    return Attribution(over_input(cams, node, explained), None, scores, name, node.name, notes=node.notes)
