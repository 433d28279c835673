"""Windows of long recordings: where they lie, what is trained on, and one answer for each recording."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.data.sequences.windows import LONG, Cut, Windows, cut_of, windowed
from convscope.data.transforms import transform_from_dict

RANDOM = np.random.default_rng(2)


def recordings(folder: Path, least: int = 60) -> Path:
    """Write 24 recordings of four people, ``least`` to least + 24 steps, as a table of steps at 10 a second."""
    lines = ["trial,time_s,value,subject,label"]
    for at in range(24):
        steps = np.arange(least + at)
        values = np.sin(2 * np.pi * steps / (5 if at % 2 else 9)) + 0.3 * RANDOM.normal(size=len(steps))
        lines += [f"{at},{k / 10:g},{v:.4f},S{at // 3},{'ab'[at % 2]}" for k, v in enumerate(values)]
    path = folder / "set.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("length", "window", "hop"), [(9, 4, 2), (8, 4, 4), (4, 4, 1), (3, 4, 2), (1, 1, 1), (101, 10, 7)]
)
def test_windows_cover_every_step_and_end_with_the_recording(length: int, window: int, hop: int):
    begins = Cut(window, hop).begins(length)
    seen = {step for begin in begins for step in range(begin, min(begin + window, length))}
    assert seen == {*range(length)} and begins[-1] == max(0, length - window)
    assert all(0 < second - first <= hop for first, second in pairwise(begins))


@pytest.mark.parametrize(
    ("window", "hop", "rate", "expected"),
    [
        (None, None, None, Cut(4_096, 2_048)),
        (512, None, None, Cut(512, 256)),
        ("2s", "500ms", 100.0, Cut(200, 50)),
        ("none", None, None, None),
    ],
)
def test_what_is_said_of_windows(window, hop, rate, expected):
    assert cut_of(np.array([5, LONG + 1]), window, hop, rate) == expected


def test_nothing_is_cut_unasked_where_all_are_short():
    assert cut_of(np.array([5, LONG]), None, None, None) is None


@pytest.mark.parametrize(
    ("window", "hop", "said"),
    [
        ("2s", None, "does not say how many steps a second"),
        (100, 101, "leave steps out"),
        ("wide", None, "expected steps such as 512, or a time"),
        (0, None, "expected one step or more"),
        ("1.5", None, "expected one step or more, found 1.5"),
        ("none", 4, "leave one of them out"),
    ],
)
def test_what_windows_cannot_be(tmp_path: Path, window, hop, said: str):
    with pytest.raises(cs.ConfigError, match=said):
        cut_of(np.array([500]), window, hop, None)


def test_recordings_are_divided_whole_and_cut_afterwards(tmp_path: Path):
    data = cs.load(recordings(tmp_path), window="2s", hop="1s")
    assert data.preprocessing.window == 20 and data.preprocessing.input.space == (20,)
    assert "of 20 steps, one every 10 (2 s, 1 s)" in data.facts["windows"]
    pieces = {split.name: windowed(split, data.preprocessing) for split in data.splits}
    groups = [{*np.asarray(piece.groups).tolist()} for piece in pieces.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 8
    for name, piece in pieces.items():
        whole = {example.id: example for example in getattr(data, name)}
        assert {*piece.ids.tolist()} == {*whole}
        for example in piece:  # each is a part of its recording, and labelled as that is
            recording = whole[example.id]
            assert example.label == recording.label
            parts = np.lib.stride_tricks.sliding_window_view(recording.image[:, 0], 20)
            assert (parts == example.image[:, 0]).all(1).any()


@pytest.mark.parametrize("least", [60, 12])  # with and without recordings shorter than a window
def test_a_recording_is_answered_by_the_mean_of_its_windows(tmp_path: Path, least: int):
    path = recordings(tmp_path, least)
    run = cs.train(path, model="fcn", epochs=1, window=20, hop=8, baselines=False, out=tmp_path / "run")
    rule = run.spec.preprocessing
    assert transform_from_dict(json.loads(json.dumps(rule.to_dict()))) == rule
    data = cs.load(path, window=20, hop=8)
    answers = run.predictor.predictions(data.everything)
    assert answers.shape == (24, 2)
    for at, example in enumerate(data.everything):
        parts = [example.image[begin : begin + 20] for begin in Cut(20, 8).begins(len(example.image))]
        with torch.inference_mode():
            outputs = [run.model(rule.tensor(part[None])).double().softmax(1)[0].numpy() for part in parts]
        np.testing.assert_allclose(answers[at], np.mean(outputs, 0), atol=1e-5)
    scored = run.evaluate(path, split="all")
    assert scored["examples"] == 24
    one = run.predict(data.everything[3].image)[0]
    np.testing.assert_allclose([one.answer["probabilities"][name] for name in "ab"], answers[3], atol=1e-6)


def test_windows_of_a_column_are_taken_in_any_order(tmp_path: Path):
    data = cs.load(recordings(tmp_path, 12), window=20, hop=8)
    windows = Windows.of(data.train.input, Cut(20, 8))
    order = RANDOM.permutation(len(windows))
    shuffled, straight = windows.take(order), windows.take(np.arange(len(windows)))
    for place, at in enumerate(order.tolist()):
        np.testing.assert_array_equal(shuffled[place], straight[at])
