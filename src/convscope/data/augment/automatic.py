"""RandAugment and TrivialAugment: operations drawn from a list, one sample this, another sample that.

The list is the usual one of fourteen, each as PIL does it to bytes, but for two things: what moves in over the border
repeats the border instead of being black, and pixels are interpolated between two neighbours instead of repeated.
Samples that drew the same kind of operation go through it together, so that a batch costs a handful of calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment.draws import Draws
from convscope.data.augment.geometry import Rows, affine
from convscope.data.augment.raw import look_up

# operation: what magnitude 1 means to RandAugment (Cubuk et al., 2020) and to TrivialAugment, whose ranges are wide
# (Müller and Hutter, 2021). Factors lie at 1 ± that; either sign is equally likely.
OPERATIONS: dict[str, tuple[float, float]] = {
    "identity": (0, 0),
    "autocontrast": (0, 0),
    "equalize": (0, 0),
    "posterize": (4, 6),  # bits of eight that are dropped
    "solarize": (255, 255),  # values as near as this to white are inverted
    "brightness": (0.9, 0.99),  # factor
    "contrast": (0.9, 0.99),  # factor about the mean grey
    "colour": (0.9, 0.99),  # factor about each pixel's grey; not for images of other than three channels
    "sharpness": (0.9, 0.99),  # factor about the smoothed image
    "rotate": (30, 135),  # degrees
    "shear x": (0.3, 0.99),  # pixels along a pixel down
    "shear y": (0.3, 0.99),
    "shift x": (0.45, 0.5),  # share of the side; to TrivialAugment at most 32 pixels
    "shift y": (0.45, 0.5),
}
MOTIONS = ("rotate", "shear x", "shear y", "shift x", "shift y")  # those of them that move pixels
FEW = 2  # operations a sample under RandAugment
_WIDEST = 32  # pixels
_STEPS = 30  # magnitudes that TrivialAugment draws from, and 0


def randaugment(raw: Tensor, draws: Draws, magnitude: float) -> Tensor:
    """Apply two operations, drawn with repetition, at ``magnitude`` of 10 to bytes ``raw`` (N, C, H, W)."""
    for chosen, amount in rand_turns(draws, magnitude, raw.shape):
        raw = perform(raw, chosen, amount)
    return raw


def trivialaugment(raw: Tensor, draws: Draws) -> Tensor:
    """Apply one operation at a random magnitude to bytes ``raw`` (N, C, H, W)."""
    for chosen, amount in trivial_turns(draws, raw.shape):
        raw = perform(raw, chosen, amount)
    return raw


Turn = tuple[np.ndarray, np.ndarray]  # the operation drawn by each sample (N,), and by how much (N,)


def rand_turns(draws: Draws, magnitude: float, shape: Sequence[int]) -> list[Turn]:
    """Return what RandAugment does to images of the ``shape`` (N, C, H, W), turn by turn."""
    strength = np.full(len(draws.rows), magnitude / 10)
    return [_turn(draws, f"randaugment {turn}", strength, shape, wide=False) for turn in range(FEW)]


def trivial_turns(draws: Draws, shape: Sequence[int]) -> list[Turn]:
    """Return what TrivialAugment does to images of the ``shape`` (N, C, H, W): one turn."""
    strength = draws.below("trivialaugment magnitude", _STEPS + 1) / _STEPS
    return [_turn(draws, "trivialaugment", strength, shape, wide=True)]


def operations(channels: int) -> list[str]:
    """Return the operations drawn from, all equally likely."""
    return [name for name in OPERATIONS if name != "colour" or channels == 3]


def _turn(draws: Draws, purpose: str, strength: np.ndarray, shape: Sequence[int], *, wide: bool) -> Turn:
    names = np.array(operations(shape[1]))
    chosen = names[draws.below(f"{purpose} operation", len(names))]
    sign = np.where(draws.coin(f"{purpose} sign"), 1.0, -1.0)
    most = {name: _most(name, wide, shape) for name in names}
    return chosen, sign * strength * np.array([most[name] for name in chosen])


def _most(name: str, wide: bool, shape: Sequence[int]) -> float:
    most = OPERATIONS[name][wide]
    if wide and name in ("shift x", "shift y"):
        return min(most, _WIDEST / shape[3 if name == "shift x" else 2])
    return most


def perform(raw: Tensor, chosen: np.ndarray, amount: np.ndarray) -> Tensor:
    """Return bytes ``raw`` (N, C, H, W) with the operation ``chosen`` (N,) done to each, by ``amount`` (N,)."""
    found = raw.clone()
    for kinds, change in _KINDS.items():
        at = np.flatnonzero(np.isin(chosen, kinds))
        if len(at):
            where = torch.from_numpy(at).to(raw.device)
            found[where] = change(raw[where], chosen[at], amount[at])
    return found


def _move(raw: Tensor, chosen: np.ndarray, amount: np.ndarray) -> Tensor:
    return affine(raw, *motion(chosen, amount, *raw.shape[2:])).round_()


def motion(chosen: np.ndarray, amount: np.ndarray, height: int, width: int) -> tuple[tuple[Rows, Rows], Rows]:
    """Return the inverse of each sample's linear map, and its shift in pixels, as ``affine`` takes them."""

    def of(name: str) -> np.ndarray:
        return np.where(chosen == name, amount, 0.0)

    angle = np.radians(of("rotate"))
    back = (np.cos(angle), of("shear x") - np.sin(angle)), (of("shear y") + np.sin(angle), np.cos(angle))
    return back, (of("shift x") * width, of("shift y") * height)


