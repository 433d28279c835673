"""Frames of a CCD with dim tracks, straight ones and worms, among bright hits and hot pixels: which pixels are track?

A track is the light of a path: at a distance d from it, in pixels, its signal is peak · exp(-d² / 2 WIDTH²), and 0
beyond 6 WIDTH. The peak is so many times the standard deviation of the read noise, which is Gaussian; signals add up,
and what is brighter than WHITE is cut off. A pixel belongs to a track if, without noise, the signal of that track alone
at the pixel's centre exceeds SHARE of the peak; where that holds of several tracks, to the one with the largest signal,
whose path is the nearest, and of equal ones to the one drawn first. So two crossing tracks share out the pixels where
they cross between them.

Hits are brighter and narrower than tracks, and hot pixels are single ones; neither is a track, nor do they take a pixel
from one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

SIZE = 128
NAMES = ("track",)  # of the objects
PEAK = 5.0  # standard deviations of the noise, on the path
WIDTH = 1.5  # pixels, the standard deviation across the path
SHARE = 0.5  # of the peak: what makes a pixel track
NOISE, GROUND, WHITE = 2_000, 10_000, 65_535  # grey levels
CROSSING = 0.25  # of the tracks after a frame's first one are led across an earlier one
APART = 0.1  # the light of two tracks that do not cross is nowhere above it for both: they are some 3 pixels apart
SHARED = 30  # pixels at most that two crossing tracks both cover: they cross, and do not run along each other
SMALLEST = 60  # pixels of a track in the frame
_TRACKS, _HITS, _HOT = (2, 6), (0, 4), (0, 6)  # in a frame: at least, and below
_STRAIGHT, _WORM = (25.0, 110.0), (30.0, 80.0)  # pixels long
_BEND, _STEP = 1 / 9, 2.0  # radians per pixel, at most; pixels between two corners of a worm
_HIT_WIDTH, _HIT_LENGTH = 0.7, 4.0  # pixels
_HIT_PEAK = (10.0, 40.0)  # standard deviations of the noise; a hot pixel's too

Kind = Literal["straight", "worm"]


@dataclass(frozen=True)
class Track:
    """A path, (m, 2) rows and columns of its corners in pixels, and its ``light`` (H, W): its signal over the peak."""

    kind: Kind
    path: np.ndarray
    light: np.ndarray

    @property
    def covered(self) -> np.ndarray:
        """The pixels (H, W) in which its own signal makes it track."""
        return self.light > SHARE


@dataclass(frozen=True)
class Frames:
    """Frames and the tracks in them.

    ``images`` (n, H, W, 1) uint16; ``labels`` (n, H, W) int32, 0 for what is no track, the tracks of a frame from 1 on.
    Of each track, in the order of frames and labels: ``frame``, ``label``, ``kind``, and whether it is ``crossing``
    another one, that is, covers a pixel that another one covers, too.
    """

    images: np.ndarray
    labels: np.ndarray
    frame: np.ndarray
    label: np.ndarray
    kind: np.ndarray
    crossing: np.ndarray


def make(seed: int, count: int = 240, *, peak: float = PEAK) -> Frames:
    """Return ``count`` frames whose tracks reach ``peak`` standard deviations of the noise; each has its own draws."""
    images, labels, rows = np.empty((count, SIZE, SIZE, 1), np.uint16), np.empty((count, SIZE, SIZE), np.int32), []
    for number in range(count):
        random = np.random.default_rng((seed, number))
        tracks = placed(random)
        labels[number] = labelled(tracks)
        images[number, ..., 0] = _exposed(random, tracks, peak)
        meeting = crossings(tracks)
        rows += [(number, at + 1, track.kind, bool(meeting[at])) for at, track in enumerate(tracks)]
    frame, label, kind, crossing = map(np.array, zip(*rows, strict=True))
    return Frames(images, labels, frame, label, kind, crossing)


def placed(random: np.random.Generator) -> list[Track]:
    """Draw the tracks of a frame: each crosses an earlier one or stays clear of them all."""
    tracks: list[Track] = []
    for _ in range(random.integers(*_TRACKS)):
        crossing = bool(tracks) and random.random() < CROSSING
        tracks.append(next(track for track in _drawn(random, tracks, crossing) if _fits(track, tracks, crossing)))
    return tracks


def labelled(tracks: list[Track]) -> np.ndarray:
    """Return whose each pixel is, (H, W) int32: the number of the track from 1 on, or 0."""
    light = np.stack([track.light for track in tracks])
    return np.where(light.max(0) > SHARE, light.argmax(0) + 1, 0).astype(np.int32)


def crossings(tracks: list[Track]) -> np.ndarray:
    """Return of each track whether it covers a pixel that another one covers."""
    covered = np.stack([track.covered for track in tracks])
    return (covered & (covered.sum(0) > 1)).any((1, 2))


def lit(path: np.ndarray, width: float = WIDTH) -> np.ndarray:
    """Return the light (H, W) of a path of corners (m, 2): exp(-d² / 2 width²) at pixel centres, 0 beyond 6 widths.

    >>> light = lit(np.array([[10.0, 10.0], [10.0, 20.0]]))
    >>> light[10, 15].item(), round(light[13, 15].item(), 4), light[30, 15].item()
    (1.0, 0.1353, 0.0)
    """
    nearest, reach = np.full((SIZE, SIZE), np.inf), 6 * width  # nearest: squared distance
    for start, end in itertools.pairwise(path):
        low = np.clip(np.floor(np.minimum(start, end) - reach), 0, SIZE).astype(int)
        high = np.clip(np.ceil(np.maximum(start, end) + reach) + 1, 0, SIZE).astype(int)
        down, right = (np.arange(*each) - start[axis] for axis, each in enumerate(zip(low, high, strict=True)))
        step = end - start
        along = np.clip(np.add.outer(down * step[0], right * step[1]) / max(step @ step, 1e-12), 0, 1)
        squared = (down[:, None] - along * step[0]) ** 2 + (right - along * step[1]) ** 2
        part = nearest[low[0] : high[0], low[1] : high[1]]
        np.minimum(part, squared, out=part)
    return np.where(nearest <= reach**2, np.exp(-nearest / (2 * width**2)), 0.0)


def _drawn(random: np.random.Generator, tracks: list[Track], crossing: bool) -> Iterator[Track]:
    """Draw tracks without end; ``crossing`` ones go through a corner of an earlier one, in any direction."""
    while True:
        kind: Kind = "straight" if random.random() < 0.5 else "worm"
        path = _straight(random) if kind == "straight" else _worm(random)
        centre = random.uniform(0, SIZE - 1, 2)
        if crossing:
            other = tracks[random.integers(len(tracks))].path
            step = random.integers(len(other) - 1)
            centre = other[step] + random.uniform(0.2, 0.8) * (other[step + 1] - other[step])
        path = path + (centre - path[random.integers(len(path) // 3, 1 + 2 * len(path) // 3)])
        yield Track(kind, path, lit(path))


def _straight(random: np.random.Generator) -> np.ndarray:
    angle, length = random.uniform(0, np.pi), random.uniform(*_STRAIGHT)
    return np.outer(np.arange(0.0, length + 8, 8).clip(max=length), (np.sin(angle), np.cos(angle)))


def _worm(random: np.random.Generator) -> np.ndarray:
    """Walk in steps of two pixels, while the bend swings between two values."""
    steps = np.arange(int(random.uniform(*_WORM) / _STEP))
    mean, swing = random.uniform(-0.5, 0.5) * _BEND, random.uniform(0.2, 0.5) * _BEND
    bend = mean + swing * np.sin(steps * _STEP * random.uniform(0.05, 0.2) + random.uniform(0, 2 * np.pi))
    heading = random.uniform(0, 2 * np.pi) + np.cumsum(bend * _STEP)
    return _STEP * np.cumsum(np.stack((np.sin(heading), np.cos(heading)), 1), axis=0)


def _fits(track: Track, tracks: list[Track], crossing: bool) -> bool:
    """Return whether a track shows enough of itself, in one piece, and meets others only where it is to cross one."""
    from scipy.ndimage import label

    pieces = np.asarray(label(track.covered, np.ones((3, 3)))[0])  # pyright: ignore[reportIndexIssue]
    if track.covered.sum() < SMALLEST or pieces.max() > 1:  # it may leave the frame and come back
        return False
    meeting = [other for other in tracks if np.minimum(track.light, other.light).max() > APART]
    shared = [int((track.covered & other.covered).sum()) for other in meeting]
    return all(0 < pixels <= SHARED for pixels in shared) and bool(meeting) == crossing


def _exposed(random: np.random.Generator, tracks: list[Track], peak: float) -> np.ndarray:
    """Return the frame (H, W) uint16: tracks, hits, hot pixels, noise."""
    signal = peak * np.sum([track.light for track in tracks], axis=0)
    for _ in range(random.integers(*_HITS)):
        turn, centre = random.uniform(0, np.pi), random.uniform(0, SIZE - 1, 2)
        reach = random.uniform(0, _HIT_LENGTH) / 2 * np.array((np.sin(turn), np.cos(turn)))
        signal = signal + random.uniform(*_HIT_PEAK) * lit(np.stack((centre - reach, centre + reach)), _HIT_WIDTH)
    hot = random.integers(0, SIZE, (random.integers(*_HOT), 2))
    signal[hot[:, 0], hot[:, 1]] += random.uniform(*_HIT_PEAK, len(hot))
    levels = GROUND + NOISE * (signal + random.standard_normal(signal.shape))
    return np.clip(np.rint(levels), 0, WHITE).astype(np.uint16)
