"""Signals and texts as augmentation makes them: within their lengths, repeatable, and only as far as asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.data.augment import Policy
from convscope.data.augment.draws import Draws
from convscope.data.augment.sequences import apply_to_sequences, places, resampled, reverse_complement
from convscope.data.loader import Loader
from convscope.data.transforms import SignalTransform, TextTransform
from convscope.data.transforms.dna import LETTERS, complement
from convscope.data.transforms.text import PADDING, UNKNOWN

LENGTHS = np.array([40, 25, 7, 1])
SIGNAL = SignalTransform(2, None, (0.0, 0.0), (1.0, 1.0))
DNA = TextTransform(LETTERS, "upper", dna=True)
LATIN = TextTransform("abcdefgh")


def signals(padding: int = 0) -> torch.Tensor:
    x = torch.zeros(len(LENGTHS), 2, int(LENGTHS.max()) + padding)
    draw = torch.Generator().manual_seed(0)
    for at, length in enumerate(LENGTHS.tolist()):
        x[at, :, :length] = torch.randn(2, length, generator=draw)
    return x


def varied(words: str, x: torch.Tensor, epoch: int = 0, rule: SignalTransform | TextTransform = SIGNAL) -> torch.Tensor:
    lengths = LENGTHS if x.ndim == 3 else None
    return apply_to_sequences(Policy.parse(words), x, lengths, Draws(np.arange(len(x)), 3, epoch), rule)


@pytest.mark.parametrize("words", ["scale=0.3", "noise=0.2", "warp=0.3", "crop=0.4", "mask=0.3", "signals"])
def test_signals_keep_their_lengths_whatever_their_batch_is_padded_to(words: str):
    x = varied(words, signals())
    for at, length in enumerate(LENGTHS.tolist()):
        assert (x[at, :, length:] == 0).all() and (x[at, :, length - 1] != 0).any()
    torch.testing.assert_close(varied(words, signals(30))[..., :40], x, rtol=0, atol=1e-6)
    assert torch.equal(varied(words, signals()), x) and not torch.equal(varied(words, signals(), 1), x)
    draws = Draws(np.array([1]), 3, 0)
    alone = apply_to_sequences(Policy.parse(words), signals()[1:2, :, :25], LENGTHS[1:2], draws, SIGNAL)
    torch.testing.assert_close(alone[0], x[1, :, :25], rtol=0, atol=1e-6)


def test_time_never_runs_backwards_and_a_window_stays_inside():
    draws = Draws(np.arange(200), 0, 0)
    lengths = np.full(200, 50)
    warped = places(Policy(warp=0.3), lengths, 60, draws)
    assert (np.diff(warped[:, :50]) > 0).all() and (warped[:, 0] == 0).all() and np.allclose(warped[:, 49], 49)
    cut = places(Policy(crop=0.4), lengths, 50, draws)
    kept = (cut[:, -1] - cut[:, 0]) / 49
    assert cut.min() >= 0 and cut.max() <= 49 and 0.6 <= kept.min() < 0.65 and kept.max() > 0.95
    x = torch.arange(50.0).expand(200, 1, 50)
    torch.testing.assert_close(resampled(x, cut)[:, 0], torch.from_numpy(cut).float())


def test_a_mask_hides_one_stretch():
    hidden = (varied("mask=0.3", signals()) == 0).all(1) & (torch.arange(40) < torch.from_numpy(LENGTHS)[:, None])
    assert hidden.sum(1).tolist() == [12, 8, 2, 0]
    assert (hidden.int().diff(dim=1).abs().sum(1) <= 2).all()


def tokens() -> torch.Tensor:
    x = torch.randint(2, 10, (4, 300), generator=torch.Generator().manual_seed(1))
    return x.masked_fill(torch.arange(300) >= torch.tensor([300, 200, 100, 1])[:, None], PADDING)


def test_typos_and_dropout_change_so_many_tokens_and_no_padding():
    x = tokens()
    typed = varied("typos=0.3", x, rule=LATIN)
    assert ((typed == PADDING) == (x == PADDING)).all() and typed.max() < 10 and not (typed == UNKNOWN).any()
    assert float((typed != x)[:2].sum()) / 500 == pytest.approx(0.3 * 7 / 8, abs=0.07)
    dropped = varied("dropout=0.3", x, rule=LATIN)
    assert ((dropped == x) | (dropped == UNKNOWN)).all()
    assert float((dropped[:2] == UNKNOWN).sum()) / 500 == pytest.approx(0.3, abs=0.07)
    wider = varied("texts", torch.nn.functional.pad(x, (0, 50)), rule=LATIN)
    assert torch.equal(wider[:, :300], varied("texts", x, rule=LATIN))


def test_the_other_strand_is_read_from_its_begin_and_bases_become_bases():
    texts = ["ACGTRN", "AAC"]
    x = torch.zeros(2, 6, dtype=torch.long)
    for at, text in enumerate(texts):
        x[at, : len(text)] = torch.tensor([2 + LETTERS.index(letter) for letter in text])
    turned = reverse_complement(x)
    other = [complement(text)[::-1] for text in texts]
    assert [DNA.undo(row[row > 0][None])[0].tobytes().decode("utf-32-le") for row in turned] == other
    assert torch.equal(reverse_complement(turned), x)
    once = varied("rc", x.repeat(50, 1), rule=DNA)
    share = float((once == x.repeat(50, 1)).all(1).float().mean())
    assert 0.3 < share < 0.7
    typed = varied("typos=0.9", x.repeat(50, 1), rule=DNA)
    new = typed[typed != x.repeat(50, 1)]
    assert set(new.tolist()) <= {2 + LETTERS.index(base) for base in "ACGT"}


def test_a_policy_says_what_it_cannot_be_done_to():
    for words, rule, said in (
        ("hflip", SIGNAL, "hflip is not for signals.*signals take scale, crop, noise, mixup, warp, mask"),
        ("mixup=0.2", LATIN, "mixup is not for texts.*texts take typos, dropout, rc"),
        ("rc", LATIN, "rc takes the other strand of DNA.*tokens are characters"),
        ("typos=0.1", TextTransform("ab", by="words", vocabulary=("a", "b")), "the tokens are words"),
    ):
        with pytest.raises(cs.ConfigError, match=said):
            Policy.parse(words).check(rule, 100)
    with pytest.raises(cs.ConfigError, match="warp is for signals or texts, and these are images"):
        Policy.parse("warp=0.1").check(cs.load("digits").preprocessing, 100)


def test_batches_of_an_epoch_are_augmented_and_blended(tmp_path: Path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "s.npz", signals=rng.normal(size=(60, 1, 30)).astype(np.float32), y=np.arange(60) % 2)
    data = cs.load(tmp_path / "s.npz")
    loader = Loader(data.train, data.transforms, 8, seed=5, policy=Policy.parse("signals mixup=0.4"))
    first, again = list(loader.epoch(0)), list(loader.epoch(0))
    assert all(torch.equal(a.x, b.x) for a, b in zip(first, again, strict=True))
    assert first[0].mixed is not None and first[0].x.shape == (8, 1, 30)
    weights = torch.cat([batch.mixed.weight for batch in first if batch.mixed])
    assert weights.min() >= 0.5 and weights.max() <= 1
    at = np.searchsorted(data.train.rows, first[0].rows)
    torch.testing.assert_close(loader.of(at, 0).x, first[0].x, rtol=0, atol=0)
