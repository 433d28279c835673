"""What becomes of a map as the layers of the network are randomised, from the output down (Adebayo et al. 2018).

A map that stays as it is when nothing that was learned is left shows the image, not the network. The weights of a layer
are shuffled: the same numbers in other places, so that their scale stays, whatever the layer is. Batch norm's
statistics are taken again from the inputs, since the old ones are those of another network. The last step, which the
verdict is about, is the mean of several drawn networks: in one of them many units may be dead by chance. The user's
network is never touched: all of it is done to a deep copy.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] # has no public name

from convscope.errors import ConfigError
from convscope.explaining.checks.estimate import Estimate, mean_of
from convscope.explaining.checks.likeness import spearman, structural_similarity
from convscope.explaining.checks.positions import positions
from convscope.explaining.explained import Explained
from convscope.explaining.methods import Method
from convscope.explaining.score import Score, answering
from convscope.graph import Graph

STEPS = 5  # of the cascade at most: further layers are randomised several at a time
DRAWS = 3  # networks of which no layer is the trained one


@dataclass(frozen=True)
class Step:
    """The map after ``layer`` and all above it were randomised: its likeness to the map of the trained network.

    ``layer`` is the path of a module, or of a parameter that belongs to none but the network itself.
    ``spearman`` is of the magnitudes, ``ssim`` their structural similarity, each divided by its largest.
    """

    layer: str
    spearman: Estimate
    ssim: Estimate


@dataclass(frozen=True)
class Cascade:
    """The steps from the output down to all layers; ``others`` is how alike the maps of two different inputs are.

    ``others`` is what a map shares with another one by being of the same method and the same kind of input: a map of
    random weights can hardly be less alike than that.
    """

    steps: tuple[Step, ...]
    others: Estimate

    @property
    def last(self) -> Estimate:
        """Spearman's correlation once all layers are randomised."""
        return self.steps[-1].spearman


def cascade(method: Method, explained: Explained, score: Score, original: np.ndarray, seed: int = 0) -> Cascade:
    """Return how the map ``original`` (N, *space) changes as the layers of a copy of the network are randomised.

    Raises ``ConfigError`` where the network has no weights, and where it cannot be copied.
    """
    layers = groups(layers_from_the_top(explained.model, explained.graph))
    if not layers:
        raise ConfigError("the network has no weights that could be randomised")
    model = copied(explained.model)
    generator = torch.Generator().manual_seed(seed)
    there = positions(explained.x)
    size = abs(original)
    randomised = replace(explained, model=model)
    shuffled: list[str] = []
    steps: list[Step] = []

    def drawn(names: Sequence[str]) -> np.ndarray:
        """Randomise these parameters, and return both kinds of likeness of each map, (2, N)."""
        shuffle([model.get_parameter(name) for name in names], generator)
        renew_statistics(model, explained.x, shuffled)
        maps = abs(method.compute(randomised, score).map)
        return np.stack([spearman(size, maps, there), structural_similarity(size, maps, there)])

    for layer in layers:
        shuffled += layer
        alike = [drawn(layer)]
        if layer is layers[-1]:
            alike += [drawn(shuffled) for _ in range(1, DRAWS)]
        steps.append(Step(layer[-1].rpartition(".")[0] or layer[-1], *(mean_of(each) for each in _known_mean(alike))))
    return Cascade(tuple(steps), likeness_of_others(size, there))


def _known_mean(draws: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean over draws of equal shape, of those that are known; NaN where none is."""
    values = np.stack(draws)
    known = np.isfinite(values)
    return np.where(known.any(0), np.where(known, values, 0).sum(0) / np.maximum(1, known.sum(0)), np.nan)


def likeness_of_others(size: np.ndarray, there: np.ndarray) -> Estimate:
    """Return Spearman's correlation of each map (N, *space) with the one before it; ``None`` of a single map."""
    if len(size) < 2:
        return mean_of(np.empty(0))
    both = there & np.roll(there, 1, axis=0)
    return mean_of(spearman(size, np.roll(size, 1, axis=0), both))


def copied(model: nn.Module) -> nn.Module:
    """Return a deep copy of a network; ``ConfigError`` where it has none."""
    try:
        return copy.deepcopy(model)
    except Exception as error:  # its own code raises what it likes
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ConfigError(f"{type(model).__name__} cannot be copied (copy.deepcopy: {reason})") from error


def layers_from_the_top(model: nn.Module, graph: Graph | None) -> list[list[str]]:
    """Return the names of the parameters of each layer, the one that is used last first.

    Without a graph the order is the one in which the network names them. What the graph does not use comes last.

    >>> layers_from_the_top(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)), None)
    [['2.weight', '2.bias'], ['0.weight', '0.bias']]
    """
    names = [name for name, _ in model.named_parameters()]  # a shared one once, by its first name
    used: dict[str, int] = {}
    for at, node in enumerate(graph.nodes if graph else ()):
        used.update({graph.shared.get(name, name): at for name in node.weights.values()} if graph else {})
    layers: dict[str, list[str]] = {}
    for name in names:
        layers.setdefault(name.rpartition(".")[0], []).append(name)
    place = {path: max(used.get(name, -1) for name in layer) for path, layer in layers.items()}
    reverse = list(reversed(layers))
    return [layers[path] for path in (sorted(reverse, key=lambda path: -place[path]) if graph else reverse)]


def groups(layers: Sequence[list[str]]) -> list[list[str]]:
    """Return layers as at most ``STEPS`` steps: the first by itself, the others in groups of nearly equal number.

    >>> [len(group) for group in groups([[str(layer)] for layer in range(12)])]
    [1, 3, 3, 3, 2]
    """
    if not layers:
        return []
    rest = np.array_split(np.arange(1, len(layers)), min(STEPS - 1, max(1, len(layers) - 1)))
    together = [[0], *(group.tolist() for group in rest if len(group))]
    return [[name for at in group for name in layers[at]] for group in together]


def shuffle(parameters: Sequence[nn.Parameter], generator: torch.Generator) -> None:
    """Put the numbers of each parameter into another order, drawn; the scale of each stays as it is."""
    with torch.no_grad():
        for parameter in parameters:
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.detach().flatten()[order].view_as(parameter))


def renew_statistics(model: nn.Module, x: torch.Tensor, parameters: Collection[str]) -> None:
    """Take the means and variances of the batch norms that have one of these parameters again, from inputs x."""
    layers = {name.rpartition(".")[0] for name in parameters}
    norms = [
        module
        for path, module in model.named_modules()
        if path in layers and isinstance(module, _BatchNorm) and module.track_running_stats
    ]
    if not norms or len(x) < 2:  # one example may have one number a channel, which has no variance
        return
    with answering(model), torch.no_grad():
        momenta = [module.momentum for module in norms]
        for module in norms:
            module.train()
            module.momentum = 1.0  # the statistics of these inputs alone
        model(x)
        for module, momentum in zip(norms, momenta, strict=True):
            module.momentum = momentum
