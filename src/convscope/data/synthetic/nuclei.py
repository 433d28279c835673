"""Nuclei under a fluorescence microscope, many of which touch: which pixels are whose?

A nucleus is star-shaped about its centre: its radius is that of an ellipse times 1 plus three waves around. The pixels
whose centres it covers are its own, but for those that an earlier nucleus has. Its light is its brightness, a few times
brighter or dimmer than that of another, times a grain of its own. Nuclei, the haze of what lies out of focus, specks of
dirt, and the unevenness of the lamp are blurred by the objective and counted by a camera: photons are Poisson
distributed, read noise is Gaussian. The exposure differs from image to image, so that one grey value is bright in one
and dark in another; specks are no nuclei.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIZE = 160
_COUNT = (3, 45)  # nuclei that are tried in an image: at least, and below
_RADIUS, _LONGER = (6.0, 11.0), (1.0, 1.5)  # pixels; the longer half axis over the shorter
_TOUCHING = 0.5  # of the nuclei are laid against an earlier one
_HIDDEN = 0.15  # of a nucleus, at most, lies below earlier ones
SMALLEST = 40  # pixels of a nucleus in the image
_BRIGHTNESS = 0.45  # standard deviation of its logarithm, within an image
_PHOTONS = (25.0, 160.0)  # of a nucleus of median brightness
_GROUND, _READ = 100.0, 3.0  # camera: offset, and standard deviation of its noise, in grey levels
_BLUR = 1.2  # pixels


@dataclass(frozen=True)
class Nucleus:
    """Where it is: ``centre`` (2,), row and column in pixels, half ``axes`` (2,), ``turn`` and ``waves`` (3, 2).

    Angles are in radians; a wave has a height, as a share of the radius, and a phase.
    """

    centre: np.ndarray
    axes: np.ndarray
    turn: float
    waves: np.ndarray

    def radius(self, angle: np.ndarray) -> np.ndarray:
        """Return how far its border lies from its centre at angles from the rows' axis, in radians; pixels.

        >>> disc = Nucleus(np.zeros(2), np.array([5.0, 5.0]), 0.0, np.zeros((3, 2)))
        >>> disc.radius(np.array([0.0, 1.0])).tolist()
        [5.0, 5.0]
        """
        own = angle - self.turn
        ellipse = self.axes.prod() / np.hypot(self.axes[1] * np.cos(own), self.axes[0] * np.sin(own))
        heights, phases = self.waves.T
        return ellipse * (1 + (heights * np.cos(np.multiply.outer(own, (2, 3, 5)) + phases)).sum(-1))

    @property
    def covered(self) -> np.ndarray:
        """The pixels (H, W) whose centres lie in it."""
        reach = 2 * self.axes.max()  # waves of three deviations add less than a half
        low, high = (np.clip(self.centre + side * reach, 0, SIZE).astype(int) for side in (-1, 1))
        down, right = (np.arange(*ends) - middle for *ends, middle in zip(low, high, self.centre, strict=True))
        angle, away = np.arctan2(right, down[:, None]), np.hypot(down[:, None], right)
        covered = np.zeros((SIZE, SIZE), bool)
        covered[low[0] : high[0], low[1] : high[1]] = away < self.radius(angle)
        return covered


def make(seed: int, count: int = 150) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, H, W, 1) uint16 and whose each pixel is, (n, H, W) int32: 0 is nobody's, nuclei count from 1.

    Each image has its own draws.

    >>> images, labels = make(0, 2)
    >>> images.shape, labels.shape, images.dtype.name, labels.dtype.name
    ((2, 160, 160, 1), (2, 160, 160), 'uint16', 'int32')
    """
    images, labels = np.empty((count, SIZE, SIZE, 1), np.uint16), np.empty((count, SIZE, SIZE), np.int32)
    for number in range(count):
        random = np.random.default_rng((seed, number))
        labels[number] = placed(random)
        images[number, ..., 0] = _photographed(random, labels[number])
    return images, labels


def placed(random: np.random.Generator) -> np.ndarray:
    """Draw the nuclei of an image; return whose each pixel is, (H, W) int32."""
    from scipy.ndimage import label

    labels, nuclei = np.zeros((SIZE, SIZE), np.int32), []
    for _ in range(random.integers(*_COUNT)):
        nucleus = _drawn(random, nuclei)
        covered = nucleus.covered
        own = covered & (labels == 0)
        pieces = label(own)[1]  # pyright: ignore[reportIndexIssue]
        if own.sum() >= max(SMALLEST, (1 - _HIDDEN) * covered.sum()) and pieces == 1:
            nuclei.append(nucleus)
            labels[own] = len(nuclei)
    return labels


def _drawn(random: np.random.Generator, nuclei: list[Nucleus]) -> Nucleus:
    radius, longer = random.uniform(*_RADIUS), random.uniform(*_LONGER)
    axes = radius * np.array((longer, 1.0))
    centre = random.uniform(0, SIZE, 2)
    if nuclei and random.random() < _TOUCHING:
        other, angle = nuclei[random.integers(len(nuclei))], random.uniform(0, 2 * np.pi)
        apart = other.radius(np.array(angle)) + radius * random.uniform(0.8, 1.2)
        centre = other.centre + apart * np.array((np.cos(angle), np.sin(angle)))
    waves = np.stack((random.normal(0, (0.05, 0.04, 0.02)), random.uniform(0, 2 * np.pi, 3)), 1)
    return Nucleus(centre, axes, random.uniform(0, np.pi), waves)


def _photographed(random: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """Return the image (H, W) uint16 of nuclei: light, haze, specks, lamp, blur, photons, camera."""
    brightness = np.exp(random.normal(0, _BRIGHTNESS, labels.max() + 1))
    brightness[0] = 0
    light = brightness[labels] * (1 + 0.25 * _smooth(random, 2.0))
    haze = 0.15 * (1 + 0.5 * _smooth(random, 25.0))
    light = light.clip(min=0) + haze.clip(min=0)
    specks = random.integers(0, SIZE, (random.integers(0, 6), 2))
    light[specks[:, 0], specks[:, 1]] += random.uniform(5, 25, len(specks))
    lamp = (1 + 0.25 * _smooth(random, 60.0)).clip(min=0.3)
    photons = random.poisson(random.uniform(*_PHOTONS) * _blurred(light * lamp, _BLUR))
    return np.rint(_GROUND + photons + random.normal(0, _READ, labels.shape)).clip(0, 65_535).astype(np.uint16)


def _smooth(random: np.random.Generator, scale: float) -> np.ndarray:
    """Draw values (H, W) of mean 0 and deviation 1 that change over ``scale`` pixels."""
    values = _blurred(random.standard_normal((SIZE, SIZE)), scale)
    return (values - values.mean()) / values.std()


def _blurred(values: np.ndarray, scale: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(values, scale, truncate=3.0))
