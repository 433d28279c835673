"""How the answers to texts, to DNA and to signals are explained: a method for each, with all that differs by input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from convscope.data.transforms import SignalTransform, TextTransform
from convscope.explaining.effort import values_computed
from convscope.explaining.integrated_gradients import integrated_gradients, steps_for
from convscope.explaining.mutagenesis import importance, mutagenesis
from convscope.explaining.occlusion import Remove, occlusion, pieces
from convscope.explaining.removal import NEARLY, with_any_base, with_mean, without_tokens
from convscope.explaining.score import Score

PIECES = 160  # of a text: what a longer one is divided into
DEEP = 60  # times what a step of a gradient through a network for signals costs, which are deeper than those for texts
USUAL = 4_000  # values that such a network computes for each step of a signal


@dataclass(frozen=True)
class Effect:
    """What each piece of an example does to a score, and by how much the sum of all misses what it is to be."""

    values: np.ndarray
    gap: float | None = None


@dataclass(frozen=True)
class Method:
    """How one ``kind`` of input is explained.

    ``effect(model, x, score)`` is that of one example x (1, ...); ``importance(effect, x)`` what each position counts,
    ``remove(x)`` what the network is given without some positions, and ``passes(model, x)`` through how many positions
    it is taken for that, of a dear network through more. ``sentence`` says it, with the score's name; ``noun`` are its
    positions, ``instead`` what comes in place of those removed.
    """

    kind: str
    sentence: str
    noun: str
    instead: str
    effect: Callable[[nn.Module, Tensor, Score], Effect]
    remove: Callable[[Tensor], Remove]
    importance: Callable[[np.ndarray, Tensor], np.ndarray]
    passes: Callable[[nn.Module, Tensor], int]


def _without_each(model: nn.Module, x: Tensor, score: Score) -> Effect:
    return Effect(occlusion(model, x, partial(without_tokens, x[0]), pieces(x.shape[1], PIECES), score))


def _of_positions(effect: np.ndarray, x: Tensor) -> np.ndarray:
    return np.repeat(effect, np.diff(pieces(x.shape[1], PIECES)))


def _positions(model: nn.Module, x: Tensor) -> int:
    """Return how many steps of a signal cost as much in a usual network as those of x (1, C, T) in this one."""
    return max(x.shape[-1], values_computed(model, x) // USUAL)


def _along_the_way(model: nn.Module, x: Tensor, score: Score) -> Effect:
    found = integrated_gradients(model, x, score, NEARLY, steps_for(_positions(model, x)))
    return Effect(found.values, abs(found.gap) / max(1e-9, abs(found.score - found.baseline)))


TEXT = Method(
    "letters",
    "Each token, a letter or a word, is left out by itself, and the others close the gap; the colour is how far the "
    "{score} falls without it (a text of more than 160 tokens is divided into as many pieces).",
    "tokens", "the rest moves together",
    effect=_without_each,
    remove=lambda x: partial(without_tokens, x[0]),
    importance=_of_positions,
    passes=lambda model, x: x.shape[-1] * min(x.shape[-1], PIECES),
)  # fmt: skip
DNA = Method(
    "bases",
    "In-silico mutagenesis: every base is replaced by each of the three others. A cell is how the {score} changes with "
    "that base at that place; the height of a letter is how far it falls, in the mean of the three.",
    "bases", "N, any base, stands in their place",
    effect=lambda model, x, score: Effect(mutagenesis(model, x, score)),
    remove=lambda x: partial(with_any_base, x[0]),
    importance=lambda effect, x: importance(effect),
    passes=lambda model, x: 4 * x.shape[-1] ** 2,
)  # fmt: skip
SIGNAL = Method(
    "steps",
    "Integrated gradients: gradient times input, averaged along the way from the mean signal to this one. All steps of "
    "a signal together give by how much its {score} is above that of the mean signal.",
    "steps", "the mean stands in their place",
    effect=_along_the_way,
    remove=lambda x: partial(with_mean, x[0]),
    importance=lambda effect, x: effect.sum(0),
    passes=lambda model, x: DEEP * steps_for(_positions(model, x)) * _positions(model, x),
)  # fmt: skip


def method_of(rule: Any) -> Method | None:
    """Return the method for inputs of a rule; ``None`` where they are no sequences."""
    if isinstance(rule, TextTransform):
        return DNA if rule.dna else TEXT
    return SIGNAL if isinstance(rule, SignalTransform) else None
