"""Weights under the names of other programs: recognised by their names, renamed to the networks' here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from convscope.models.public import IMAGENET_MEAN, IMAGENET_STD

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Scaling:
    """What images were scaled to: ``mean`` and ``std`` a channel in raw units 0..255, RGB order; ``side`` in pixels."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    side: int


@dataclass(frozen=True)
class Dialect:
    """A way of naming, known by some names that only it has; ``scaling`` where its weights all share one."""

    what: str
    recognise: Callable[[Tensors], bool]
    rename: Callable[[Tensors], Tensors]
    notes: tuple[str, ...] = ()
    scaling: Scaling | None = None


def _caffe_squeezenet(tensors: Tensors) -> Tensors:
    """Map Caffe's layers to the places in the chain; BGR becomes RGB in the first kernel."""
    places = {"conv1": "features.0", "conv_final": "classifier.1"}
    for fire, at in zip(range(2, 10), (3, 4, 5, 7, 8, 9, 10, 12), strict=True):
        for theirs, ours in (("conv1x1_1", "squeeze"), ("conv1x1_2", "expand1x1"), ("conv3x3_2", "expand3x3")):
            places[f"fire{fire}/{theirs}"] = f"features.{at}.{ours}"
    renamed = _by_layer(tensors, places)
    first = renamed.get("features.0.weight")
    if first is not None and first.ndim == 4:
        renamed["features.0.weight"] = first.flip(1)
    return renamed


def _by_layer(tensors: Tensors, places: dict[str, str]) -> Tensors:
    """Rename the layers that are known, and leave the others' names."""
    renamed = {}
    for name, tensor in tensors.items():
        layer, _, kind = name.rpartition(".")
        renamed[f"{places.get(layer, layer)}.{kind}"] = tensor
    return renamed


def _old_densenet(tensors: Tensors) -> Tensors:
    """Map ``denselayer1.norm.1.weight`` to ``denselayer1.norm1.weight``."""
    return {_OLD.sub(r"\1\2", name): tensor for name, tensor in tensors.items()}


_OLD = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])(?=\.)")

DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        "Caffe's SqueezeNet 1.0",
        lambda tensors: {"conv_final.weight", "fire2/conv1x1_1.weight"} <= tensors.keys(),
        _caffe_squeezenet,
        (
            "the weights are for images in BGR order: the first kernel's channels were turned round, so that it takes "
            "RGB as every network here does",
            "Caffe's network pads its last convolution by one pixel, which this one does not: its scores are larger "
            "by the border's share of the mean, in nearly the same order",
        ),
        Scaling((123.0, 117.0, 104.0), (1.0, 1.0, 1.0), 227),
    ),
    Dialect(
        "the CIFAR networks of akamaster/pytorch_resnet_cifar10",
        lambda tensors: (
            {"linear.weight", "conv1.weight", "layer3.0.conv1.weight"} <= tensors.keys()
            and not any(".shortcut." in name or name.startswith("layer4.") for name in tensors)
        ),
        lambda tensors: _by_layer(tensors, {"linear": "fc"}),
        scaling=Scaling(IMAGENET_MEAN, IMAGENET_STD, 32),
    ),
    Dialect(
        "the published DenseNets, whose names are older",
        lambda tensors: any(_OLD.search(name) for name in tensors),
        _old_densenet,
    ),
    Dialect(
        "GoogLeNet with its auxiliary classifiers",
        lambda tensors: "aux1.conv.conv.weight" in tensors,
        lambda tensors: {name: tensor for name, tensor in tensors.items() if not name.startswith(("aux1.", "aux2."))},
        ("the two auxiliary classifiers, which only helped its first training, were left out",),
    ),
)  # fmt: skip


def dialect_of(tensors: Tensors) -> Dialect | None:
    """Return the foreign naming of these tensors, or ``None`` where none is recognised."""
    return next((dialect for dialect in DIALECTS if dialect.recognise(tensors)), None)
