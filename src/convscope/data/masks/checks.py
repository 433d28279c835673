"""What is odd about the masks of the splits: classes that one lacks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.masks.reading import MasksRead
from convscope.data.notice import Notice
from convscope.data.sources.candidate import SPLIT_ORDER
from convscope.text import count, listed

SHOWN = 20


def check_split_classes(read: MasksRead, split: np.ndarray) -> Iterator[Notice]:
    """Yield which classes a split lacks that another has; ``split`` (n,) is that of each mask, "" for none.

    What only validation or test hold cannot be learned; what they lack cannot be scored.
    """
    names = read.rule.names if read.rule.kind != "instances" else ("background", "object")
    held = {word: read.pixels[split == word].sum(0).tolist() for word in SPLIT_ORDER if (split == word).any()}
    anywhere: list[int] = read.pixels[split != ""].sum(0).tolist()
    for word, present in held.items():
        lacking = [name for name, here, there in zip(names, present, anywhere, strict=True) if there and not here]
        if not lacking:
            continue
        effect = "cannot be learned" if word == "train" else f"cannot be scored on {word}"
        what = "class is" if len(lacking) == 1 else "classes are"
        text = f"{len(lacking)} {what} in no mask of the {word} split, and {effect}: {listed(lacking)}"
        yield Notice("class-missing", text, tuple(lacking[:SHOWN]))
    nowhere = [name for name, there in zip(names, anywhere, strict=True) if not there]
    if nowhere:
        text = f"{count(len(nowhere), 'class is', 'classes are')} named and in no mask: {listed(nowhere)}"
        yield Notice("class-empty", text, tuple(nowhere[:SHOWN]))
