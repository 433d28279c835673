"""Training examples of texts, DNA and signals, of each class some."""

from __future__ import annotations

import numpy as np

from convscope.data.dataset import Split
from convscope.data.transforms import TextTransform
from convscope.data.transforms.dna import probabilities
from convscope.report.sequences.contents import Examples, Group
from convscope.report.sequences.logos import information
from convscope.report.sequences.methods import method_of

SHOWN, GROUPS = 24, 12  # examples in all, and classes
ACROSS = 4  # signals of a row, which is filled
COUNTED = 4_000  # sequences of a class that its logo is made of


def examples(split: Split, shown: int = SHOWN) -> Examples | None:
    """Return about ``shown`` examples, as many of each class; ``None`` for inputs that are no sequences."""
    rule = split.dataset.preprocessing
    method = method_of(rule)
    if method is None or not len(split):
        return None
    named = _rows(split, shown)
    groups = tuple(_group(split, name, rows, count) for name, rows, count in named)
    return Examples(method.kind, groups, getattr(rule, "rate", None))


def _rows(split: Split, shown: int) -> list[tuple[str, np.ndarray, int]]:
    """Return of each group its name, the positions of all its examples, and how many of them are shown."""
    if split.dataset.target_kind != "class":
        return [("", np.arange(len(split)), shown)]
    names = split.column(split.dataset.targets[0]).spec.names
    present = np.unique(split.target)[:GROUPS]
    each = max(1, shown // len(present))
    each = -(-each // ACROSS) * ACROSS if split.input.spec.kind == "signal" else each
    return [(names[int(k)], np.flatnonzero(split.target == k), each) for k in present]


def _group(split: Split, name: str, rows: np.ndarray, count: int) -> Group:
    few = rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))]
    raw = tuple(np.asarray(split.input.take(np.array([row]))[0]) for row in few)
    said = ("",) * len(few) if name else tuple(split[few].target_words)
    return Group(name, len(rows), raw, said, _logo(split, rows))


def _logo(split: Split, rows: np.ndarray) -> np.ndarray | None:
    """Return the information of each place of DNA of one length (4, L)."""
    rule = split.dataset.preprocessing
    if not isinstance(rule, TextTransform) or not rule.dna or rule.length is None or rule.by != "characters":
        return None
    some = rows[np.unique(np.linspace(0, len(rows) - 1, min(COUNTED, len(rows))).astype(int))]
    return information(probabilities()[rule.tensor(split.input.take(some)).numpy()].sum(0, dtype=np.float64).T)
