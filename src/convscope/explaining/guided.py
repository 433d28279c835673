"""Guided backpropagation and deconvolution: gradients that go back through rectifiers by another rule.

Both show edges of the image more than what the network has learned (Adebayo et al. 2018): see what the checks say.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.autograd.graph import Node

from convscope.explaining.attribution import Attribution
from convscope.explaining.batches import in_batches
from convscope.explaining.explained import Explained
from convscope.explaining.forward import Forward, forward
from convscope.explaining.gradient import left_out, magnitude
from convscope.explaining.rectifiers import rectified
from convscope.explaining.score import Score

GUIDED, DECONV = "guided backpropagation", "deconvolution"


def guided(explained: Explained, score: Score) -> Attribution:
    """Return the gradient (N, C, *space) of which rectifiers let only what is positive pass, in either direction.

    A rectifier's input gradient is max(gradient, 0) where its input is above 0 (Springenberg et al. 2015). The map is
    the largest magnitude over the channels. Raises ``ConfigError`` for a network without rectifiers.

    By hand: of y = 2 relu(x₀) - 3 relu(x₁) at (1, 1) the gradient is (2, -3), and -3 does not pass.

    >>> import torch
    >>> layer = torch.nn.Conv1d(2, 1, 1, bias=False)
    >>> _ = layer.load_state_dict({"weight": torch.tensor([[[2.0], [-3.0]]])})
    >>> of = Score("y", lambda out: out[:, 0, 0])
    >>> guided(Explained(torch.nn.Sequential(torch.nn.ReLU(), layer), torch.ones(1, 2, 1)), of).values.ravel().tolist()
    [2.0, 0.0]
    """
    return _by_rule(explained, score, "guided", GUIDED, keep_positive)


def deconv(explained: Explained, score: Score) -> Attribution:
    """Return the gradient (N, C, *space) of which rectifiers let what is positive pass, whatever their input was.

    A rectifier's input gradient is max(gradient, 0) (Zeiler and Fergus 2014; max-pooling goes back to where its maximum
    was). The map is the largest magnitude over the channels. Raises ``ConfigError`` for a network without rectifiers.
    """
    return _by_rule(explained, score, "deconv", DECONV, _rectify_alone)


def guided_gradient(passed: Forward) -> tuple[Tensor, tuple[str, ...]]:
    """Return the gradient of guided backpropagation for a forward, and what is to be said of it.

    From then on the forward's gradients are guided ones.
    """
    notes = rectified(passed.scores, keep_positive, GUIDED)
    return passed.gradient(), notes


def keep_positive(node: Node) -> None:
    """Let only positive gradients come to a rectifier."""
    node.register_prehook(_positive)


def _rectify_alone(node: Node) -> None:
    """Put what is positive of the gradient that comes to a rectifier in the place of what goes on from it."""
    node.register_hook(lambda _, grads: _positive(grads))


def _positive(grads: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the positive parts of gradients."""
    return tuple(grad.clamp(min=0) for grad in grads)


def _by_rule(explained: Explained, score: Score, name: str, title: str, rule: Callable[[Node], object]) -> Attribution:
    notes: list[str] = []

    def compute(part: Explained, of: Score) -> tuple[Tensor, ...]:
        with forward(part, of) as passed:
            notes[:] = rectified(passed.scores, rule, title)
            return passed.gradient(), passed.scores

    values, scores = in_batches(explained, score, compute)
    return Attribution(magnitude(values), values, scores, name, notes=(*notes, *left_out(explained)))
