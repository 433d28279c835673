"""Texts, DNA and signals coloured by what their answers rest on, a figure for each method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convscope.explaining.explanation import Explanation
from convscope.explaining.methods import METHODS
from convscope.report.explained.shown import said_of
from convscope.report.figures.sequences import letters, traces
from convscope.report.figures.style import Drawing
from convscope.report.sequences.contents import Explained

MOST = 49


def draw(explanations: Sequence[Explanation], method: str, rate: float | None = None) -> Drawing | None:
    """Draw the maps of one method over texts, or along signals; ``None`` where there are none."""
    shown = [each for each in explanations if method in each.maps and _is_sequence(each)][:MOST]
    if not shown:
        return None
    first = shown[0].maps[method]
    examples = [_example(each, method) for each in shown]
    noun = "text" if shown[0].letters else "signal"
    about = METHODS[method].about.rstrip(".")
    effect = f"{about[:1].lower()}{about[1:]}".replace("pixel", "step").replace("image", noun)
    if shown[0].letters:
        figure = letters.picture(examples, effect.replace("step", "letter"))
    else:
        figure = traces.picture(examples, rate, effect)
    places = "letters" if shown[0].letters else "steps"
    verdict = f" {first.verdict}." if first.verdict else " Not checked."
    read = "Violet speaks for what is explained, orange against it." if first.signed else "Violet counts most."
    return Drawing(figure, f"{first.title}: the {places} that count", read + verdict)


def _is_sequence(explanation: Explanation) -> bool:
    return bool(explanation.letters) or (explanation.raw is not None and explanation.raw.ndim == 2)


def _example(explanation: Explanation, method: str) -> Explained:
    each = explanation.maps[method]
    named = (explanation.input, said_of(explanation), True, explanation.score)
    if explanation.letters:
        count = len([letter for letter in explanation.letters if letter]) or 1
        return Explained(*named, effect=each.values[:count], letters=explanation.letters[:count])
    assert explanation.raw is not None
    signal = explanation.raw.T  # (C, T)
    effect = each.inputs if each.inputs is not None and each.inputs.shape == signal.shape else each.values
    return Explained(*named, effect=np.broadcast_to(effect, signal.shape), signal=signal)
