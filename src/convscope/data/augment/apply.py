"""A policy's operations, in the order in which they are done to a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from convscope.data.augment import automatic, colour, geometry, mix, stain
from convscope.data.augment.draws import Draws
from convscope.data.augment.policy import Policy
from convscope.data.augment.raw import Raw
from convscope.data.transforms import ImageTransform
from convscope.errors import ConfigError


def apply(policy: Policy, x: Tensor, draws: Draws, preprocessing: ImageTransform | None) -> Tensor:
    """Return images x (N, C, H, W) augmented: first what works on raw values, then motions, light, and what hides."""
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


def _in_raw_units(policy: Policy, x: Tensor, draws: Draws, preprocessing: ImageTransform | None) -> Tensor:
    # First of all, while bytes are still whole numbers.
    if not policy.on_raw_values:
        return x
    if preprocessing is None:
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