def _tables(raw: Tensor, chosen: np.ndarray, amount: np.ndarray) -> Tensor:
    """Change each byte by a table of its sample and channel."""
    N, C = raw.shape[:2]
    tables = raw.new_empty(N, C, 256)
    for name, table in _TABLES.items():
        at = np.flatnonzero(chosen == name)
        if len(at):
            where = torch.from_numpy(at).to(raw.device)
            strength = torch.from_numpy(amount[at]).to(raw.device).view(-1, 1, 1)
            tables[where] = table(raw[where], strength).to(tables.dtype)
    return look_up(raw, tables)


def _posterize(raw: Tensor, amount: Tensor) -> Tensor:
    step = 2 ** amount.abs().round().to(raw)
    return ((_bytes(raw) / step).floor() * step).expand(*raw.shape[:2], 256)


def _solarize(raw: Tensor, amount: Tensor) -> Tensor:
    values = _bytes(raw)
    return torch.where(values >= 255 - amount.abs(), 255 - values, values).expand(*raw.shape[:2], 256)


def _brighten(raw: Tensor, amount: Tensor) -> Tensor:
    return _cut(_bytes(raw) * _factor(amount, raw)).expand(*raw.shape[:2], 256)


def _contrast(raw: Tensor, amount: Tensor) -> Tensor:
    total = _grey(raw).long().sum((1, 2, 3))  # whole numbers: exact in any order
    mean = (total / raw[0, 0].numel() + 0.5).floor().view(-1, 1, 1)
    return _cut(mean + (_bytes(raw) - mean) * _factor(amount, raw)).expand(*raw.shape[:2], 256)


def _autocontrast(raw: Tensor, amount: Tensor) -> Tensor:
    low, high = raw.amin((2, 3))[..., None].double(), raw.amax((2, 3))[..., None].double()
    values = _bytes(low)
    # In PIL's order, so that it rounds alike; torch would take 255 / t for 255 · (1 / t).
    scale = torch.full_like(high, 255).div_((high - low).clamp(min=1))
    return torch.where(high > low, _cut(values * scale - low * scale), values)


def _equalize(raw: Tensor, amount: Tensor) -> Tensor:
    """Make all values equally frequent, as far as a table can, each channel for itself."""
    N, C, H, W = raw.shape
    first = torch.arange(N * C, device=raw.device).view(N, C, 1) * 256
    counts = torch.bincount((raw.view(N, C, H * W).long() + first).view(-1), minlength=N * C * 256).view(N, C, 256)
    highest = raw.amax((2, 3))[..., None].long()
    step = (H * W - counts.gather(2, highest)) // 255  # the most frequent whole share; the highest value is left out
    below = counts.cumsum(2) - counts
    table = ((step // 2 + below) // step.clamp(min=1)).clamp(max=255).to(raw)
    return torch.where(step > 0, table, _bytes(raw))


def _colour(raw: Tensor, chosen: np.ndarray, amount: np.ndarray) -> Tensor:
    return _away(_grey(raw), raw, amount)


def _sharpen(raw: Tensor, chosen: np.ndarray, amount: np.ndarray) -> Tensor:
    smooth = raw.clone()
    if min(raw.shape[2:]) >= 3:  # the border stays
        across = raw[..., :-2] + raw[..., 1:-1] + raw[..., 2:]
        nine = across[:, :, :-2] + across[:, :, 1:-1] + across[:, :, 2:]
        centre = raw[:, :, 1:-1, 1:-1]
        smooth[:, :, 1:-1, 1:-1] = ((nine + 4 * centre) / 13 + 0.5).floor()
    return _away(smooth, raw, amount)


def _away(from_: Tensor, raw: Tensor, amount: np.ndarray) -> Tensor:
    """Return what lies on the line from one image through the other, at 1 + ``amount`` of the way."""
    factor = _factor(torch.from_numpy(amount).to(raw.device), raw)
    return _cut(from_ + (raw - from_) * factor.view(-1, 1, 1, 1))


def _grey(raw: Tensor) -> Tensor:
    """Return the luma (N, 1, H, W) of colour images, in whole numbers below 2²⁴, and the mean channel of others."""
    if raw.shape[1] != 3:
        return (raw.sum(1, keepdim=True) / raw.shape[1]).floor()
    red, green, blue = (raw[:, k : k + 1] for k in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 32768) / 65536).floor()


def _cut(values: Tensor) -> Tensor:
    return values.clamp_(0, 255).floor_()


def _bytes(like: Tensor) -> Tensor:
    return torch.arange(256, dtype=like.dtype, device=like.device)


def _factor(amount: Tensor, like: Tensor) -> Tensor:
    return (1 + amount).to(like)  # added in double precision, then rounded once, as PIL takes its factors


_TABLES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "autocontrast": _autocontrast,
    "equalize": _equalize,
    "posterize": _posterize,
    "solarize": _solarize,
    "brightness": _brighten,
    "contrast": _contrast,
}
_KINDS: dict[tuple[str, ...], Callable[[Tensor, np.ndarray, np.ndarray], Tensor]] = {
    tuple(_TABLES): _tables,
    ("colour",): _colour,
    ("sharpness",): _sharpen,
    MOTIONS: _move,
}
