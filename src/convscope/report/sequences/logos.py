"""Each kernel over DNA as a sequence logo: which letters stand in the windows that it answers, and how surely.

A column's height is its information, R = 2 - (H + e) bits: H is the entropy of the bases in it, e = 3 / (2 ln 2 · n)
corrects for there being n windows only (Schneider et al. 1986, Schneider and Stephens 1990); below 0 it is 0. That
every base is as likely as any other is what 2 bits mean. The windows are those whose answer is above half the kernel's
largest one (Kelley et al. 2016).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.dataset import Split
from convscope.data.transforms import TextTransform
from convscope.data.transforms.dna import BASES, probabilities
from convscope.report.sequences.contents import Logo
from convscope.report.sequences.first_layer import First, first_convolutions

SEQUENCES, LETTERS = 4_000, 2_000_000  # training sequences that are looked at, and their letters together
ABOVE = 0.5  # of the largest answer, from which on a window counts
KERNELS, SITES = 12, 20  # logos, and windows below which there is none


def logos(model: nn.Module, split: Split) -> tuple[Logo, ...]:
    """Return the logos of the kernels with the most information; none of other inputs, or without kernels over DNA."""
    rule = split.dataset.preprocessing
    if not isinstance(rule, TextTransform) or not rule.dna or rule.by != "characters":
        return ()
    groups = [*_by_length(split, rule).values()]
    seen = [_bases(tokens) for tokens in groups]
    found: list[Logo] = []
    for first in first_convolutions(model, groups[0][:1], seen[0][:1]):
        found += _of_convolution(first, seen)
    found.sort(key=lambda logo: -float(logo.heights.sum()))
    return tuple(found[:KERNELS])


def information(counts: np.ndarray) -> np.ndarray:
    """Return the heights (4, K) in bits of the letters counted (4, K): their share of the column's information.

    Eight windows of A alone: 2 - 3 / (2 ln 2 · 8) = 1.7295 bits; of as many A as C one bit less, shared.

    >>> information(np.array([[8.0, 4.0], [0.0, 4.0], [0.0, 0.0], [0.0, 0.0]])).round(4).tolist()
    [[1.7295, 0.3647], [0.0, 0.3647], [0.0, 0.0], [0.0, 0.0]]
    """
    n = counts.sum(0)
    shares = counts / np.maximum(n, 1e-12)
    entropy = -np.where(shares > 0, shares * np.log2(np.where(shares > 0, shares, 1.0)), 0.0).sum(0)
    correction = (len(BASES) - 1) / (2 * np.log(2) * np.maximum(n, 1e-12))
    return shares * np.maximum(0.0, 2.0 - entropy - correction)


def _by_length(split: Split, rule: TextTransform) -> dict[int, Tensor]:
    """Return the tokens of some sequences, those of one length together."""
    rows = np.unique(np.linspace(0, len(split) - 1, min(SEQUENCES, len(split))).astype(int))
    held: dict[int, list[np.ndarray]] = {}
    letters = 0
    for row in rows:
        sequence = np.asarray(split.input.take(np.array([row]))[0])
        letters += len(sequence)
        if letters > LETTERS and held:
            break
        held.setdefault(len(sequence), []).append(sequence)
    return {length: rule.tensor(np.stack(each)) for length, each in held.items()}


def _bases(tokens: Tensor) -> Tensor:
    """Return the probabilities of the bases (N, 4, L) of tokens (N, L)."""
    return nn.functional.embedding(tokens, torch.from_numpy(probabilities())).transpose(1, 2)


def _of_convolution(first: First, seen: list[Tensor]) -> list[Logo]:
    """Return the logo of each kernel that answers something, from enough windows."""
    answered = [first.answers(each).numpy() for each in seen]  # each (N, O, T')
    largest = np.max([each.max((0, 2)) for each in answered], axis=0)
    found: list[Logo] = []
    for kernel in np.flatnonzero(largest > 0).tolist():
        counts, sites = np.zeros((len(BASES), first.window)), 0
        for bases, answer in zip(seen, answered, strict=True):
            row, place = np.nonzero(answer[:, kernel] > ABOVE * largest[kernel])
            counts += _counted(bases.numpy(), row, first.starts(answer.shape[2])[place], first.window)
            sites += len(row)
        if sites >= SITES:
            found.append(Logo(f"{first.name} {kernel}", information(counts), sites, float(largest[kernel])))
    return found


def _counted(bases: np.ndarray, rows: np.ndarray, starts: np.ndarray, window: int) -> np.ndarray:
    """Return how often each base stands at each place of some windows, (4, window); beyond the ends none does."""
    length = bases.shape[2]
    places = starts[:, None] + np.arange(window)  # (sites, window)
    inside = (places >= 0) & (places < length)
    letters = bases[rows[:, None], :, np.clip(places, 0, length - 1)]  # (sites, window, 4)
    return (letters * inside[..., None]).sum(0).T
