"""A policy's operations, in the order in which they are done to a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment import automatic, colour, geometry, masks, mix, points, stain
from convscope.data.augment.draws import Draws
from convscope.data.augment.policy import Policy
from convscope.data.augment.raw import Raw
from convscope.data.spec import FieldSpec
from convscope.data.transforms import ImageTransform, Transform
from convscope.errors import ConfigError, ShapeError


def apply(
    policy: Policy,
    fields: Sequence[Any],
    specs: Sequence[FieldSpec],
    draws: Draws,
    *,
    preprocessing: Transform | None = None,
    becomes: np.ndarray | None = None,
) -> tuple[Any, ...]:
    """Return the fields of N samples augmented together; the first one are images x (N, C, H, W).

    Volumes (N, C, D, H, W) are images of which each slice is augmented alike, their masks (N, D, H, W). What moves the
    images moves points (N, K, 2) and masks (N, H, W) in them, too; all else that is done to images, and
    fields of other kinds, leaves them alone. ``preprocessing`` and ``becomes`` are as in ``apply_to_images`` and
    ``points.follow``.
    """
    x = apply_to_images(policy, fields[0].flatten(1, -3), draws, preprocessing)  # slices move as channels do: alike
    shape = (x.shape[1], x.shape[2], x.shape[3])
    if fields[0].ndim > 4:
        channels_last = fields[0].is_contiguous(memory_format=torch.channels_last_3d)
        x = x.view(fields[0].shape)
        x = x.contiguous(memory_format=torch.channels_last_3d) if channels_last else x
    followed: list[Any] = [x]
    for values, spec in zip(fields[1:], specs[1:], strict=True):
        if spec.kind == "points":
            values = points.follow(policy, values, draws, shape, becomes)
        elif spec.kind in ("mask", "instances"):
            values = masks.follow(policy, values, draws, shape, spec.ignore)
        followed.append(values)
    return tuple(followed)


def apply_to_images(policy: Policy, x: Tensor, draws: Draws, preprocessing: Transform | None = None) -> Tensor:
    """Return images x (N, C, H, W) augmented: first what works on raw values, then motions, light, and what hides.

    x is normalised as ``preprocessing`` says; without operations ``on_raw_values``, any x of mean 0 and deviation 1
    will do, without ``preprocessing``. The result is a new tensor in the same memory format. It depends on (seed,
    epoch, row) alone, to the last bit, and not on the batch. Blending is left to the caller, who has to fetch the
    ``partners``.
    """
    if x.ndim != 4 or len(draws.rows) != len(x):
        raise ShapeError(f"expected a batch (N, C, H, W) and N rows, got {tuple(x.shape)} and {len(draws.rows)} rows")
    channels_last = not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    x = _moved(policy, _in_raw_units(policy, x.contiguous(), draws, preprocessing), draws)
    if policy.brightness or policy.contrast:
        x = colour.light(x, draws, brightness=policy.brightness, contrast=policy.contrast)
    if policy.colour:
        x = colour.saturate(x, draws, policy.colour)
    if policy.blur:
        x = colour.blur(x, draws, policy.blur)
    if policy.noise:
        x = colour.noise(x, draws, policy.noise)
    if policy.cutout:
        x = mix.cutout(x, draws, policy.cutout)
    return x.contiguous(memory_format=torch.channels_last) if channels_last else x


def _in_raw_units(policy: Policy, x: Tensor, draws: Draws, preprocessing: Transform | None) -> Tensor:
    # First of all, while bytes are still whole numbers.
    if not policy.on_raw_values:
        return x
    if not isinstance(preprocessing, ImageTransform):
        raise ConfigError(f"augmentation {str(policy)!r} works on raw values: hand in the set's preprocessing too")
    units = Raw(preprocessing, x.device)
    raw = units.of(x)
    if policy.stain:
        raw = stain.jitter(raw, draws, policy.stain)
    if policy.hue:
        raw = units.within(colour.hue(raw, draws, policy.hue))
    if policy.randaugment:
        raw = automatic.randaugment(raw.round(), draws, policy.randaugment)
    if policy.trivialaugment:
        raw = automatic.trivialaugment(raw.round(), draws)
    return units.back(raw)


def _moved(policy: Policy, x: Tensor, draws: Draws) -> Tensor:
    warped = bool(policy.rotate or policy.scale or policy.elastic)
    shift = 0.0 if warped else policy.shift
    if policy.hflip or policy.vflip or policy.rot90 or policy.crop or shift:
        x = geometry.move(
            x, draws, hflip=policy.hflip, vflip=policy.vflip, rot90=policy.rot90, crop=policy.crop, shift=shift
        )
    if warped:
        x = geometry.warp(
            x, draws, rotate=policy.rotate, scale=policy.scale, shift=policy.shift, elastic=policy.elastic
        )
    return x
