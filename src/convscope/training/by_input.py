"""What is usual for an input that is no image, whatever the task: one function a kind, from a set to open settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convscope.data.dataset import Data

Usual = Mapping[str, tuple[Any, str]]  # setting: its value, and why


def usual_of_input(data: Data) -> Usual:
    """Return the settings that the kind of a set's input decides where a plan leaves them open; none for images."""
    usual = BY_KIND.get(data.preprocessing.kind)
    return usual(data) if usual else {}


def _texts(data: Data) -> Usual:
    rule = data.preprocessing
    if rule.dna and rule.length:
        model = "conv_dna", "for DNA of one length: it sees where a motif stands"
    else:
        model = "text_cnn", "windows of characters, quick and of any length"
    return {"model": model, "augment": ("none", "a text with another character may be of another class")}


BY_KIND: dict[str, Callable[[Data], Usual]] = {"text": _texts}
