"""What a network learned of its tokens: which lie near each other, and all of them in a plane."""

from __future__ import annotations

import numpy as np
from torch import nn

from convscope.data.dataset import Split
from convscope.data.transforms import TextTransform
from convscope.report.sequences.contents import Embedded
from convscope.report.tables import Table

FIRST = 2  # padding and unknown ones are no tokens of a text
TEXTS = 4_000  # training texts whose tokens are counted
MOST, NEAR, FEWEST = 80, 4, 4  # tokens that are shown, neighbours of each, and tokens below which there is nothing


def embedded(model: nn.Module, split: Split) -> tuple[Embedded, Table] | None:
    """Return the most frequent tokens in a plane, and their neighbours; ``None`` for networks that embed none."""
    rule = split.dataset.preprocessing
    layer = _embedding(model, rule)
    if layer is None:
        return None
    order = _by_frequency(split, rule)[:MOST]
    if len(order) < FEWEST:
        return None
    names = tuple(map(_shown, rule.tokens))
    weights = layer.weight.detach().double().numpy()[FIRST:][order]  # (K, width)
    places, shares = principal(weights)
    tokens = tuple(names[at] for at in order)
    return Embedded(tokens, places, shares), _neighbours(tokens, weights)


def principal(vectors: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the first two principal components (K, 2) of vectors (K, width), and their shares of the variance.

    The largest weight of each component is positive, so that the picture is the same each time.
    """
    centred = vectors - vectors.mean(0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.where(right.max(1) >= -right.min(1), 1.0, -1.0)
    places = (left * sizes * signs)[:, :2]
    shares = sizes**2 / max(1e-12, float((sizes**2).sum()))
    return places, (float(shares[0]), float(shares[1]))


def nearest(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which other vectors are nearest to each by the cosine, the nearest first, and the cosines: (K, near)."""
    unit = vectors / np.maximum(1e-12, np.linalg.norm(vectors, axis=1, keepdims=True))
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -np.inf)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, : min(NEAR, len(vectors) - 1)]
    return order, np.take_along_axis(cosine, order, 1)


def _embedding(model: nn.Module, rule: object) -> nn.Embedding | None:
    if not isinstance(rule, TextTransform) or rule.dna:
        return None
    layers = (module for module in model.modules() if isinstance(module, nn.Embedding))
    return next((layer for layer in layers if layer.num_embeddings == rule.input.vocabulary), None)


def _by_frequency(split: Split, rule: TextTransform) -> np.ndarray:
    """Return the tokens that occur in some training texts, from 0 for the first character, the most frequent first."""
    rows = np.unique(np.linspace(0, len(split) - 1, min(TEXTS, len(split))).astype(int))
    tokens = rule.tensor(split.input.take(rows)).numpy()
    counts = np.bincount(tokens.ravel(), minlength=FIRST + len(rule.tokens))[FIRST:]
    order = np.argsort(-counts, kind="stable")
    return order[counts[order] > 0]


def _neighbours(tokens: tuple[str, ...], vectors: np.ndarray) -> Table:
    order, cosine = nearest(vectors)
    rows = [
        (token, ", ".join(f"{tokens[at]} {value:.2f}" for at, value in zip(others, values, strict=True)))
        for token, others, values in zip(tokens, order, cosine, strict=True)
    ]
    return Table(("token", "nearest, by the cosine"), rows)


def _shown(token: str) -> str:
    return "␣" if token == " " else token if token.isprintable() else repr(token)[1:-1]
