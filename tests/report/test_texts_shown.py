"""A report of texts shows the texts: mistakes, lengths, and the runs of characters that kernels answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import convscope as cs
from convscope.data.transforms.text import points_of
from convscope.models import create
from convscope.report import texts

WORDS = ["ana", "li", "maria", "otto", "x", "nina", "marta", "ali", "tom", "mimi"]


@pytest.fixture
def data(tmp_path: Path) -> cs.Data:
    path = tmp_path / "t.csv"
    rows = [f"{word}{k},{'ab'[k % 2]}" for k in range(3) for word in WORDS]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return cs.load(path)


@pytest.mark.parametrize("name", ["text_cnn", "text_cnn_wide"])
def test_the_runs_are_those_with_the_largest_answers(data: cs.Data, name: str):
    torch.manual_seed(0)
    vocabulary = data.preprocessing.input.vocabulary
    net = create(name, classes=2, vocabulary=vocabulary, size=(None,))  # pyright: ignore[reportArgumentType]
    table = texts.windows(net, data.train)
    assert table is not None and len(table.rows) == texts.KERNELS
    layer = net.windows
    best: list[float] = []
    for conv in [layer.conv] if name == "text_cnn" else [*layer.convs]:
        size = conv.kernel_size[0]
        each = []
        for example in data.train:
            tokens = data.preprocessing.tensor(np.asarray(example.image)[None])
            around = functional.pad(tokens, (size - 1, size - 1))
            each.append(conv(layer.embedding(around).transpose(1, 2)).amax(2)[0])
        best += torch.stack(each).amax(0).tolist()
    wanted = sorted(best, reverse=True)[: texts.KERNELS]
    assert [float(row[2]) for row in table.rows] == pytest.approx(wanted, rel=5e-3)
    size, grams, answer = table.rows[0]
    first = grams.split(", ")[0]
    assert len(first) == int(size)
    row = np.array([[-1 if letter == texts.EDGE else int(points_of(letter)[0]) for letter in first]], np.int32)
    conv = layer.conv if name == "text_cnn" else layer.convs[int(size) - 2]
    again = conv(layer.embedding(data.preprocessing.tensor(row)).transpose(1, 2)).max().item()
    assert again == pytest.approx(float(answer), rel=5e-3)


def test_networks_without_windows_have_no_table(data: cs.Data, digits: cs.Data):
    assert texts.windows(create("gru", classes=2, vocabulary=20), data.train) is None
    assert texts.lengths(digits.train) is None
    lengths = texts.lengths(data.train)
    assert lengths is not None and sorted(set(lengths.tolist())) == [2, 3, 4, 5, 6]
