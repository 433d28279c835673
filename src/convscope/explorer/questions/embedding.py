"""Points that stand near each other where a network treats them alike: tokens of a table, or examples by features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.spec import names_of
from convscope.data.transforms import TextTransform
from convscope.errors import ConfigError
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import whole
from convscope.plain import plain
from convscope.runs.explanation_checks import checked_rows
from convscope.runs.head_features import head_features, token_tables

if TYPE_CHECKING:
    from convscope.explorer.session import Opened, Session

MOST, NEAREST = 1000, 8  # points; neighbours that are told


def embedded(session: Session, options: Mapping[str, str], run: str) -> Answer:
    """Return points (n, 2) float32, the first two principal components, and their nearest by cosine (n, 8) int32.

    ``of`` = "tokens" are the rows of the table that tokens are looked up in; "examples", the usual, ``n`` held-out
    examples by what the last layer takes, of maps the mean of each. ``share`` is how much of the variance each of the
    two components has.
    """
    opened = session.run(run)
    tables = token_tables(opened.run)
    of = options.get("of") or "examples"
    if of == "tokens":
        if not tables:
            raise ConfigError("this network looks up no tokens in a table: choose examples")
        vectors, facts = _tokens(opened, *next(iter(tables.items())))
    elif of == "examples":
        count = whole(options, "n", 300, MOST)
        vectors, facts = session.once(("features", run, count), lambda: _examples(opened, count))
    else:
        raise ConfigError(f"of: expected examples or tokens, found {of!r}")
    points, share = principal(vectors)
    kinds = ["examples", "tokens"] if tables else ["examples"]
    return Answer(plain({**facts, "of": of, "kinds": kinds, "size": vectors.shape[1], "share": share.tolist()}),
                  {"points": points, **_neighbours(vectors)})  # fmt: skip


def principal(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors (n, d) along their first two principal axes, (n, 2), and the share of the variance of each.

    >>> points, share = principal(np.array([[0.0, 0, 3], [0, 0, -3], [1, 0, 0], [-1, 0, 0]]))
    >>> np.abs(points).round(3).tolist(), share.round(3).tolist()
    ([[3.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, 1.0]], [0.9, 0.1])
    """
    centred = vectors.astype(np.float64) - vectors.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(vectors), 2), np.float32)
    points[:, : len(sizes[:2])] = (left * sizes)[:, :2]
    share = np.zeros(2)
    share[: len(sizes[:2])] = sizes[:2] ** 2 / max(float((sizes**2).sum()), 1e-300)
    return points, share


def _neighbours(vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Return the positions of the nearest others by cosine, nearest first, and the cosines."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosine = (unit @ unit.T).astype(np.float32)
    np.fill_diagonal(cosine, -np.inf)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, : min(NEAREST, len(vectors) - 1)]
    return {"nearest": order.astype(np.int32), "cosine": np.take_along_axis(cosine, order, 1)}


def _tokens(opened: Opened, layer: str, table: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    rule = opened.run.spec.preprocessing
    words = list(rule.vocabulary or rule.characters) if isinstance(rule, TextTransform) else []
    names = ["padding", "unknown", *words]
    vectors = table[:MOST]
    names += [str(at) for at in range(len(names), len(vectors))]
    return vectors, {"layer": layer, "names": names[: len(vectors)], "groups": [], "group": [], "images": []}


def _examples(opened: Opened, count: int) -> tuple[np.ndarray, dict[str, Any]]:
    name, split, _ = opened.held
    rows = checked_rows(len(split), count)
    layer, features = head_features(opened.run, split, rows)
    target = split.target
    known = split.dataset.target_kind == "class" and isinstance(target, np.ndarray)
    images = [f"{name}:{row}" for row in rows]
    facts = {"layer": layer, "names": [str(split.ids[row]) for row in rows], "images": images,
             "groups": list(names_of(opened.run.spec.target)) if known else [],
             "group": [int(target[row]) for row in rows] if known else []}  # fmt: skip
    return features, facts
