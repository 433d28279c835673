"""Which clips a report shows, and what they become there."""

from __future__ import annotations

import numpy as np

from convscope.data.dataset import Split
from convscope.data.pictures import Display, in_rows, moving_url
from convscope.report.contents import Clips

MOST, SIDE = 8, 64  # clips; pixels of a frame in the moving picture
KINDS = ("video", "volume")


def clips_of(split: Split, candidates: np.ndarray) -> Clips | None:
    """Return clips at some of the positions ``candidates``, one of each class first; ``None`` of other inputs."""
    spec = split.input.spec
    if spec.kind not in KINDS or None in spec.shape or split.dataset.target_kind in ("mask", "instances"):
        return None
    words = split.target_words
    first = {words[int(at)]: int(at) for at in candidates[::-1]}
    at = np.array(sorted(first.values())[:MOST])
    frames = split.input.take(at)
    assert isinstance(frames, np.ndarray)
    return Clips(frames, tuple(words[int(position)] for position in at))


def laid_out(clips: np.ndarray) -> np.ndarray:
    """Return clips (n, T, H, W, C) as images (n, C, h, w) of their frames, in rows."""
    return np.stack([np.moveaxis(in_rows(clip, clips.max()), -1, 0) for clip in clips])


def moving(clips: Clips) -> str:
    """Return all clips side by side as one moving picture, for the page."""
    display = Display.of(np.moveaxis(clips.frames.reshape(-1, *clips.frames.shape[2:]), -1, 1))
    step = max(1, -(-max(clips.frames.shape[2:4]) // SIDE))
    times = max(1, SIDE // max(clips.frames.shape[2:4]))
    pictures = []
    for frame in range(clips.frames.shape[1]):
        at_once = clips.frames[:, frame, ::step, ::step]
        shown = np.stack([display.show(np.moveaxis(each, -1, 0)) for each in at_once])
        pictures.append(in_rows(shown.repeat(times, 1).repeat(times, 2), 255, columns=4))
    return moving_url(np.stack(pictures))
