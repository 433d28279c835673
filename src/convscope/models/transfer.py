"""Networks as chains that are cut at the head: a new head on old features, and which of their weights are frozen.

A network here is a chain: an ``nn.Sequential`` whose named children run one after the other. Its *head* are the
children that belong to the targets, the *backbone* those before it. A network with a new head is the backbone's
children followed by one child named ``head``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import accumulate
from typing import TypeGuard

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.modules.dropout import _DropoutNd

from convscope.errors import ConfigError, nearest
from convscope.models.branched import Branched
from convscope.models.heatmaps import pyramid

HEADS = ("own", "linear", "hidden", "heatmap")
BACKBONE = ("backbone", "trunk")  # the word for all but the head, and the older one
CHAINS = ("features", "trunk")  # children whose own children count as layers of the network
POOLINGS = (
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
MEANS = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}  # by the axes of space


def cut(model: nn.Module, head: str | None = None) -> tuple[nn.Sequential, nn.Sequential]:
    """Return (backbone, head) of a network: two chains of its own children, names and weights kept, not copied.

    ``head`` names the head's first child, as a network's entry does. Without it, and in a network that got a new head,
    that is the child named ``head``, or else the first one that pools to one value per channel or flattens the maps.

    >>> from convscope.models import create
    >>> backbone, head = cut(create("resnet20", classes=10))
    >>> [name for name, _ in head.named_children()]
    ['avgpool', 'flatten', 'fc']
    """
    if not has_head(model):
        raise ConfigError(
            f"a {type(model).__name__} is no chain of layers, and no head can be cut off; use head 'own', and name "
            "the layers to freeze"
        )
    children = list(model.named_children())
    first = _first_of_head(children, head)
    return nn.Sequential(OrderedDict(children[:first])), nn.Sequential(OrderedDict(children[first:]))


def is_chain(model: nn.Module) -> TypeGuard[nn.Sequential]:
    """Return whether a network runs its children one after the other, and does nothing else."""
    return isinstance(model, nn.Sequential) and type(model).forward is nn.Sequential.forward


def has_head(model: nn.Module) -> TypeGuard[nn.Sequential]:
    """Return whether a network is a chain, or one whose head is given several of the maps before it."""
    return is_chain(model) or isinstance(model, Branched)


def _first_of_head(children: list[tuple[str, nn.Module]], head: str | None) -> int:
    names = [name for name, _ in children]
    for name in ("head", head):
        if name in names:
            return names.index(name)
    for at, (_, child) in enumerate(children):
        to_one = isinstance(child, POOLINGS) and child.output_size in (1, (1,), (1, 1), (1, 1, 1))
        if to_one or isinstance(child, nn.Flatten):
            return at
    raise ConfigError(f"none of the layers {', '.join(names)} begins a head: none pools to one value or flattens")


def new_head(kind: str, features: int, classes: int, axes: int = 2) -> OrderedDict[str, nn.Module]:
    """Return the modules of a head for maps (N, features, H, W), or of signals (N, features, T), in order.

    ``linear`` takes the mean of each map, brings them to one scale by batch norm, and has one linear layer; ``hidden``
    puts a layer of 256 between them, with batch norm and dropout before each. The mean makes both fit any image size.
    """
    if kind == "linear":
        return OrderedDict(
            pool=MEANS[axes](1), flatten=nn.Flatten(), norm=nn.BatchNorm1d(features), dropout=nn.Dropout(0.2),
            fc=nn.Linear(features, classes),
        )  # fmt: skip
    if kind == "hidden":
        return OrderedDict(
            pool=MEANS[axes](1), flatten=nn.Flatten(),
            norm1=nn.BatchNorm1d(features), dropout1=nn.Dropout(0.5), hidden=nn.Linear(features, 256), relu=nn.ReLU(),
            norm2=nn.BatchNorm1d(256), dropout2=nn.Dropout(0.5), fc=nn.Linear(256, classes),
        )  # fmt: skip
    raise ConfigError(f"no head is called {kind!r}{nearest(kind, HEADS)}; there are: {', '.join(HEADS)}")


def with_head(model: nn.Module, head: str | None, kind: str, classes: int, shape: tuple[int, ...]) -> nn.Module:
    """Return the network with a new head of a ``kind``; ``own`` returns it as it is.

    ``head`` is as in ``cut``; ``shape`` (channels, height, width) is that of an image. Raises ``ConfigError`` for an
    unknown kind, and where nothing is left in front of the head, as in a network without convolutions.
    """
    if kind == "own":
        return model
    backbone, _ = cut(model, head)
    if not len(backbone):
        raise ConfigError("it has no layers before its head, and nothing to put a new head on; use head 'own'")
    shapes = _shapes(backbone, shape)
    (*_, last) = shapes.values()
    axes = len(last) - 2
    if axes not in MEANS or (axes != 2 and kind == "heatmap"):
        raise ConfigError(f"its features are no maps (N, C, H, W) but of shape {last}; use head 'own'")
    if kind == "heatmap":
        return pyramid(backbone, shapes, shape[1], classes)
    top = nn.Sequential(new_head(kind, last[1], classes, axes))
    return nn.Sequential(OrderedDict([*backbone.named_children(), ("head", top)]))


def _shapes(backbone: nn.Sequential, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Return the shape of what each child of a backbone gives for two images (channels, height, width)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, child in backbone.named_children():
        shape = shape_after(child, shape)[1:]
        shapes[name] = (2, *shape)
    return shapes


def shape_after(net: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of what a network gives for two images (C, H, W): no number is computed, nothing is touched."""
    state = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    absent = {name: tensor.to("meta") for name, tensor in state.items()}
    with torch.no_grad():
        return tuple(functional_call(net, absent, (torch.empty(2, *shape, device="meta"),)).shape)


