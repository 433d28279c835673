"""What is usual for an input that is no image, whatever the task: one function a kind, from a set to open settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convscope.data.dataset import Data
from convscope.data.sequences.windows import windowed
from convscope.data.transforms import LogMelTransform
from convscope.tasks.keeping import kept

Usual = Mapping[str, tuple[Any, str]]  # setting: its value, and why
FEW, BATCH = 1_000, 16  # signals to learn from below which so many make a step, as Wang et al. 2017 have it
STEPS, EPOCHS = 1_000, 60  # at least, of so few: below 100 signals an epoch is a handful of steps


def usual_of_input(data: Data) -> Usual:
    """Return the settings that the kind of a set's input decides where a plan leaves them open; none for images."""
    usual = BY_KIND.get(data.preprocessing.kind)
    return usual(data) if usual else {}


def _signals(data: Data) -> Usual:
    count = len(windowed(data.train, data.preprocessing))
    few: dict[str, tuple[Any, str]] = {}
    if count < FEW:
        epochs = max(EPOCHS, STEPS // max(1, count // BATCH))
        few["batch_size"] = min(BATCH, count), f"small steps for {count:,} training signals"
        few["epochs"] = epochs, f"{STEPS:,} steps or more for {count:,} training signals"
    if isinstance(data.preprocessing, LogMelTransform):
        augment = "shift=0.1", "a sound a little earlier or later, higher or deeper, is the same; never mirrored"
        return {"augment": augment, **few, **kept(data)}
    return {
        "model": ("fcn", "three convolutions over time, for signals of any length"),
        "augment": ("none", "what leaves the class of a signal as it is must be said"),
        **few,
        **kept(data),
    }


def _texts(data: Data) -> Usual:
    rule = data.preprocessing
    if rule.dna and rule.length:
        model = "conv_dna", "for DNA of one length: it sees where a motif stands"
    else:
        model = "text_cnn", "windows of characters, quick and of any length"
    return {"model": model, "augment": ("none", "a text with another character may be of another class")}


BY_KIND: dict[str, Callable[[Data], Usual]] = {"signal": _signals, "text": _texts}
