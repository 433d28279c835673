"""A set and a split as a notebook shows them: what is known of them, and the first images."""

from __future__ import annotations

import base64
from html import escape

import numpy as np

from convscope.cards import card
from convscope.data.dataset import Data, Split
from convscope.data.pictures import png
from convscope.text import count, listed

PICTURES, CLASSES = 8, 12  # of a split that are shown
SIDE = 64


def data_html(data: Data) -> str:
    """Return a set's facts, what its checks found, and the first images it trains on."""
    notices = "".join(f"<li>{escape(notice.text)}</li>" for notice in data.warnings)
    return card(data.name, data.facts, f"<ul>{notices}</ul>" if notices else "", _pictures(data.train))


def split_html(split: Split) -> str:
    """Return how many images of which class a split has, and its first images."""
    numbers, counts = np.unique(split.labels, return_counts=True)
    names = [split.classes[k] if split.classes else str(k) for k in numbers]
    H, W, C = split.pixels.shape[1:]
    rows = {
        "images": f"{len(split):,} of {H} × {W} × {C} {split.pixels.dtype}",
        count(len(names), "class", "classes"): listed(
            (f"{name} {n:,}" for name, n in zip(names, counts, strict=True)), CLASSES
        ),
    }
    return card(split.name, rows, _pictures(split))


def _pictures(split: Split) -> str:
    """Return the first images, each with its class below."""
    style = f"max-height:{2 * SIDE}px"
    return "".join(
        '<figure style="display:inline-block;margin:4px;text-align:center">'
        f'<img style="{style}" src="data:image/png;base64,{base64.b64encode(png(image, SIDE)).decode()}">'
        f"<figcaption>{escape(label)}</figcaption></figure>"
        for image, label, _ in split[:PICTURES]
    )
