"""How answers of classes are written: one for a person, one as a line of ``predictions.csv``, read back from there.

A line has the example's ``label``, the ``prediction`` and its ``probability``. The rest depends on the number of
classes: up to 100 of them, the probability of each (``p:NAME``); of more, that of the true class
(``label_probability``) and the next four answers with theirs (``prediction_2``, ``probability_2``, ...), since all of
them would be megabytes that nobody reads. Both hold all that runs are compared by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convscope.data.names import composed
from convscope.data.spec import Classes
from convscope.tasks.classification.evidence import Answers

MOST_CLASSES = 100  # whose probabilities are all written down
TOP = 5  # answers that are written down where there are more classes

_OF_LABEL = "label_probability"
_NEXT = tuple(name for rank in range(2, TOP + 1) for name in (f"prediction_{rank}", f"probability_{rank}"))


def answer(probabilities: np.ndarray, target: Classes) -> dict[str, Any]:
    """Return the most probable class of one example, its probability, and all probabilities (K,) by class.

    >>> answer(np.array([0.25, 0.75]), Classes(("ant", "bee")))
    {'label': 'bee', 'probability': 0.75, 'probabilities': {'ant': 0.25, 'bee': 0.75}}
    """
    best = int(np.argmax(probabilities))
    return {
        "label": target.names[best],
        "probability": float(probabilities[best]),
        "probabilities": {name: float(p) for name, p in zip(target.names, probabilities, strict=True)},
    }


def columns(target: Classes) -> tuple[str, ...]:
    """Return the titles after id and split."""
    few = len(target.names) <= MOST_CLASSES
    return ("label", "prediction", "probability", *(_every(target) if few else (_OF_LABEL, *_NEXT)))


def cells(probabilities: np.ndarray, label: int, target: Classes) -> list[str]:
    """Return the cells of one example under these titles."""
    few = len(target.names) <= MOST_CLASSES
    # The answer given is the first of equals, as everywhere.
    top = np.argsort(-probabilities, kind="stable")[: 1 if few else TOP]
    answers = [(target.names[k], f"{probabilities[k]:.6g}") for k in top]
    shown = probabilities if few else [probabilities[label]]
    after = [cell for other in answers[1:] for cell in other]
    return [target.names[label], *answers[0], *(f"{p:.6g}" for p in shown), *after]


def read(rows: Sequence[Mapping[str, str]], target: Classes) -> Answers:
    """Return what such lines say; ``ValueError`` or ``KeyError`` where they are not of these classes."""
    number = {name: k for k, name in enumerate(target.names)}
    labels, predicted = (
        np.array([number[composed(row[at])] for row in rows], dtype=int) for at in ("label", "prediction")
    )
    stated = np.array([row["probability"] for row in rows], dtype=float)
    if rows and _OF_LABEL in rows[0]:
        of_label = np.array([row[_OF_LABEL] for row in rows], dtype=float)
    else:
        plain = [{composed(title): cell for title, cell in row.items()} for row in rows]
        titles = _every(target)
        of_label = np.array([row[titles[label]] for row, label in zip(plain, labels, strict=True)], dtype=float)
    return Answers(labels, predicted, stated, of_label, len(target.names))


def _every(target: Classes) -> tuple[str, ...]:
    return tuple(f"p:{name}" for name in target.names)
