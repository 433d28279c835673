"""What an example is called, in every message about a training: by what it is, not by how networks take it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.data.batch import Batch
from convscope.data.transforms import noun_of
from convscope.training.out_of_memory import does_not_fit


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((1, 40), "not even one text of 40 tokens at a time .*--max-length"),
        ((1, 2, 500), r"not even one signal of 2 x 500 \(channels, steps\) .*--window"),
        ((1, 3, 8, 8), r"not even one image of 3 x 8 x 8 \(channels, height, width\) .*--img-size"),
        ((1, 1, 4, 8, 8), r"not even one volume of 1 x 4 x 8 x 8 \(channels, depth, height, width\)"),
    ],
)
def test_memory_that_runs_out_names_the_input_and_its_remedy(shape: tuple[int, ...], said: str):
    with pytest.raises(cs.Error, match=said):
        raise does_not_fit(Batch(np.arange(1), (torch.zeros(shape),)))


def test_texts_are_texts_and_dna_is_sequences(tmp_path):
    words = "".join(f"wort{k},{'ab'[k % 2]}\n" for k in range(40))
    (tmp_path / "a.csv").write_text("text,label\n" + words)
    letters = "".join(f"{'ACGTTGCA'[k % 3 :]}ACGTT{'ACG'[k % 3]},{'ab'[k % 2]}\n" for k in range(60))
    (tmp_path / "b.csv").write_text("sequence,label\n" + letters)
    assert noun_of(cs.load(tmp_path / "a.csv").preprocessing) == "text"
    assert noun_of(cs.load(tmp_path / "b.csv").preprocessing) == "sequence"
    assert noun_of(cs.load("steps").preprocessing) == "signal"
    assert noun_of(cs.load("digits").preprocessing) == "image"


def test_a_class_that_train_lacks_asks_for_more_texts(tmp_path):
    rows = "".join(f"wort{k},{'abc'[k % 3]},{'test' if k % 3 == 2 else 'train'}\n" for k in range(60))
    (tmp_path / "a.csv").write_text("text,label,split\n" + rows + "".join(f"x{k},a,test\n" for k in range(3)))
    told = {notice.code: notice.text for notice in cs.load(tmp_path / "a.csv").warnings}["missing-from-train"]
    assert "1 class has no text in train (c)" in told and "add texts" in told
