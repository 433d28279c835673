"""What a report shows of texts: how long they are, and which runs of characters each kernel answers most."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
from torch import nn

from convscope.data.columns import Ragged
from convscope.data.dataset import Split
from convscope.data.transforms import TextTransform
from convscope.data.transforms.text import PADDING, UNKNOWN, points_of, text_of
from convscope.models.dna import Motifs, Places
from convscope.models.text import ManyWindows, Windows
from convscope.report.tables import Table

READ, SEEN = 4_000, 20_000  # training texts whose windows are looked at, and different windows at most
KERNELS, SHOWN = 24, 5  # kernels in the table, and runs of characters of each
EDGE = "·"  # before and behind a text


def texts_of(split: Split, rows: np.ndarray) -> list[str]:
    """Return the texts at positions of a split."""
    return [text_of(np.asarray(text)) for text in split.input.take(rows)]


def lengths(split: Split) -> np.ndarray | None:
    """Return how many characters a text of a split has, or steps a signal (n,); ``None`` for other inputs."""
    column = split.dataset.columns[split.dataset.inputs[0]]
    if column.spec.kind not in ("text", "signal"):
        return None
    if isinstance(column, Ragged):
        return column.shapes[split.rows, 0]
    return np.full(len(split), column.spec.shape[0])


def windows(model: nn.Module, split: Split) -> Table | None:
    """Return the runs of characters that kernels of the first layer answer most; ``None`` where there is no such layer.

    They are those of the training texts. The kernels are the ones with the largest answers.
    """
    rule = split.dataset.preprocessing
    layers = [(module, conv) for module in model.modules() for conv in _kernels(module)]
    if not isinstance(rule, TextTransform) or not layers:
        return None
    some = np.linspace(0, len(split) - 1, min(READ, len(split))).astype(int)
    texts = texts_of(split, some)
    found: list[tuple[float, tuple[str, ...], int]] = []
    for module, conv in layers:
        size = conv.kernel_size[0]
        found += [(answer, grams, size) for answer, grams in _largest(module, conv, texts, rule)]
    found.sort(key=lambda each: -each[0])
    rows = [(f"{size}", ", ".join(grams), f"{answer:.3g}") for answer, grams, size in found[:KERNELS]]
    return Table(
        (rule.noun[1] if rule.by != "characters" else "characters", "answers most", "largest answer"), rows, (0, 2)
    )


def _kernels(module: nn.Module) -> list[nn.Conv1d]:
    if isinstance(module, Windows | Motifs | Places):
        return [module.conv]
    return [*module.convs] if isinstance(module, ManyWindows) else []  # pyright: ignore[reportReturnType]


def _largest(
    module: nn.Module, conv: nn.Conv1d, texts: list[str], rule: TextTransform
) -> list[tuple[float, tuple[str, ...]]]:
    """Return each kernel's largest answer to a window of the texts, and the windows with the largest ones."""
    size = conv.kernel_size[0]
    counted: Counter[tuple[int, ...]] = Counter()
    for text in texts:
        numbers = rule.tensor(points_of(text)[None])[0].tolist()
        padded = [*[PADDING] * (size - 1), *numbers, *[PADDING] * (size - 1)]
        counted.update(tuple(padded[at : at + size]) for at in range(len(padded) - size + 1))
    grams = [gram for gram, _ in counted.most_common(SEEN)]
    tokens = torch.tensor(grams)
    with torch.no_grad():
        seen = module.embedding(tokens).transpose(1, 2) if hasattr(module, "embedding") else module.bases(tokens)  # pyright: ignore
        answers = nn.functional.conv1d(seen, conv.weight, conv.bias)[..., 0]  # (windows, kernels)
    most, at = answers.topk(min(SHOWN, len(grams)), dim=0)
    return [
        (float(most[0, kernel]), tuple(_said(grams[int(row)], rule) for row in at[:, kernel]))
        for kernel in range(answers.shape[1])
    ]


def _said(gram: tuple[int, ...], rule: TextTransform) -> str:
    """Return a run of tokens as text: characters as they stand, words and k-mers with a space between."""
    shown = {PADDING: EDGE, UNKNOWN: "?"}
    return ("" if rule.by == "characters" else " ").join(shown.get(at) or rule.names([at])[0] for at in gram)
