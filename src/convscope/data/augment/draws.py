"""Random numbers that belong to a sample, not to a batch: a hash of (seed, epoch, sample, purpose).

The same sample in the same epoch draws the same numbers however batches are cut, shuffled or resumed. The
hash is splitmix64 (Steele, Lea and Flood, 2014), read at position ``row`` of a stream chosen by the rest.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_STEP = 0x9E3779B97F4A7C15  # 2⁶⁴ / golden ratio, odd: consecutive counters land far apart
_MASK = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Draws:
    """What the samples ``rows`` (N,) draw in one epoch; every ``purpose`` is a stream of its own."""

    rows: np.ndarray
    seed: int
    epoch: int

    def bits(self, purpose: str) -> np.ndarray:
        """Return 64 random bits a sample, (N,) uint64."""
        counters = np.asarray(self.rows).astype(np.uint64) + np.uint64(1)
        return _scrambled(counters * np.uint64(_STEP) + _key(self.seed, self.epoch, purpose))

    def uniform(self, purpose: str, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Return one number a sample in [low, high), (N,) float64."""
        return low + (high - low) * ((self.bits(purpose) >> np.uint64(11)) * 2.0**-53)

    def vector(self, purpose: str, count: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Return ``count`` numbers a sample in [low, high), (N, count) float64."""
        counters = self.bits(purpose)[:, None] + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_STEP)
        return low + (high - low) * ((_scrambled(counters) >> np.uint64(11)) * 2.0**-53)

    def below(self, purpose: str, count: int) -> np.ndarray:
        """Return one integer a sample in 0..count-1, (N,) int64."""
        return (self.uniform(purpose) * count).astype(np.int64)

    def coin(self, purpose: str) -> np.ndarray:
        """Return True for every second sample, on average, (N,) bool."""
        return self.bits(purpose) >> np.uint64(63) == 1


@lru_cache(maxsize=64)  # the purposes of an epoch: finding the key costs as much as a small batch's numbers
def _key(seed: int, epoch: int, purpose: str) -> np.uint64:
    key = np.uint64(0)
    for part in (seed, epoch, zlib.crc32(purpose.encode())):
        key = _scrambled(np.array([((int(key) ^ part) + _STEP) & _MASK], np.uint64))[0]
    return key


def _scrambled(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
