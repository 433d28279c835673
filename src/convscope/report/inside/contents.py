"""What a report shows of the inside of a network, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.explaining.explanation import Explanation
from convscope.explaining.feature_maps import FeatureMaps


@dataclass(frozen=True)
class Seen:
    """One example of a report: what there is to say of it, its image raw (C, H, W), and its maps in some ``layers``."""

    said: str
    right: bool
    image: np.ndarray
    layers: tuple[FeatureMaps, ...]


@dataclass(frozen=True)
class InReport:
    """What a run's report shows of the inside of its network.

    ``pair`` are an example that it got right and one that it got wrong, where there are both; ``worst`` its worst
    mistakes with their maps, and ``verdict`` what a check says of the method, "" where there was no time for one.
    """

    pair: tuple[Seen, ...] = ()
    worst: tuple[Explanation, ...] = ()
    verdict: str = ""
