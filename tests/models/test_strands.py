"""Strand-symmetric networks answer a sequence and its reverse complement alike; what cannot be so is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.data.transforms import TextTransform
from convscope.data.transforms.dna import LETTERS, complement
from convscope.models.dna import conv_dna, danq
from convscope.training.by_input import refuse_strands

RULE = TextTransform(LETTERS, "upper", dna=True)


def batch(texts: list[str], width: int = 0) -> torch.Tensor:
    tokens = torch.zeros(len(texts), max(width, *map(len, texts)), dtype=torch.long)
    for at, text in enumerate(texts):
        tokens[at, : len(text)] = torch.tensor([2 + LETTERS.index(letter) for letter in text])
    return tokens


def sequences(lengths: list[int]) -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(rng.choice([*LETTERS], length)) for length in lengths]


def network(build, size: tuple[int, ...] | None, *, strand_symmetric: bool) -> nn.Module:
    torch.manual_seed(0)
    made = build(classes=3, vocabulary=17, size=size, strand_symmetric=strand_symmetric)
    made(batch(sequences([30] * 8)))  # running statistics of its own
    return made.eval()


@pytest.mark.parametrize("size", [(30,), None])
@pytest.mark.parametrize("build", [conv_dna, danq])
def test_a_sequence_and_its_reverse_complement_get_one_answer(build, size):
    texts = sequences([30] * 6) if size else sequences([30, 25, 40, 3, 19, 1])
    others = [complement(text)[::-1] for text in texts]
    model = network(build, size, strand_symmetric=True)
    with torch.no_grad():
        answers = model(batch(texts))
        torch.testing.assert_close(model(batch(others)), answers, rtol=0, atol=1e-6)
        if not size:
            alone = torch.cat([model(batch([text], 50)) for text in texts])
            torch.testing.assert_close(alone, answers, rtol=0, atol=1e-6)
        plain = network(build, size, strand_symmetric=False)
        assert (plain(batch(others)) - plain(batch(texts))).abs().max() > 1e-3
    assert list(model.state_dict()) == list(plain.state_dict())


def test_strands_of_texts_and_of_other_networks_are_refused(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = [f"{''.join(rng.choice([*'ACGT'], 20))},{'ab'[k % 2]}" for k in range(60)]
    (tmp_path / "dna.csv").write_text("\n".join(["sequence,label", *rows]))
    (tmp_path / "text.csv").write_text("\n".join(["text,label", *(f"word {k},{'ab'[k % 2]}" for k in range(60))]))
    data = cs.load(tmp_path / "dna.csv")
    refuse_strands("conv_dna", data)
    with pytest.raises(cs.ConfigError, match=r"is for conv_dna and danq, .*; text_cnn cannot"):
        refuse_strands("text_cnn", data)
    with pytest.raises(cs.ConfigError, match="is for DNA, letter by letter; text: its tokens are characters"):
        refuse_strands("conv_dna", cs.load(tmp_path / "text.csv"))
    with pytest.raises(cs.ConfigError, match="its inputs are images"):
        refuse_strands("lenet5", cs.load("digits"))
    run = cs.train(
        tmp_path / "dna.csv", strand_symmetric=True, epochs=1, baselines=False, out=tmp_path / "run", quiet=True
    )
    text = rows[0].partition(",")[0]
    first, other = run.predict([text, complement(text)[::-1]])
    assert first.answer == other.answer
