"""The gradient of a score by the input: how much it changes with each number (Simonyan et al. 2014)."""

from __future__ import annotations

import torch

from convscope.explain.attribution import Attribution
from convscope.explain.explained import Explained
from convscope.explain.score import Score, answering


def gradient(explained: Explained, score: Score) -> Attribution:
    """Return the gradient (N, C, *space); its map is the largest magnitude over the channels, (N, *space).

    >>> linear = torch.nn.Conv1d(2, 1, 1, bias=False)
    >>> _ = linear.load_state_dict({"weight": torch.tensor([[[2.0], [-3.0]]])})
    >>> gradient(Explained(linear, torch.ones(1, 2, 1)), Score("y", lambda out: out[:, 0, 0])).map.tolist()
    [[3.0]]
    """
    with answering(explained.model), torch.enable_grad():
        x = explained.x.detach().clone().requires_grad_()
        scores = score.of(explained.model(x))
        (slope,) = torch.autograd.grad(scores.sum(), x)
    values = slope.cpu().numpy()
    return Attribution(abs(values).max(1), values, scores.detach().cpu().numpy(), "gradient")
