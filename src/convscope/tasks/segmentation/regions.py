"""What SciPy and scikit-image know of regions of pixels, with types: any number of axes, joined over sides."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Neither library states its types; here they are.

from __future__ import annotations

import numpy as np

Box = tuple[slice, ...]
MANY = 2_000


def components(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the connected regions (H, W) int32 of a mask, numbered from 1, and how many there are."""
    from scipy.ndimage import label

    regions = np.empty(mask.shape, np.int32)
    count: int = label(mask, output=regions)  # pyright: ignore[reportAssignmentType]
    return regions, count


def boxes(labels: np.ndarray) -> list[Box | None]:
    """Return the box around each number from 1 on in labels (H, W), ``None`` for numbers that are missing."""
    from scipy.ndimage import find_objects

    return find_objects(np.maximum(labels, 0)) if labels.size else []


def distances(mask: np.ndarray) -> np.ndarray:
    """Return how far each pixel (H, W) float32 of a mask is from the nearest one outside of it, 0 there."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(mask), np.float32)


def grown(seeds: np.ndarray, heights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return seeds (H, W) int32 grown over a mask, lowest ``heights`` (H, W) first: scikit-image's watershed."""
    from skimage.segmentation import watershed

    return np.asarray(watershed(heights, seeds, mask=mask), np.int32)


def peaks(values: np.ndarray, regions: np.ndarray, distance: int) -> np.ndarray:
    """Return the places (n, axes) of the highest values in each region, at least ``distance`` pixels apart.

    Of more than ``MANY`` regions, which scikit-image would look at one after the other, they are the pixels that are
    highest within that distance, one of those beside each other, and the highest one of each region without such.
    """
    from scipy.ndimage import maximum_filter, maximum_position
    from skimage.feature import peak_local_max

    if regions.max(initial=0) <= MANY:
        return np.asarray(peak_local_max(values, min_distance=distance, labels=regions, exclude_border=False))
    plateaus, _ = components((maximum_filter(values, 2 * distance + 1) == values) & (regions > 0))
    numbers, first = np.unique(plateaus, return_index=True)
    places = np.stack(np.unravel_index(first[numbers > 0], values.shape), axis=1)
    bare = np.setdiff1d(np.unique(regions[regions > 0]), regions[tuple(places.T)])
    highest = maximum_position(values, regions, bare) if len(bare) else []
    return np.concatenate((places, np.array(highest, np.int64).reshape(-1, regions.ndim)))


def smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """Return values (H, W) smoothed by a Gaussian of ``sigma`` pixels."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(values, sigma)


def otsu_threshold(values: np.ndarray) -> float:
    """Return the threshold of values (any shape) that separates them into two classes which vary least."""
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(values))


def scale_space(image: np.ndarray, finest: float, coarsest: int) -> np.ndarray:
    """Return brightness, edges and curvatures (H, W, F) float32 of an image (H, W, C) at doubling scales."""
    from skimage.feature import multiscale_basic_features

    # by position: the number of threads has been renamed between versions
    return multiscale_basic_features(image, True, True, True, finest, coarsest, None, 1, channel_axis=-1)  # pyright: ignore[reportArgumentType]
