"""What an answer rests on: a map by one method, and whether the method can be believed on this run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.pictures import Display
from convscope.errors import ConfigError, Error
from convscope.explaining.explanation import Explanation
from convscope.explaining.methods import METHODS
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import place
from convscope.plain import plain
from convscope.runs.explaining import Explainer, Question
from convscope.runs.verdicts import known_verdicts, verdicts

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks
    from convscope.explorer.session import Opened, Session


def methods(session: Session, options: Mapping[str, str]) -> Answer:
    """Return every method of explanation with its title, what it does, and its source."""
    return Answer({"methods": [
        {"name": each.name, "title": each.title, "signed": each.signed, "about": each.about, "source": each.source}
        for each in METHODS.values()
    ]})  # fmt: skip


def explained(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return the ``map`` (H, W), (T,) or (L,) float32 of ``method`` for ``target``, by default the answer itself.

    ``pixels`` (H, W, 3) uint8 or ``signal`` (C, T) float32 are what it lies over. Of masks ``at`` is the pixel that is
    explained. With ``checks=1`` the method is checked on held-out examples, which takes seconds to a minute and is kept
    in the run's folder; what is kept there is told anyway.
    """
    opened = session.run(run)
    asked = tuple(options.get(name) or None for name in ("method", "target", "node", "at"))
    method, target, node, _ = asked
    question = Question.of(method or "gradcam", target, place(options), node)
    explainer = Explainer(opened.run.predictor, question)
    key = ("explain", run, image, *asked)
    result = session.remember(key, lambda: _explained(session, opened, explainer, image))
    result = result.with_verdicts(_checks(opened, explainer, asked=options.get("checks") == "1"))
    return _answer(result, METHODS[question.names[0]].name)


def _explained(session: Session, opened: Opened, explainer: Explainer, image: str) -> Explanation:
    example = session.example(opened, image)
    try:
        (result,) = explainer.explain([example])
    except ConfigError as problem:  # the only method does not apply to this network
        return Explanation(image, refused={explainer.question.names[0]: str(problem)})
    if result.error is not None:
        raise ConfigError(result.error)
    return replace(result, input=image)


def _checks(opened: Opened, explainer: Explainer, *, asked: bool) -> Mapping[str, Checks]:
    if asked:
        return verdicts(opened.run, explainer, asked=True).checks
    try:
        return known_verdicts(opened.run, opened.held[1], explainer)
    except Error:  # where the run's set is gone nothing was checked on it
        return {}


def _answer(result: Explanation, name: str) -> Answer:
    facts: dict[str, Any] = {"method": name, "target": result.target, "score": result.score, "upward": result.upward}
    if name not in result.maps:
        return Answer(plain({**facts, "refused": result.refused.get(name, "this method does not apply")}))
    one = result.maps[name]
    arrays = {"map": np.asarray(one.values, np.float32)}
    if result.raw is not None and result.raw.ndim == 3:
        first = np.moveaxis(result.raw, -1, 0)
        arrays["pixels"] = Display.of(first[None]).show(first)
    elif result.raw is not None and result.raw.ndim == 2:
        arrays["signal"] = result.raw.T.astype(np.float32)
    told = {**facts, **one.to_dict(), "score": one.score, "of": result.score, "signed": one.signed}
    return Answer(plain({**told, "title": one.title, "letters": result.letters}), arrays)
