"""The methods of explanation: one line each; what they look at and what they return is the same for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convscope.explain.attribution import Attribution
from convscope.explain.explained import Explained
from convscope.explain.gradient import gradient
from convscope.explain.score import Score

__all__ = ["METHODS", "Attribution", "Explained", "Method", "Score"]


@dataclass(frozen=True)
class Method:
    """A method of explanation: ``compute(explained, score)`` is an ``Attribution``.

    ``name`` is what users type, ``title`` what stands over a map, ``signed`` whether a map also says what speaks
    against the score, ``source`` the paper, ``about`` one sentence on what is seen. ``compute`` raises ``ConfigError``
    where the method does not apply to a network, and says why.
    """

    name: str
    title: str
    compute: Callable[[Explained, Score], Attribution]
    signed: bool
    source: str
    about: str


_ALL = (
    Method(
        "gradient", "Gradient", gradient, False, "Simonyan et al. 2014",
        "How much the score changes with each pixel.",
    ),
)  # fmt: skip
METHODS = {method.name: method for method in _ALL}
