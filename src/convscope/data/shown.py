"""A set and a split as a notebook shows them: what is known of them, and the first images."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from convscope.cards import card
from convscope.data.pictures import png
from convscope.text import count, listed, shortly

if TYPE_CHECKING:
    from convscope.data.dataset import Data, Split

PICTURES, CLASSES = 8, 12  # of a split that are shown
SIDE = 64


def data_html(data: Data) -> str:
    """Return a set's facts, what its checks found, and the first images it trains on."""
    notices = "".join(f"<li>{escape(notice.text)}</li>" for notice in data.warnings)
    return card(data.name, data.facts, f"<ul>{notices}</ul>" if notices else "", _pictures(data.train))


def split_html(split: Split) -> str:
    """Return how many images of which class a split has, and its first images."""
    spec = split.input.spec
    shape = " × ".join("?" if size is None else str(size) for size in spec.shape)
    rows = {f"{spec.kind}s": f"{len(split):,} of {shape} {spec.dtype}", **_classes(split)}
    return card(split.name, rows, _pictures(split))


def _classes(split: Split) -> dict[str, str]:
    """Count the examples of each class, where classes are what is learned."""
    if split.dataset.target_kind != "class":
        return {}
    numbers, counts = np.unique(split.labels, return_counts=True)
    each = (f"{split.classes[k]} {n:,}" for k, n in zip(numbers, counts, strict=True))
    return {count(len(numbers), "class", "classes"): listed(each, CLASSES)}


def _pictures(split: Split) -> str:
    """Return the first images, each with its class below; nothing where the input is no image."""
    if split.input.spec.kind != "image":
        return ""
    style = f"max-height:{2 * SIDE}px"
    return "".join(
        '<figure style="display:inline-block;margin:4px;text-align:center">'
        f'<img style="{style}" src="data:image/png;base64,{base64.b64encode(png(image, SIDE)).decode()}">'
        f"<figcaption>{escape(shortly(label, 24))}</figcaption></figure>"
        for image, label, _ in split[:PICTURES]
    )
