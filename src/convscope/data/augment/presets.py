"""Policies that have a name: a word that stands for other words, which further words refine."""

from __future__ import annotations

# A name must not be an operation's, and what a preset holds are plain words, so that a policy can be written out.
PRESETS: dict[str, str] = {
    # what is written: upright, readable one way only, and all there is to it is its shape
    "digits": "rotate=10 scale=0.1 shift=0.1",
    # photographs: gravity gives them an up, but no left; light differs from shot to shot
    "natural": "hflip scale=0.2 shift=0.1 brightness=0.2 contrast=0.2",
    # stained slices: no up at all; laboratories differ in stain and scanner more than in light
    "tissue": "hflip vflip rot90 rotate=20 brightness=0.1 contrast=0.1 stain=0.05",
    # grey micrographs: no up, soft matter, uneven light, grain
    "microscopy": "hflip vflip rot90 elastic=0.05 brightness=0.2 contrast=0.2 noise=0.05",
    # one trace: its height and pace differ from take to take, and a stretch of it may be missing
    "signals": "scale=0.1 crop=0.1 noise=0.05 warp=0.1 mask=0.1",
    # what is typed: a slip here and there, and words that nobody has seen yet
    "texts": "typos=0.02 dropout=0.05",
}
