"""Points that stand near each other where a network treats them alike: tokens of a table, or examples by features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np

from convscope.data.transforms import TextTransform
from convscope.data.transforms.text import text_of
from convscope.errors import ConfigError
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import whole
from convscope.plain import plain
from convscope.runs.explanation_checks import checked_rows
from convscope.runs.head_features import head_features, token_tables

if TYPE_CHECKING:
    from convscope.explorer.session import Opened, Session

MOST, NEAREST = 1000, 8  # points; neighbours that are told
MOST_LETTERS = 40  # of a text that is a point
SPECIAL = ("padding", "unknown")  # the first rows of a table of tokens
KINDS = ("padding, unknown", "vowels", "other letters", "digits", "marks")


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
    names = [*SPECIAL, *words]
    vectors = table[:MOST]
    names += [str(at) for at in range(len(names), len(vectors))]
    kinds = kinds_of(names[: len(vectors)])
    groups = [kind for kind in KINDS if kind in kinds]
    named = ["space" if name == " " else name for name in names[: len(vectors)]]
    return vectors, {"layer": layer, "names": named, "groups": groups,
                     "group": [groups.index(kind) for kind in kinds], "images": []}  # fmt: skip


def kinds_of(names: Sequence[str]) -> list[str]:
    """Return of each letter of an alphabet whether it is a vowel, another letter, a digit or a mark; else nothing.

    >>> kinds_of(["padding", "unknown", "A", "é", "i", "n", "7", "-"])
    ['padding, unknown', 'padding, unknown', 'vowels', 'vowels', 'vowels', 'other letters', 'digits', 'marks']
    >>> kinds_of(["padding", "unknown", "A", "C", "G", "T"])  # of these a vowel means nothing
    []
    """
    letters = [normalize("NFD", name.casefold())[:1] for name in names]
    words = names[len(SPECIAL) :]
    if any(len(word) != 1 for word in words) or len({*letters[len(SPECIAL) :]}.intersection("aeiou")) < 3:
        return []
    return [
        KINDS[0] if at < len(SPECIAL)
        else "vowels" if letter in "aeiou"
        else "other letters" if letter.isalpha()
        else "digits" if letter.isdigit()
        else "marks"
        for at, letter in enumerate(letters)
    ]  # fmt: skip


def _examples(opened: Opened, count: int) -> tuple[np.ndarray, dict[str, Any]]:
    name, split, _ = opened.held
    rows = checked_rows(len(split), count)
    layer, features = head_features(opened.run, split, rows)
    known = split[rows].kinds
    names = [str(split.ids[row]) for row in rows]
    if split.input.spec.kind == "text":
        texts = [text_of(split.input.take(np.array([row]))[0]) for row in rows]
        names = [text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…" for text in texts]
    facts = {"layer": layer, "names": names, "images": [f"{name}:{row}" for row in rows],
             "groups": [] if known is None else list(known[1]),
             "group": [] if known is None else known[0].tolist()}  # fmt: skip
    return features, facts
