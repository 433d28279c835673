"""Words, k-mers and characters as tokens: which there are, what is unknown, what is cut, and that it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.data.columns import RaggedBatch
from convscope.data.sequences.texts import text_column
from convscope.data.transforms.text import TextTransform, points_of, text_of
from convscope.data.transforms.tokens import By, units


def fitted(*known: str, by: By = "words", k: int = 0, most: int | None = None) -> TextTransform:
    column = text_column(known)
    return TextTransform.fitted(column, np.arange(len(known)), by=by, k=k, most=most)


def tokens(rule: TextTransform, *texts: str) -> list[list[int]]:
    return rule.tensor(RaggedBatch.of([points_of(text) for text in texts])).tolist()


def test_words_are_tokens_and_new_ones_are_one_unknown_token():
    rule = fitted("so good", "not so bad, no")
    assert rule.vocabulary == (",", "bad", "good", "no", "not", "so")
    assert tokens(rule, "so bad", "not so new, no") == [[7, 3, 0, 0, 0], [6, 7, 1, 2, 5]]
    assert rule.store("so new").note == "1 word not in the training texts: new"
    assert rule.names([7, 1, 0]) == ["so", "unknown", "padding"]
    assert TextTransform.from_dict(rule.to_dict()) == rule


def test_kmers_are_all_runs_of_k_characters():
    rule = fitted("ACGTA", by="kmers", k=3)
    assert rule.vocabulary == ("ACG", "CGT", "GTA") and rule.input.vocabulary == 5
    assert tokens(rule, "CGTA", "AC") == [[3, 4], [1, 0]]
    text = "GATTACA" * 3
    assert units(text, "kmers", 4) == [text[at : at + 4] for at in range(len(text) - 3)]


@pytest.mark.parametrize("by", ["characters", "words", "kmers"])
def test_long_texts_are_cut_and_that_is_said(by: By):
    rule = fitted("a bc def", "b", by=by, k=2 * (by == "kmers"), most=2)
    whole = fitted("a bc def", "b", by=by, k=2 * (by == "kmers"), most=100)
    long, short = "bc a def b", "b"
    assert tokens(rule, long, short) == [row[:2] for row in tokens(whole, long, short)]
    assert rule.store(long).note == f"cut after 2 {rule.noun[1]}" and rule.store(short).note == ""
    array = rule.tensor(points_of(long)[None])
    assert array.tolist()[0] == tokens(rule, long, short)[0]


def test_how_much_of_a_text_is_seen_is_chosen_from_the_training_texts():
    short, long = fitted("a b", "c d e"), fitted("x " * 300, "y")
    assert (short.most, short.longest, long.most, long.longest) == (256, 3, 1188, 300)
    megabyte = TextTransform.fitted(text_column(["y" * 1_000_000, "x"]), np.arange(2))
    assert (megabyte.most, megabyte.longest) == (10_000, 10_000)


def test_capitals_and_accents_are_left_out_only_if_asked(tmp_path: Path):
    rows = [f"{'Ñu' if k % 2 else 'Éla'} {'xyz'[k % 3]}{k},{'ab'[k % 2]}" for k in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    kept, folded = cs.load(tmp_path / "t.csv"), cs.load(tmp_path / "t.csv", fold_text="both")
    assert text_of(kept.everything[1].image) == "Ñu y1" and text_of(folded.everything[1].image) == "nu y1"
    assert folded.preprocessing.read("ÉLA") == "ela" and kept.preprocessing.read("ÉLA") == "ÉLA"
    assert "capitals and accents are left out" in folded.facts["characters"]


def test_a_set_says_what_its_tokens_are(tmp_path: Path):
    rows = [f"word{k % 7} and more{k},{'ab'[k % 2]}" for k in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *rows]))
    data = cs.load(tmp_path / "t.csv", tokens="words", max_length=2)
    told = {notice.code: notice.text for notice in data.warnings}
    assert data.facts["tokens"].split(",")[0].endswith("words") and "'and'" in data.facts["tokens"]
    assert data.facts["length"].startswith("the first 2 words of a text are seen (--max-length), the longest training")
    assert "12 test texts of 12 with more than 2 words, up to 3" in told["cut-test"]
    with pytest.raises(cs.ConfigError, match="tokens 'syllables': expected auto, characters, words"):
        cs.load(tmp_path / "t.csv", tokens="syllables")
    assert data.preprocessing.input.shape == (None,)


def test_kmers_of_sequences_of_one_length_keep_their_places(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice([*"ACGT"], 12)) + f",{'ab'[k % 2]}" for k in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["sequence,label", *rows]))
    data = cs.load(tmp_path / "t.csv", tokens="kmers:2")
    assert data.preprocessing.dna and data.preprocessing.input.shape == (11,) and data.preprocessing.noun[0] == "2-mer"
