"""Masks of augmented images: each pixel's label takes the way of the pixel, and no label is a mean of others."""

from __future__ import annotations

import math

import numpy as np
import torch

from convscope.data.augment import automatic, elastic, geometry
from convscope.data.augment.draws import Draws
from convscope.data.augment.policy import Policy
from convscope.errors import ShapeError


def follow(
    policy: Policy, masks: np.ndarray, draws: Draws, shape: tuple[int, int, int], ignore: int | None = None
) -> np.ndarray:
    """Return masks (N, ..., H, W) of whole numbers of images of the ``shape`` (C, H, W) where ``policy`` moves them.

    Several masks of one image, as of the slices of a volume, move alike. The label is that of the nearest pixel. What
    moves in over the border is ``ignore``, or where there is no such label that of the pixel that the image shows.
    """
    channels, height, width = shape
    if masks.shape[-2:] != (height, width):
        raise ShapeError(f"expected masks (N, {height}, {width}), as large as their images, got {masks.shape}")
    whole = (len(masks), channels, height, width)
    turns = automatic.rand_turns(draws, policy.randaugment, whole) if policy.randaugment else []
    turns += automatic.trivial_turns(draws, whole) if policy.trivialaugment else []
    for chosen, amount in turns:
        moved = np.isin(chosen, automatic.MOTIONS)
        back, by = automatic.motion(chosen[moved], amount[moved], height, width)
        masks = masks.copy()
        masks[moved] = _sampled(masks[moved], back, by, ignore)
    warped = bool(policy.rotate or policy.scale or policy.elastic)
    shift = 0.0 if warped else policy.shift
    if policy.hflip or policy.vflip or policy.rot90 or policy.crop or shift:
        masks = _moved(policy, masks, draws, shift, ignore)
    if not warped:
        return masks
    back, by = geometry.drawn(draws, height, width, rotate=policy.rotate, scale=policy.scale, shift=policy.shift)
    like = torch.empty(len(masks), 1, height, width)
    bend = elastic.field(like.shape, draws, policy.elastic, like) if policy.elastic else None
    return _sampled(masks, back, by, ignore, bend)


def _moved(policy: Policy, masks: np.ndarray, draws: Draws, shift: float, ignore: int | None) -> np.ndarray:
    """Do what ``geometry.move`` does."""
    H, W = masks.shape[-2:]
    down, along = geometry.look_ups(
        draws, H, W, hflip=policy.hflip, vflip=policy.vflip, rot90=policy.rot90, crop=policy.crop, shift=shift
    )
    over_y, over_x = (geometry.beyond(draws, axis, size, policy.crop, shift) for axis, size in (("y", H), ("x", W)))
    over = over_y[:, :, None] | over_x[:, None, :]
    return _from(masks, down[:, :, None] + along[:, None, :], over, ignore)


def _sampled(
    masks: np.ndarray, back: tuple[geometry.Rows, geometry.Rows], by: geometry.Rows, ignore: int | None,
    bend: torch.Tensor | None = None,
) -> np.ndarray:  # fmt: skip
    """Do what ``geometry.affine`` does, with the label of the nearest pixel."""
    N, (H, W) = len(masks), masks.shape[-2:]
    places = geometry.grid(torch.empty(N, 1, H, W), back, by, bend).numpy()
    column, row = (
        np.floor((places[..., axis] + 1) * (size / 2)).astype(np.int64) for axis, size in ((0, W), (1, H))
    )  # fmt: skip
    over = (column < 0) | (column >= W) | (row < 0) | (row >= H)
    return _from(masks, np.clip(row, 0, H - 1) * W + np.clip(column, 0, W - 1), over, ignore)


def _from(masks: np.ndarray, source: np.ndarray, over: np.ndarray, ignore: int | None) -> np.ndarray:
    """Return masks (N, ..., H, W) with the labels at the places ``source`` (N, H, W) of the flat ones of each sample.

    Where ``over`` (N, H, W) says so they are ``ignore``, if there is such a label.
    """
    N, places = len(masks), math.prod(masks.shape[-2:])
    flat = masks.reshape(N, math.prod(masks.shape[1:-2]), places)
    moved = np.take_along_axis(flat, source.reshape(N, 1, places), axis=2)
    if ignore is not None:
        moved = np.where(over.reshape(N, 1, places), masks.dtype.type(ignore), moved)
    return moved.reshape(masks.shape)
