"""Integrated gradients: gradient times input, averaged along the way from a baseline (Sundararajan et al. 2017).

The attributions add up to score(x) - score(baseline); ``gap`` says by how much they miss it, since the way is walked in
finitely many steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import each_example, pairs, summed_gradients
from convscope.explaining.explained import Explained
from convscope.explaining.forward import without_gradient
from convscope.explaining.gradient import left_out
from convscope.explaining.score import Score

STEPS, FEWEST = 32, 8
OF_IMAGES = 50  # steps of the way of a batch
LONG = 64_000  # positions of an example times steps of the way, above which fewer steps are taken


@dataclass(frozen=True)
class Integrated:
    """Attributions, of the shape of the input, and the scores at either end of the way."""

    values: np.ndarray
    score: float
    baseline: float

    @property
    def gap(self) -> float:
        """The sum of the attributions minus what it is to be."""
        return float(self.values.sum()) - (self.score - self.baseline)


def steps_for(positions: int) -> int:
    """Return how many steps of the way are taken for an example of so many positions.

    >>> steps_for(96), steps_for(4_000), steps_for(1_000_000)
    (32, 16, 8)
    """
    return min(STEPS, max(FEWEST, LONG // positions))


def integrated_gradients(model: nn.Module, x: Tensor, score: Score, baseline: float, steps: int = STEPS) -> Integrated:
    """Return (x - baseline) · ∫ gradient(baseline + a (x - baseline)) da for one example x (1, ...), by midpoints.

    >>> linear = nn.Linear(2, 1, bias=False)
    >>> _ = linear.load_state_dict({"weight": torch.tensor([[2.0, -3.0]])})
    >>> found = integrated_gradients(linear, torch.tensor([[1.0, 4.0]]), Score("y", lambda out: out[:, 0]), 0.0)
    >>> found.values.tolist(), abs(found.gap) < 1e-6
    ([2.0, -12.0], True)
    """
    values, scores, at_baseline = _integrated(Explained(model, x, baseline), score, steps)
    return Integrated(values[0], float(scores[0]), float(at_baseline[0]))


def ig(explained: Explained, score: Score, steps: int = OF_IMAGES) -> Attribution:
    """Return integrated gradients (N, C, *space); their map is the sum over the channels, (N, *space).

    ``gap`` (N,) is the sum of an example's values minus score(x) - score(baseline).

    >>> cube = torch.nn.Flatten()  # the score is x³, its gradient 3 x²
    >>> attribution = ig(Explained(cube, torch.tensor([[[2.0]]])), Score("cube", lambda out: out[:, 0] ** 3), steps=100)
    >>> round(float(attribution.map[0, 0]), 2), round(float(attribution.gap[0]), 4)
    (8.0, -0.0002)
    """
    values, scores, at_baseline = _integrated(explained, score, steps)
    gap = values.reshape(len(values), -1).sum(1) - (scores - at_baseline)
    values = values.astype(np.float32)
    return Attribution(
        values.sum(1), values, scores.astype(np.float32), "ig", gap=gap.astype(np.float32), notes=left_out(explained)
    )


def _integrated(explained: Explained, score: Score, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values (N, ...), and scores (N,) of the inputs and of the baseline, all float64."""

    def between(part: Explained, numbers: Tensor, value: Tensor) -> Tensor:
        along = (numbers.double() + 0.5) / steps
        return part.baseline + each_example(along, value) * (value - part.baseline)

    total = summed_gradients(explained, score, steps, between, torch.float64)
    scores, apart = _ends(explained, score)
    return (total / steps).cpu().numpy() * apart, scores[:, 1], scores[:, 0]


def _ends(explained: Explained, score: Score) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores (N, 2) of the baseline and of the input, and what the network is given minus its baseline."""
    scores = np.empty((len(explained.x), 2), np.float64)
    differences: dict[int, np.ndarray] = {}
    for rows, numbers, part, of in pairs(explained, score, 2):
        apart: list[Tensor] = []

        def at_end(value: Tensor, part: Explained = part, at: Tensor = numbers, apart: list[Tensor] = apart) -> Tensor:
            start = torch.zeros_like(value) + part.baseline
            apart.append((value - start).double())
            return torch.where(each_example(at, value) == 1, value, start)

        scores[rows.numpy(), numbers.numpy()] = without_gradient(part, of, at_end).cpu().numpy()
        differences.update(zip(rows.tolist(), torch.cat(apart, 1).cpu().numpy(), strict=True))
    return scores, np.stack([differences[row] for row in range(len(explained.x))])
