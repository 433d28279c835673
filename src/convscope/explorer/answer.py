"""What a question of the page is answered with: plain values, and arrays beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convscope.plain import plain

JSON, SAFETENSORS = "application/json", "application/vnd.safetensors"


@dataclass(frozen=True)
class Answer:
    """``values`` are what ``plain`` takes, NaN and infinity by name; ``arrays`` are uint8, int32 or float32.

    On the wire it is JSON, or with arrays a safetensors file whose metadata hold the JSON under ``json``.
    """

    values: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])

    @property
    def kind(self) -> str:
        """The media type of ``body``."""
        return SAFETENSORS if self.arrays else JSON

    @property
    def body(self) -> bytes:
        """The answer as bytes.

        >>> Answer({"a": 1, "b": float("inf")}).body
        b'{"a":1,"b":"Infinity"}'
        """
        text = json.dumps(plain(self.values, _spelled), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        if not self.arrays:
            return text.encode()
        from safetensors.numpy import save

        return save({name: np.ascontiguousarray(each) for name, each in self.arrays.items()}, {"json": text})


def _spelled(number: float) -> str:
    """Return a number that JSON does not know as JavaScript's ``Number`` reads it."""
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
