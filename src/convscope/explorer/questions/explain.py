"""What an answer rests on: a map by one method, and whether the method can be believed on this run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from convscope.errors import ConfigError
from convscope.explaining.explanation import methods_of
from convscope.explaining.methods import METHODS
from convscope.explorer.answer import Answer
from convscope.plain import plain
from convscope.runs.explaining import Explainer, Question
from convscope.runs.verdicts import verdicts

if TYPE_CHECKING:
    from convscope.explorer.session import Session


def explained(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return the ``map`` (H, W) float32 of ``method`` for ``target``, by default the answer itself.

    ``checks=1`` checks the method on held-out examples first, which takes seconds; what is known is told anyway.
    """
    opened = session.run(run)
    (method,) = methods_of(options.get("method", "gradcam"))
    question = Question((method,), options.get("target") or None, None, options.get("node") or None)
    explainer = Explainer(opened.run.predictor, question)
    (result,) = explainer.explain([session.example(opened, image)])
    if result.error is not None:
        raise ConfigError(result.error)
    facts = {"method": method.name, "title": method.title, "target": result.target, "score": result.score,
             "methods": {name: each.title for name, each in METHODS.items()}}  # fmt: skip
    if method.name not in result.maps:
        return Answer(plain({**facts, "refused": result.refused.get(method.name, "this method does not apply")}))
    if options.get("checks") == "1":
        result = result.with_verdicts(verdicts(opened.run, explainer, asked=True).checks)
    one = result.maps[method.name]
    return Answer(plain({**facts, **one.to_dict(), "signed": one.signed}), {"map": np.asarray(one.values, np.float32)})
