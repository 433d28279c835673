"""What a network says of one example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from textwrap import shorten
from typing import Any

import numpy as np

from convscope.cards import card

SHOWN = 10  # rows in a notebook
SHORT = 100  # characters of an answer on one line


@dataclass(frozen=True, repr=False)
class Prediction:
    """What the network says of one example; ``error`` says why it could say nothing, ``note`` what was converted.

    ``answer`` is the task's, fit for JSON; its keys are attributes too: of classes ``label``, ``probability`` and
    ``probabilities``. Where there is an error, it has the same keys without values. ``arrays`` are what of it is a
    picture: of masks ``classes`` (H, W), ``probabilities`` (H, W, K), ``objects`` (H, W) where these are counted, and
    the ``image`` (H, W, C) itself.

    >>> Prediction("a.png", {"age": 31.5, "unit": "years"}).age
    31.5
    >>> Prediction("a.png", {"numbers": {"area": 4.25}}), Prediction("a.png", {"points": {"nose": [1.0, 2.5]}})
    (<a.png: area 4.25>, <a.png: nose (1, 2.5)>)
    """

    input: str
    answer: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    note: str = ""
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], compare=False)

    def __getattr__(self, name: str) -> Any:
        answer = self.__dict__.get("answer", {})  # empty while it is copied or unpickled
        if name in answer:
            return answer[name]
        raise AttributeError(f"a prediction has no {name!r}; this one answers {', '.join(answer) or 'nothing'}")

    def __repr__(self) -> str:
        said = self.error if self.error is not None else self._said()
        return f"<{self.input}: {said}{f' ({self.note})' if self.note else ''}>"

    def _repr_html_(self) -> str:
        rows = {"error": self.error} if self.error is not None else {n: _plain(v) for n, v in self._rows().items()}
        return card(self.input, rows, escape(self.note))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON, the answer's among them."""
        return {"input": self.input, **self.answer, "error": self.error, "note": self.note}

    def _said(self) -> str:
        """Return the answer on one line: what of it is one text or number, else its first value in short."""
        if shown := self._shown():
            return " ".join(f"{name} {value}" if type(value) is int else _plain(value) for name, value in shown.items())
        first = next(iter(self.answer.values()), "")
        if isinstance(first, Mapping):
            first = ", ".join(f"{name} {_short(value)}" for name, value in first.items())
        elif isinstance(first, list):
            first = ", ".join(map(str, first)) or "nothing"
        return shorten(str(first), SHORT, placeholder=" ...")

    def _shown(self) -> dict[str, Any]:
        """Return what of the answer is one text or number."""
        return {name: value for name, value in self.answer.items() if isinstance(value, str | int | float)}

    def _rows(self) -> dict[str, Any]:
        """Return the rows of a page: of shares of several names the largest, else what is one text or number."""
        for named in self.answer.values():
            if isinstance(named, Mapping) and named and all(isinstance(value, float) for value in named.values()):
                return dict(sorted(named.items(), key=lambda item: -item[1])[:SHOWN])
        return self._shown()


def _short(value: Any) -> str:
    return f"({', '.join(map(_short, value))})" if isinstance(value, list | tuple) else f"{value:.4g}"


def _plain(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def blank(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of an answer without its values, for an example of which nothing can be said.

    >>> blank({"label": "bee", "probability": 0.75, "probabilities": {"bee": 0.75}})
    {'label': None, 'probability': None, 'probabilities': {}}
    """
    return {name: type(value)() if isinstance(value, dict | list) else None for name, value in answer.items()}
