"""What the sections of texts, DNA and signals show, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from convscope.report.tables import Table


@dataclass(frozen=True)
class Explained:
    """One example and what its answer rests on, above 0 what speaks for the answer.

    ``said`` is what it is and what was answered. Of a text ``letters`` (P,) are its pieces, and ``effect`` (P,); of DNA
    ``letters`` (L,) and ``effect`` (4, L), the change with each base; of a signal ``effect`` (C, T), ``signal`` (C, T).
    """

    id: str
    said: str
    right: bool
    score: str
    effect: np.ndarray
    letters: tuple[str, ...] = ()
    signal: np.ndarray | None = None


@dataclass(frozen=True)
class Explanations:
    """Examples of one ``kind`` ("letters", "bases", "steps"), the method in a sentence, and its check in another."""

    kind: str
    examples: tuple[Explained, ...]
    method: str
    check: str
    rate: float | None = None


@dataclass(frozen=True)
class Typed:
    """A text with what the network answers after each of its letters: ``values`` (P, K), of classes probabilities."""

    said: str
    letters: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Firing:
    """The windows of signals that a kernel of the first layer answers most.

    ``windows`` (k, C, K) are raw values, NaN beyond the ends of a signal, ``answers`` (k,) what the kernel answers,
    ``ids`` and ``steps`` (k,) where they begin; ``kernel`` (C, K) are its weights.
    """

    name: str
    kernel: np.ndarray
    windows: np.ndarray
    answers: np.ndarray
    ids: tuple[str, ...]
    steps: np.ndarray


@dataclass(frozen=True)
class Logo:
    """A kernel as the letters that it answers: ``heights`` (4, K) in bits, from ``sites`` windows."""

    name: str
    heights: np.ndarray
    sites: int
    largest: float


@dataclass(frozen=True)
class Embedded:
    """Tokens in the plane of their first two principal components: ``places`` (K, 2), the ``shares`` of the variance.

    ``tokens`` (K,) are sorted by how often they occur.
    """

    tokens: tuple[str, ...]
    places: np.ndarray
    shares: tuple[float, float]


@dataclass(frozen=True)
class Group:
    """Some training examples of one class, or of no class (``name`` is ""): raw, each with what is learned of it.

    Of DNA of one length ``logo`` (4, L) are all sequences of the group together, in bits.
    """

    name: str
    size: int
    raw: tuple[np.ndarray, ...]
    said: tuple[str, ...]
    logo: np.ndarray | None = None


@dataclass(frozen=True)
class Examples:
    """Training examples by group; ``kind`` is "letters", "bases" or "steps", ``rate`` of signals in steps a second."""

    kind: str
    groups: tuple[Group, ...]
    rate: float | None = None


@dataclass(frozen=True)
class Sequences:
    """What a report of texts, DNA or signals shows beside what any run has; ``None`` where there is nothing."""

    examples: Examples | None = None
    explanations: Explanations | None = None
    typed: tuple[Typed, ...] = ()
    names: tuple[str, ...] = ()
    firing: tuple[Firing, ...] = ()
    logos: tuple[Logo, ...] = ()
    embedded: Embedded | None = None
    neighbours: Table | None = None