def groups(model: nn.Module, head: str | None = None) -> list[tuple[str, ...]]:
    """Return the layer groups from input to head, each a tuple of path prefixes; the last one is the whole head.

    A child of the chain with weights is one group, and so is each child of a long chain named ``features``; what has
    only scales and offsets, a norm, belongs to the group before it. ``head`` is as in ``cut``.

    >>> from convscope.models import create
    >>> groups(create("resnet20", classes=10))
    [('conv1', 'bn1'), ('layer1',), ('layer2',), ('layer3',), ('fc',)]
    """
    backbone, top = cut(model, head)
    groups: list[tuple[str, ...]] = []
    for path, layer in _layers(backbone):
        shapes = [p.ndim for p in layer.parameters()]
        if shapes and max(shapes) == 1 and groups:
            groups[-1] = (*groups[-1], path)
        elif shapes:
            groups.append((path,))
    of_head = tuple(path for path, layer in top.named_children() if next(layer.parameters(), None) is not None)
    return [*groups, of_head] if of_head else groups


def _layers(chain: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the children with their paths; those of a chain of features in its place."""
    for name, child in chain.named_children():
        if name in CHAINS:
            yield from _layers(child, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", child


def frozen(model: nn.Module, patterns: Iterable[str], head: str | None = None) -> set[str]:
    """Return the names of the weights that ``patterns`` match.

    A pattern is ``backbone`` (all but the head, which is as in ``cut``), the path of a layer (``layer1``,
    ``features.0``) or a glob over paths (``features.[0-4]``); a layer's weights are all below its path. Raises
    ``ConfigError`` with the nearest names for a pattern that matches nothing.

    >>> from convscope.models import create
    >>> sorted(frozen(create("resnet20", classes=10), ["conv1", "fc.b*"]))
    ['conv1.weight', 'fc.bias']
    """
    paths = {name: list(accumulate(name.split("."), "{}.{}".format)) for name, _ in model.named_parameters()}
    names: set[str] = set()
    for pattern in patterns:
        if pattern in BACKBONE:
            named = {name for name, _ in cut(model, head)[0].named_parameters()}
        else:
            named = {name for name, prefixes in paths.items() if any(fnmatchcase(p, pattern) for p in prefixes)}
        if not named:
            known = {prefix for prefixes in paths.values() for prefix in prefixes}
            outer = ", ".join(path for path, _ in _layers(model) if path in known)
            raise ConfigError(
                f"freeze: {pattern!r} matches no weights of this network"
                f"{nearest(pattern, ['backbone', *sorted(known)])}; its layers are: {outer}; "
                "'backbone' means all but the head"
            )
        names |= named
    return names


def layers(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the chain with every chain in it unrolled, as (path, layer): running them in order is the network."""
    unrolled = []
    for name, child in model.named_children():
        if type(child) is nn.Sequential:
            unrolled += [(f"{name}.{path}", layer) for path, layer in layers(child)]
        else:
            unrolled.append((name, child))
    return unrolled


def frozen_prefix(model: nn.Module) -> int:
    """Return how many leading ``layers`` neither learn nor draw anything, so that what they give never changes.

    That is so while they are in evaluation mode; a dropout ends the prefix, since it is meant to draw.
    """
    if not is_chain(model):
        return 0
    for count, (_, layer) in enumerate(layers(model)):
        if any(p.requires_grad for p in layer.parameters()) or any(map(_draws, layer.modules())):
            return count
    return len(layers(model))


def split(model: nn.Module, count: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Return the first ``count`` of the ``layers``, and the others, as two chains of the network's own modules."""
    modules = [layer for _, layer in layers(model)]
    return nn.Sequential(*modules[:count]), nn.Sequential(*modules[count:])


def _draws(module: nn.Module) -> bool:
    """Return whether a layer draws random numbers in training: dropout, and stochastic depth under its usual names."""
    if isinstance(module, _DropoutNd):
        return module.p > 0
    if type(module).__name__ in ("StochasticDepth", "DropPath"):
        return any(getattr(module, name, None) for name in ("rate", "p", "drop_prob"))
    return isinstance(module, nn.RReLU)
