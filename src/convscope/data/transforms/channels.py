"""Channels brought to those that a network takes: grey to RGB, without alpha, grey stored as RGB to grey."""

from __future__ import annotations

import numpy as np

from convscope.data.decode.encoded import Unreadable
from convscope.text import count


def promote(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Bring (..., C) to ``channels``: grey repeats to RGB, alpha is dropped, grey stored as RGB becomes grey.

    Raises:
        Unreadable: there is no such way.
    """
    has = pixels.shape[-1]
    if has == channels:
        return pixels
    colours, alpha = (pixels[..., :-1], pixels[..., -1:]) if has in (2, 4) else (pixels, None)
    wanted = channels - (channels in (2, 4))
    if colours.shape[-1] == 1 and wanted == 3:
        colours = np.broadcast_to(colours, (*colours.shape[:-1], 3))
    elif colours.shape[-1] == 3 and wanted == 1 and (colours == colours[..., :1]).all():
        colours = colours[..., :1]
    if colours.shape[-1] != wanted or has > 4 or (channels in (2, 4) and alpha is None):
        needed = "grey images are" if channels == 1 else f"{count(channels, 'channel')} are"
        remedy = "; convert it to grey" if channels == 1 and has in (3, 4) else ""
        if has == 1 < channels:
            remedy = "; give one file with all of them, or in a folder a file for each: NAME_0000, NAME_0001, ..."
        raise Unreadable(f"has {count(has, 'channel')}, but {needed} needed{remedy}")
    return colours if channels in (1, 3) or alpha is None else np.concatenate([colours, alpha], -1)


def promotion(has: int, channels: int) -> str:
    """Say what ``promote`` does.

    >>> promotion(1, 3), promotion(4, 3), promotion(2, 3), promotion(3, 3)
    ('grey to RGB', 'alpha dropped', 'grey to RGB, alpha dropped', '')
    """
    colours = "grey to RGB" if has < 3 <= channels else "RGB to grey" if channels < 3 <= has else ""
    alpha = "alpha dropped" if has in (2, 4) and channels not in (2, 4) else ""
    return ", ".join(filter(None, (colours, alpha)))
