"""From a finished run on texts, DNA or signals to what its report shows of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.data.spec import names_of
from convscope.models import own
from convscope.report.section import report_of
from convscope.report.sequences.chosen import Closely
from convscope.report.sequences.contents import Sequences
from convscope.report.sequences.embeddings import embedded
from convscope.report.sequences.examples import examples
from convscope.report.sequences.explanations import explanations
from convscope.report.sequences.firing import firing
from convscope.report.sequences.logos import logos
from convscope.report.sequences.methods import method_of
from convscope.report.sequences.typed import typed
from convscope.runs.run import Run

T = TypeVar("T")
NOTHING = Closely((), np.zeros(0, int))


def sequences(run: Run, data: Data, judged: Split, predictions: np.ndarray) -> Sequences | None:
    """Return what is shown of a run's sequences, of ``judged`` with its predictions (N, ...); ``None`` of others."""
    if method_of(data.preprocessing) is None:
        return None
    target = run.spec.target
    looked_at = report_of(run.spec.task).closely(predictions, judged.target, target) or NOTHING
    places = embedded(run.model, data.train)
    return Sequences(
        examples(data.train),
        _if_it_can(run, lambda: explanations(run.model, judged, looked_at, target), None),
        _if_it_can(run, lambda: typed(run.predictor, judged, looked_at.examples), ()),
        names_of(target),
        firing(run.model, data.train),
        logos(run.model, data.train),
        *(places or (None, None)),
    )


def _if_it_can(run: Run, shown: Callable[[], T], nothing: T) -> T:
    """Return what is shown; nothing where a network of one's own cannot take shorter texts or other values."""
    try:
        return shown()
    except RuntimeError:
        if own.is_own(run.spec.model) or own.is_object(run.spec.model):
            return nothing
        raise
