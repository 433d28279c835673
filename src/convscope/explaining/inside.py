"""One example's way through a network, as plain data: its feature maps, kernels, components and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from convscope.explaining.components import Components
from convscope.explaining.feature_maps import FeatureMaps


@dataclass(frozen=True)
class Answer:
    """The last scores (K,) with the ``names`` of the classes, and the ``temperature`` of their probabilities."""

    names: tuple[str, ...]
    logits: np.ndarray
    temperature: float = 1.0


@dataclass(frozen=True)
class Inside:
    """One example's way through a network: ``layers`` in the order in which they run.

    ``picture`` is the example as it is shown, bytes (H, W, 3), ``None`` where it is no image. ``kernels`` (O, I, \\*k)
    are by the name of their layer. ``answer`` is ``None`` where the network tells no classes apart; ``notes`` are what
    the recording could not promise.
    """

    network: str
    example: str
    layers: tuple[FeatureMaps, ...]
    picture: np.ndarray | None = None
    components: Components | None = None
    kernels: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    answer: Answer | None = None
    notes: tuple[str, ...] = ()
