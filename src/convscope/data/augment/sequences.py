"""What is done to signals (N, C, T) and to tokens of texts (N, T), within the length of each.

Nothing makes an example longer or shorter: padding stays where it is, and what lies before it is no padding afterwards.
What an example draws does not depend on how far its batch is padded.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convscope.data.augment import colour
from convscope.data.augment.draws import Draws
from convscope.data.augment.policy import Policy
from convscope.data.transforms import SignalTransform, TextTransform
from convscope.data.transforms.dna import BASES, LETTERS, complement
from convscope.data.transforms.text import PADDING, SPECIAL, UNKNOWN

STRIP = 1 << 12  # steps that a window of noise is a multiple of, so that it is the same however a batch is padded


def apply_to_sequences(
    policy: Policy, x: Tensor, lengths: np.ndarray | None, draws: Draws, transform: SignalTransform | TextTransform
) -> Tensor:
    """Return network input augmented: signals (N, C, T) float32, or tokens (N, T) int64.

    ``lengths`` (n,) are those of signals that were padded, ``None`` where they were not. The result depends on (seed,
    epoch, row) alone.
    """
    if isinstance(transform, TextTransform):
        return _tokens(policy, x, draws, transform)
    return _signals(policy, x, np.full(len(x), x.shape[2]) if lengths is None else lengths, draws)


def _signals(policy: Policy, x: Tensor, lengths: np.ndarray, draws: Draws) -> Tensor:
    steps = np.arange(x.shape[2])
    inside = torch.from_numpy(steps < lengths[:, None])[:, None].to(x.device)  # (N, 1, T)
    if policy.warp or policy.crop:
        x = resampled(x, places(policy, lengths, x.shape[2], draws))
    if policy.scale:
        factor = draws.uniform("signal scale", 1 - policy.scale, 1 + policy.scale)
        x = x * torch.from_numpy(factor).to(x)[:, None, None]
    if policy.noise:
        room = -(-x.shape[2] // STRIP) * STRIP
        wide = torch.zeros((len(x), x.shape[1], room), dtype=x.dtype, device=x.device)
        x = x + colour.noise(wide, draws, policy.noise)[..., : x.shape[2]]
    if policy.mask:
        x = x.masked_fill(torch.from_numpy(masked(policy.mask, lengths, x.shape[2], draws)).to(x.device)[:, None], 0)
    return x.masked_fill(~inside, 0)


def places(policy: Policy, lengths: np.ndarray, steps: int, draws: Draws) -> np.ndarray:
    """Return where in its signal each step is read, (N, T), for a window of it, and for time that runs unevenly.

    ``crop`` reads a stretch of the signal, at least 1 - ``crop`` of it, over its whole length (Le Guennec et al. 2016).
    ``warp`` moves steps by up to this fraction of the length (Um et al. 2017), by two waves that leave both ends in
    place; up to 0.3 time never runs backwards.
    """
    last = (lengths - 1)[:, None].astype(np.float64)
    u = np.minimum(np.arange(steps) / np.maximum(last, 1), 1.0)  # (N, T), 0..1 along each signal
    if policy.warp:
        a, b = draws.vector("time warp", 2, -1, 1).T[:, :, None]
        u = u + policy.warp / 2 * (a * np.sin(np.pi * u) + b / 2 * np.sin(2 * np.pi * u))
    if policy.crop:
        kept = 1 - draws.uniform("signal crop", 0, policy.crop)[:, None]
        begin = draws.uniform("signal crop begin")[:, None] * (1 - kept)
        u = begin + kept * u
    return np.clip(u, 0, 1) * last


def resampled(x: Tensor, at: np.ndarray) -> Tensor:
    """Return x (N, C, T) read at places (N, T), by lines between its steps."""
    below = np.floor(at).astype(np.int64)
    weight = torch.from_numpy(at - below).to(x)[:, None]
    first = torch.from_numpy(below).to(x.device)[:, None].expand_as(x)
    second = (first + 1).clamp(max=x.shape[2] - 1)
    return torch.lerp(x.gather(2, first), x.gather(2, second), weight)


def masked(fraction: float, lengths: np.ndarray, steps: int, draws: Draws) -> np.ndarray:
    """Return which steps (N, T) a stretch of ``fraction`` of each signal hides; never the last one, which tells where
    a signal ends."""
    width = np.minimum(np.maximum(np.round(fraction * lengths), 1), np.maximum(lengths - 1, 0))[:, None]
    begin = np.floor(draws.uniform("signal mask")[:, None] * (lengths[:, None] - width))
    offset = np.arange(steps) - begin
    return (offset >= 0) & (offset < width)


def _tokens(policy: Policy, x: Tensor, draws: Draws, rule: TextTransform) -> Tensor:
    if policy.rc:
        turned = torch.from_numpy(draws.coin("reverse complement")).to(x.device)
        x = torch.where(turned[:, None], reverse_complement(x), x)
    there = x != PADDING
    if policy.typos:
        known = torch.tensor(_letters(rule), device=x.device)
        chance = torch.from_numpy(draws.vector("typos", x.shape[1])).to(x.device)
        which = torch.from_numpy(draws.vector("typo", x.shape[1]) * len(known)).to(x.device).long()
        x = torch.where(there & (chance < policy.typos), known[which], x)
    if policy.dropout:
        chance = torch.from_numpy(draws.vector("token dropout", x.shape[1])).to(x.device)
        x = x.masked_fill(there & (chance < policy.dropout), UNKNOWN)
    return x


def _letters(rule: TextTransform) -> list[int]:
    """Return the tokens that a character may become: of DNA the four bases."""
    if rule.dna:
        return [SPECIAL + LETTERS.index(base) for base in BASES]
    return [*range(SPECIAL, SPECIAL + len(rule.tokens))]


def reverse_complement(tokens: Tensor) -> Tensor:
    """Return tokens (N, T) of the other strand of DNA, read from its begin; padding stays behind."""
    lengths = (tokens != PADDING).sum(1, keepdim=True)
    steps = torch.arange(tokens.shape[1], device=tokens.device)
    at = torch.where(steps < lengths, lengths - 1 - steps, steps)
    other = torch.tensor([PADDING, UNKNOWN, *(SPECIAL + LETTERS.index(each) for each in complement(LETTERS))])
    return other.to(tokens.device)[tokens.gather(1, at)]
