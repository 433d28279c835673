"""The built-in set of motions: what it holds, and that nothing but the order of the frames tells a direction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import convscope as cs
from convscope.data.synthetic import motions

DIGIT = np.ones((8, 8), np.float32)


def places(step: tuple[int, int], block: tuple[int, int], seed: int = 0) -> np.ndarray:
    return 2 * motions.sweep(step, block, np.random.default_rng(seed))


def test_the_set():
    data = cs.load("motions")
    assert data.classes == motions.CLASSES and data.test is not None and len(data.test) == 500
    assert data.train.input.spec.kind == "video" and data.train.input.spec.shape == (12, 32, 32, 1)
    assert data.preprocessing.input.space == (12, 32, 32) and not data.warnings
    assert cs.load("motions").fingerprint == data.fingerprint != cs.load("motions", seed=1).fingerprint


@pytest.mark.parametrize("block", motions.BLOCKS)
def test_a_clip_has_the_same_frames_whatever_its_direction(block: tuple[int, int]):
    """So what is seen of frames without their order, by any method, says nothing of the direction."""
    frames = [
        sorted(frame.tobytes() for frame in motions.drawn(DIGIT, places(step, block, seed)))
        for seed, step in enumerate(motions.STEPS)
    ]
    assert len(frames[0]) == motions.FRAMES and all(each == frames[0] for each in frames)


@pytest.mark.parametrize("at", range(motions.FRAMES))
def test_each_frame_shows_every_place_equally_often(at: int):
    """Over all starts: so no frame says anything of the direction, known by its number or not."""
    grid = np.argwhere(np.ones((motions.SIZE, motions.SIZE), bool))
    for step in motions.STEPS:
        shown = (grid + places(step, (3, 4))[at]) % motions.SIZE
        assert len(np.unique(shown, axis=0)) == motions.SIZE**2


def test_most_steps_go_in_the_direction():
    for step in motions.STEPS:
        for block in motions.BLOCKS:
            moves = np.diff(places(step, block), axis=0) // 2
            rest = [other for other in motions.STEPS if other != step]
            counts = {other: int((moves == other).all(1).sum()) for other in motions.STEPS}
            assert counts[step] >= 6 > max(counts[other] for other in rest)


def test_single_frames_are_learned_at_chance():
    clips, labels = motions.make(0)
    for frames in (clips[:, 0], clips[:, -1], clips.mean(1)):
        x = frames.reshape(len(clips), 16, 2, 16, 2).mean((2, 4)).reshape(len(clips), -1) / 255
        model = LogisticRegression(C=0.1, max_iter=200).fit(x[:2000], labels[:2000])
        assert model.score(x[2000:], labels[2000:]) < 0.18


def test_the_digits_of_the_test_are_in_no_training_clip(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(motions, "NOISE", 0)
    clips, _ = motions.make(5, 300)
    first = np.zeros((300, 8, 8))
    for row, clip in enumerate(clips[:, 0, :, :, 0]):
        variants = {np.roll(clip, (-a, -b), (0, 1))[:8, :8].tobytes() for a in range(32) for b in range(32)}
        best = max(variants, key=lambda each: np.frombuffer(each, np.uint8).astype(int).sum())
        first[row] = np.frombuffer(best, np.uint8).reshape(8, 8)
    digits = [each.tobytes() for each in first]
    assert not set(digits[:240]) & set(digits[240:])
