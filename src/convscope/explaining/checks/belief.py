"""Whether a map can be believed, in one plain sentence, by what the checks found: the only place that judges it.

A map is believed where it depends on what was learned, the score hangs on what it marks, and it stays under a little
noise; nor may it depend on the fill whether it does better or worse than the edges of the input. It is not where the
first two are shown to be wrong. All else is uncertain, and the sentence says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convscope.explaining.checks.random_weights import Cascade

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks

# Spearman's correlation with random weights from which on a map is as much of the input as of the network: that of the
# magnitudes of two products is 0.48 where they share one of two normal factors.
SAME = 0.5
LARGELY = 0.71  # Spearman's correlation of ranks that have half of their variance in common
YES, NO, OPEN = "Believe it", "Do not read it as the network's reasons", "Uncertain"


@dataclass(frozen=True)
class Belief:
    """Whether a map ``holds`` (``None``: that is uncertain), and ``why``, a clause."""

    holds: bool | None
    why: str

    @property
    def sentence(self) -> str:
        """The plain answer.

        >>> Belief(None, "part of it stays with random weights").sentence
        'Uncertain: part of it stays with random weights'
        """
        word = {True: YES, False: NO, None: OPEN}[self.holds]
        return f"{word}: {self.why}"


def belief(checks: Checks) -> Belief:
    """Return whether a map can be believed: what speaks against it first, then what leaves it open."""
    against = _against(checks)
    if against:
        return Belief(False, against)
    unsure = _open(checks)
    if unsure:
        return Belief(None, unsure)
    return Belief(True, "it depends on what was learned, and the score hangs on what it marks")


def joined(sentence: str, figures: str) -> str:
    """Return a plain answer and what it goes by as one text, "" where nothing was checked.

    >>> joined("Uncertain: it changes", "only 0.25 like itself"), joined("", "")
    ('Uncertain: it changes. Only 0.25 like itself', '')
    """
    return f"{sentence}. {figures[:1].upper()}{figures[1:]}" if sentence else ""


def _against(checks: Checks) -> str:
    if not checks.trained:
        return "this network has learned nothing"
    if checks.constant == checks.examples:
        return "it is the same everywhere"
    if checks.random_weights is not None and shows_the_input(checks.random_weights):
        return "most of it stays when all that was learned is gone"
    beats = _beats_random(checks)
    if beats and not any(beats):
        return "what it marks matters to the score no more than places drawn at random"
    return ""


def _open(checks: Checks) -> str:
    if checks.random_weights is None:
        return "it could not be compared with a network of random weights"
    if stays_in_part(checks.random_weights):
        return "part of it stays when all that was learned is gone"
    beats = _beats_random(checks)
    if not beats:
        return "it depends on what was learned, but whether the score hangs on what it marks was not measured"
    if not all(beats):
        return "whether the score hangs on what it marks depends on what is put in its place"
    if _ranks_flip(checks):
        return "whether it tells more than the edges of the input depends on what is put in the place of what it marks"
    if checks.stability is not None and checks.stability.value is not None and checks.stability.value < SAME:
        return "it is another map under noise that nobody sees"
    if checks.runner_up is not None and (checks.runner_up.value or 0) >= LARGELY:
        return "it depends on what was learned, but is much the same for another answer"
    return ""


def shows_the_input(cascade: Cascade) -> bool:
    """Return whether a map stays, at least half, what it is when nothing of what was learned is left."""
    return cascade.last.value is not None and cascade.last.value >= SAME


def stays_in_part(cascade: Cascade) -> bool:
    """Return whether a map stays itself, when nothing of what was learned is left, beyond what any two maps share.

    Both figures are means over the same examples: it does where their 95 % intervals lie apart. Half is not asked for:
    maps of guided backpropagation that are 0.47 like themselves with random weights, where those of two different
    images are 0.36 alike, show the image to some part whatever the network learned.
    """
    own, others = cascade.last, cascade.others
    if own.value is None or others.value is None:
        return False
    low, high = (own.value if own.low is None else own.low), (others.value if others.high is None else others.high)
    return low > max(high, 0)


def _beats_random(checks: Checks) -> list[bool]:
    """Return for each fill whether the score falls faster by the map than in random order."""
    return [each.better for fill in checks.deletion for each in fill.against if each.order == "random"]


def _ranks_flip(checks: Checks) -> bool:
    """Return whether the score falls faster by the map than by the edges under one fill, and slower under another."""
    gains = [each.deletion_gain for fill in checks.deletion for each in fill.against if each.order == "edges"]
    return any(gain.above_zero for gain in gains) and any(gain.below_zero for gain in gains)
