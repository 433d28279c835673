"""The simple method beside networks that are compared: the one that is best on the validation split."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.data.names import composed
from convscope.runs.compare.architectures import Simple, simple_figures
from convscope.runs.run import Run
from convscope.tasks import baselines
from convscope.tasks.metrics.units import Units
from convscope.training.plan import Plan


def best_baseline(data: Data, plan: Plan, run: Run) -> Simple | None:
    """Return the simple method that is best on the validation split; ``None`` where none was asked for."""
    does, target = run.spec.does, run.spec.target
    if not plan.baselines:
        return None
    main, about = next(iter(run.about.items()))
    judged = data.test or data.valid
    fitted = partial(baselines.run, train=data.train, target=target, seconds=plan.baseline_seconds, seed=plan.seed)
    sign = 1 if about.better == "higher" else -1

    def evidence(split: Split, result: baselines.BaselineResult) -> Any:
        return does.evidence(split.target, result.predictions, result.target or target)

    def score(result: baselines.BaselineResult) -> float:
        return sign * float(evidence(data.valid, result).figures(np.ones((len(data.valid), 1)))[main][0])

    tried = list(fitted(does.baselines, scored=data.valid))
    if not tried:
        return None
    best = max(tried, key=score)
    again = best if judged is data.valid else fitted({best.name: does.baselines[best.name]}, scored=judged)[0]
    units = Units.of(judged.groups, len(judged))
    shown = evidence(judged, again)
    ids = np.array([composed(str(name)) for name in judged.ids])
    return Simple(again.name, again.what, simple_figures(shown, list(run.about), units), again.seconds, shown, ids)
