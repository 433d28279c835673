"""What a network says of one image."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from convscope.cards import card

SHOWN = 10  # classes in a notebook


@dataclass(frozen=True, repr=False)
class Prediction:
    """What the network says of one image; ``error`` says why it could say nothing, ``note`` what was converted."""

    input: str
    label: str | None
    probability: float | None
    probabilities: dict[str, float]
    error: str | None = None
    note: str = ""

    def __repr__(self) -> str:
        said = self.error if self.probability is None else f"{self.label} {self.probability:.4f}"
        return f"<{self.input}: {said}{f' ({self.note})' if self.note else ''}>"

    def _repr_html_(self) -> str:
        surest = sorted(self.probabilities.items(), key=lambda item: -item[1])[:SHOWN]
        rows = {name: f"{probability:.4f}" for name, probability in surest}
        return card(self.input, {"error": self.error} if self.error else rows, escape(self.note))
