"""From a finished run on texts, DNA or signals to what its report shows of them."""

from __future__ import annotations

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.data.spec import names_of
from convscope.report.sequences.contents import Sequences
from convscope.report.sequences.embeddings import embedded
from convscope.report.sequences.examples import examples
from convscope.report.sequences.explanations import explanations
from convscope.report.sequences.firing import firing
from convscope.report.sequences.logos import logos
from convscope.report.sequences.methods import method_of
from convscope.report.sequences.typed import typed
from convscope.runs.run import Run


def sequences(run: Run, data: Data, judged: Split, predictions: np.ndarray) -> Sequences | None:
    """Return what is shown of a run's sequences, of ``judged`` with its predictions (N, ...); ``None`` of others."""
    if method_of(data.preprocessing) is None:
        return None
    target = run.spec.target
    places = embedded(run.model, data.train)
    return Sequences(
        examples(data.train),
        explanations(run.model, judged, predictions, target),
        typed(run.predictor, judged, predictions, target),
        names_of(target),
        firing(run.model, data.train),
        logos(run.model, data.train),
        *(places or (None, None)),
    )
