"""How much a network's answer changes when its image is turned or mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from convscope.errors import ShapeError
from convscope.models.equivariant.group import P4M, Group

_BATCH = 256  # images a pass, so that memory does not grow with their number


@dataclass(frozen=True)
class Change:
    """What one turn or mirror did to the answers for n images.

    An image's change is that of the class whose probability changes most, 0 to 1: ``largest`` and ``mean`` over the
    images. ``reclassified`` is the share of images that are given another class.
    """

    element: str
    largest: float
    mean: float
    reclassified: float


def invariance_error(model: nn.Module, images: Tensor, *, group: Group = P4M) -> tuple[Change, ...]:
    """Compare a network's probabilities for images (N, C, side, side) with those for each turned and mirrored form.

    One ``Change`` for each element but the one that changes nothing. A network of p4 is to be judged with
    ``group=P4``: nothing keeps its answer under mirrors. The network is run in evaluation mode and left as it was.
    ``ShapeError`` for images that are not square: a quarter turn would make another size of them.

    >>> from convscope.models.equivariant import P4, p4_mini
    >>> net = p4_mini(classes=10, channels=1, size=(28, 28))
    >>> [change.reclassified for change in invariance_error(net, torch.rand(8, 1, 28, 28), group=P4)]
    [0.0, 0.0, 0.0]
    """
    if images.ndim != 4 or images.shape[2] != images.shape[3] or not len(images):
        raise ShapeError(
            f"invariance_error: expected square images (N, C, side, side), found the shape {tuple(images.shape)}; "
            "crop or pad them to a square"
        )
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            upright = _probabilities(model, images)
            turned = [_probabilities(model, group.act(images, g)) for g in range(1, group.size)]
    finally:
        for module, training in modes:
            module.training = training
    return tuple(_change(group.describe(g + 1), upright, other) for g, other in enumerate(turned))


def _probabilities(model: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([model(part.contiguous()).double().softmax(1) for part in images.split(_BATCH)])


def _change(element: str, upright: Tensor, turned: Tensor) -> Change:
    each = (turned - upright).abs().amax(1)
    moved = (turned.argmax(1) != upright.argmax(1)).double()
    return Change(element, float(each.max()), float(each.mean()), float(moved.mean()))
