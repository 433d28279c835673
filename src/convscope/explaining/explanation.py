"""What an answer to one example rests on: the maps of several methods, and what is to be said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.cards import card
from convscope.errors import ConfigError, nearest
from convscope.explaining.attribution import Attribution
from convscope.explaining.checks.belief import joined
from convscope.explaining.explained import Explained
from convscope.explaining.methods import METHODS, Method
from convscope.explaining.negligible import negligible
from convscope.explaining.score import Score
from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks

DEFAULT = ("gradcam", "ig")


@dataclass(frozen=True, eq=False)
class Map:
    """What one method says of one example: ``values`` (\\*space), ``inputs`` (C, \\*space) of every input number.

    ``score`` is the number explained, ``node`` the layer of a class activation map, ``gap`` by how much the map's sum
    misses what theory says that it is. ``belief`` says plainly whether the checks let this method be believed on this
    network, "" where it was not checked, ``figures`` what that goes by, and ``passed`` is True, False, or None where it
    is uncertain. ``shape`` and ``extent``, the least and the largest value, stay
    where the arrays are left out, as after they were written.
    """

    method: str
    title: str
    signed: bool
    values: np.ndarray
    inputs: np.ndarray | None
    score: float
    node: str | None = None
    gap: float | None = None
    notes: tuple[str, ...] = ()
    belief: str = ""
    figures: str = ""
    passed: bool | None = None
    shape: tuple[int, ...] = ()
    extent: tuple[float, float] = (0.0, 0.0)

    @property
    def verdict(self) -> str:
        """Both of these as one text."""
        return joined(self.belief, self.figures)

    def believed(self, checks: Checks) -> Map:
        """Return the same with what its method's checks say."""
        return replace(self, belief=checks.belief, figures=checks.figures, passed=checks.passed)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the arrays as plain values, with the range of the map."""
        low, high = self.extent
        facts = {
            name: getattr(self, name)
            for name in ("score", "node", "gap", "notes", "belief", "figures", "verdict", "passed")
        }
        return plain({**facts, "shape": self.shape, "minimum": low, "maximum": high})


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """One example with its ``answer``, what of it is explained (``target``), and a map by each method.

    ``raw`` is the example as it is stored: an image (H, W, C), a signal (T, C); of a text ``letters`` (L,) are its
    pieces. Of a recording seen as a spectrogram it is that, ``upward``: its rows (H) count from the bottom. ``refused``
    says of a method why it does not apply. An example that could not be read has an ``error`` and nothing else.
    """

    input: str
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    target: str = ""
    score: str = ""
    maps: Mapping[str, Map] = field(default_factory=dict[str, Map])
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    raw: np.ndarray | None = None
    letters: tuple[str, ...] = ()
    region: np.ndarray | None = None
    note: str = ""
    error: str | None = None
    upward: bool = False

    def __getitem__(self, method: str) -> Map:
        """Return the map of a method; ``ConfigError`` with the nearest name where there is none."""
        if method not in self.maps:
            known = ", ".join(self.maps) or "none"
            reason = self.refused.get(method, f"there is no map by {method!r}{nearest(method, self.maps)}")
            raise ConfigError(f"{reason}; maps of {self.input}: {known}")
        return self.maps[method]

    def __repr__(self) -> str:
        said = self.error if self.error is not None else f"{self.target} by {', '.join(self.maps)}"
        return f"<explanation of {self.input}: {said}>"

    def _repr_html_(self) -> str:
        rows = {each.title: each.verdict or "not checked" for each in self.maps.values()}
        return card(self.input, {"explained": self.target, **rows}, escape(self.error or self.note))

    def with_verdicts(self, checks: Mapping[str, Checks]) -> Explanation:
        """Return the same, with what the checks of each method say under its map."""
        maps = {name: each.believed(checks[name]) if name in checks else each for name, each in self.maps.items()}
        return replace(self, maps=maps)

    @property
    def probability(self) -> float | None:
        """The probability of what is explained, where the answer has one."""
        shares = self.answer.get("probabilities")
        return shares.get(self.target) if isinstance(shares, Mapping) else None

    def to_dict(self) -> dict[str, Any]:
        """Return all but the arrays as plain values."""
        maps = {name: each.to_dict() for name, each in self.maps.items()}
        return plain({
            "input": self.input, "answer": self.answer, "target": self.target, "score": self.score,
            "probability": self.probability, "maps": maps, "refused": self.refused, "note": self.note,
            "error": self.error,
        })  # fmt: skip


def methods_of(names: str | Sequence[str]) -> tuple[Method, ...]:
    """Return methods by name, several also in one text with commas; ``ConfigError`` with the nearest for another name.

    >>> [method.name for method in methods_of("gradient,gradient")]
    ['gradient']
    """
    listing = names.split(",") if isinstance(names, str) else names
    wanted = dict.fromkeys(str(name).strip().lower().replace("-", "_") for name in listing)
    if "" in wanted:
        raise ConfigError(f"a name is missing between the commas of {','.join(map(str, listing))!r}; write gradcam,ig")
    for name in wanted:
        if name not in METHODS:
            raise ConfigError(
                f"there is no method {name!r}{nearest(name, METHODS)}; the methods are {', '.join(METHODS)}"
            )
    if not wanted:
        raise ConfigError(f"no method is named; the methods are {', '.join(METHODS)}")
    return tuple(METHODS[name] for name in wanted)


def attributions(
    methods: Sequence[Method], explained: Explained, score: Score
) -> tuple[dict[str, Attribution], dict[str, str]]:
    """Return the maps of each method, and why some do not apply; ``ConfigError`` where none does."""
    maps: dict[str, Attribution] = {}
    refused: dict[str, str] = {}
    for method in methods:
        try:
            maps[method.name] = method.compute(explained, score)
        except ConfigError as problem:
            refused[method.name] = str(problem)
    if not maps:
        raise ConfigError("; ".join(f"{name}: {why}" for name, why in refused.items()))
    return maps, refused


def map_of(attribution: Attribution, row: int) -> Map:
    """Return one example's map of a batch."""
    method, score = METHODS[attribution.method], float(attribution.score[row])
    little = negligible(attribution.map[row], score, measures=method.measures)
    return Map(
        method.name,
        method.title,
        method.signed,
        attribution.map[row],
        None if attribution.values is None else attribution.values[row],
        score,
        attribution.node,
        None if attribution.gap is None else float(attribution.gap[row]),
        (*((little,) if little else ()), *attribution.notes),
        shape=attribution.map[row].shape,
        extent=(float(attribution.map[row].min()), float(attribution.map[row].max())),
    )
