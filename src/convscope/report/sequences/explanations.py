"""What the answers to a few examples rest on, and whether that can be believed."""

from __future__ import annotations

import itertools

import numpy as np
from torch import Tensor, nn

from convscope.data.dataset import Split
from convscope.data.sequences.first_window import first_window
from convscope.data.spec import Numbers, TargetSpec
from convscope.data.transforms.text import text_of
from convscope.explaining.checks.drop import SHARE, drop
from convscope.explaining.checks.estimate import mean_of
from convscope.explaining.occlusion import pieces
from convscope.explaining.score import score_of
from convscope.report.sequences.chosen import Chosen, Closely
from convscope.report.sequences.contents import Explained, Explanations
from convscope.report.sequences.methods import PIECES, Method, method_of
from convscope.text import count, percent

CHECKED, LEAST, FEWEST = 32, 4, 2  # examples of the check: at most, where they are dear, and where one is very dear
PASSES = 3_000_000  # positions that a network may be taken through for the check
DEAR = 5_000_000  # of one example, from which on the fewest are checked
DEAREST = 40_000_000  # of one example


def explanations(model: nn.Module, split: Split, looked_at: Closely, target: TargetSpec) -> Explanations | None:
    """Return what answers of a split rest on; ``None`` for inputs that are no sequences, and without examples."""
    rule = split.dataset.preprocessing
    method = method_of(rule)
    if method is None:
        return None
    shown: list[Explained] = []
    gaps: list[float] = []
    for example in looked_at.examples:
        x, score = _seen(split, example.row), score_of(target, example.answer)
        if score is None or method.passes(model, x) > DEAREST:
            continue
        effect = method.effect(model, x, score)
        gaps += [] if effect.gap is None else [effect.gap]
        shown.append(_explained(split, example, x, score.name, effect.values))
    if not shown:
        return None
    what = shown[0].score if isinstance(target, Numbers) else "log-odds of the answer"
    part = " Of a recording its first window is explained, and all are answered." if getattr(rule, "window", 0) else ""
    sums = f" (Here they miss it by at most {percent(max(gaps), 2)}.)" if gaps else ""
    check = _check(model, split, looked_at.answers, target, method, what)
    return Explanations(
        method.kind, tuple(shown), method.sentence.format(score=what) + sums + part, check, rule_rate(rule)
    )


def rule_rate(rule: object) -> float | None:
    """Return how many steps a second has, where that is known."""
    return getattr(rule, "rate", None)


def _seen(split: Split, row: int) -> Tensor:
    """Return one example as the network sees it, (1, ...)."""
    rule = split.dataset.preprocessing
    return rule.tensor(_raw(split, row)[None])


def _raw(split: Split, row: int) -> np.ndarray:
    """Return one example as it is stored, of a signal what is seen of it at once."""
    stored = np.asarray(split.input.take(np.array([row]))[0])
    return first_window(stored, split.dataset.preprocessing) if stored.ndim == 2 else stored


def _explained(split: Split, example: Chosen, x: Tensor, score: str, effect: np.ndarray) -> Explained:
    raw = _raw(split, example.row)
    named = (str(split.ids[example.row]), example.said, example.right, score, effect)
    if raw.ndim == 2:
        return Explained(*named, signal=raw.T)
    rule = split.dataset.preprocessing
    letters = rule.units(text_of(raw))
    borders = pieces(x.shape[1], PIECES) if effect.ndim == 1 else np.arange(x.shape[1] + 1)
    apart = "" if rule.by == "characters" else " "
    parts = tuple("".join(letter + apart for letter in letters[a:b]) for a, b in itertools.pairwise(borders))
    return Explained(*named, letters=parts)


def _check(model: nn.Module, split: Split, answers: np.ndarray, target: TargetSpec, method: Method, what: str) -> str:
    """Say how far the score falls without what counts most, and without as much of it drawn."""
    rng = np.random.default_rng(0)
    falls: list[tuple[float, float]] = []
    left = PASSES
    for row in np.unique(np.linspace(0, len(split) - 1, min(CHECKED, len(split))).astype(int)).tolist():
        x, score = _seen(split, row), score_of(target, int(answers[row]))
        passes = method.passes(model, x)
        left -= passes
        if left < 0 and len(falls) >= (FEWEST if passes > DEAR else LEAST):
            break
        if score is None or x.shape[-1] < 3 or passes > DEAREST:
            continue
        counts = method.importance(method.effect(model, x, score).values, x)
        falls.append(drop(model, x, counts, method.remove(x), score, rng))
    if len(falls) < 2:
        return ""
    named, drawn = (mean_of(np.array(side)) for side in zip(*falls, strict=True))
    noun = method.noun
    return (
        f"Check: without the {percent(SHARE, 0)} of the {noun} that count most ({method.instead}), the {what} falls "
        f"by {named}; without as many drawn {noun}, by {drawn} (means and 95 % intervals over "
        f"{count(len(falls), 'example')} at even distances). The nearer the two, the less the colours say."
    )
