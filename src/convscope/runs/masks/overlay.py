"""A predicted mask over its image: outlines alone, or what is right, wrong and missed where the truth is known."""

from __future__ import annotations

import io

import numpy as np

from convscope.data.pictures import as_shown
from convscope.runs.masks.palette import VOID, colours

FALSE, MISSED, OTHER, OUTLINE = "#d55e00", "#0072b2", "#cc79a7", "#f0e442"  # Okabe and Ito's
LEGEND = (
    "yellow: outlines of what was predicted; orange: predicted, but not there; blue: there, but not predicted; "
    "pink: predicted as another class; darkened: not scored"
)
TINT = 0.6  # of the colour over the image
SMALLEST, LARGEST = 1024, 2048  # pixels of the picture's longer side: small images are enlarged, large ones thinned out


def overlay_png(
    image: np.ndarray, predicted: np.ndarray, truth: np.ndarray | None = None, *, objects: bool = False
) -> bytes:
    """Return an image (H, W, C) with a predicted mask (H, W) over it, as the bytes of a PNG.

    Both masks are class numbers, the truth with 255 for void, or with ``objects`` labels, with -1. Without the truth
    each class has its colour in the palette; outlines are drawn around every region or object. Colours are told apart
    with any colour vision; ``LEGEND`` says what they mean.
    """
    from PIL import Image

    height, width = predicted.shape
    thinned = max(1, -(-max(height, width) // LARGEST))
    enlarged = max(1, SMALLEST // max(1, height, width))
    image, predicted = image[::thinned, ::thinned], predicted[::thinned, ::thinned]
    truth = None if truth is None else truth[::thinned, ::thinned]
    shown = as_shown(np.moveaxis(image, -1, 0)).astype(np.float32)
    _tint(shown, *_colouring(predicted, truth, objects))
    if truth is not None:
        shown[(truth < 0) if objects else (truth == VOID)] *= 0.4
    shown, predicted = (values.repeat(enlarged, 0).repeat(enlarged, 1) for values in (shown, predicted))
    shown[_outline(predicted)] = _rgb(OUTLINE)
    file = io.BytesIO()
    Image.fromarray(np.rint(shown).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def _colouring(predicted: np.ndarray, truth: np.ndarray | None, objects: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return which pixels (H, W) are coloured, and the colour (H, W, 3) of each."""
    if truth is None:
        colour_of = np.zeros(predicted.shape, np.uint8) if objects else predicted.astype(np.uint8)
        return colour_of > 0, colours()[colour_of].astype(np.float32)
    scored = (truth >= 0) if objects else (truth != VOID)
    false, missed = (predicted > 0) & (truth <= 0), (predicted == 0) & (truth > 0)
    other = (predicted > 0) & (truth > 0) & (predicted != truth) & (not objects)
    colour = np.zeros((*predicted.shape, 3), np.float32)
    for where, name in ((false, FALSE), (missed, MISSED), (other, OTHER)):
        colour[where] = _rgb(name)
    return (false | missed | other) & scored, colour


def _tint(shown: np.ndarray, where: np.ndarray, colour: np.ndarray) -> None:
    shown[where] = (1 - TINT) * shown[where] + TINT * colour[where]


def _outline(mask: np.ndarray) -> np.ndarray:
    """Return the outermost pixels (H, W) of each region of one number above 0."""
    edge = np.zeros(mask.shape, bool)
    down, right = mask[1:] != mask[:-1], mask[:, 1:] != mask[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= right
    edge[:, :-1] |= right
    return edge & (mask > 0)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))
