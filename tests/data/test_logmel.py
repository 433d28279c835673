"""Log-mel spectrograms: the numbers against SciPy, and what becomes of recordings that are seen so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import wavfile
from scipy.signal import stft

import convscope as cs
from convscope.data.augment import Policy
from convscope.data.columns import RaggedBatch
from convscope.data.transforms import LogMelTransform, SignalTransform, transform_from_dict
from convscope.data.transforms.logmel import FLOOR, log_mel, mel_bands

RATE = 4000
RANDOM = np.random.default_rng(8)
RULE = LogMelTransform(
    SignalTransform(2, None, (0.1, 0.2), (0.5, 2.0), RATE, 800, 400), 100, 40, 24, (1.0, 2.0), (3.0, 0.5)
)


def recordings(folder: Path, rates: tuple[int, ...] = (RATE,)) -> Path:
    """Write 30 tones of two pitches by five speakers, of 0.15 to 0.2 s."""
    for at in range(30):
        rate = rates[at % len(rates)]
        steps = np.arange(round((0.15 + 0.05 * at / 30) * rate))
        values = np.sin(2 * np.pi * (300 if at % 2 else 900) * steps / rate) + 0.1 * RANDOM.normal(size=len(steps))
        wavfile.write(folder / f"{'ab'[at % 2]}_s{at // 6}_{at}.wav", rate, (0.5 * values).astype(np.float32))
    return folder


def mel(frequency: float) -> float:
    return 2595 * np.log10(1 + frequency / 700)


def test_bands_are_triangles_on_the_mel_scale():
    weights = mel_bands(16_000, 512, 40)
    frequencies = np.linspace(0, 8000, 257)
    middles = np.array([frequencies[row.argmax()] for row in weights])
    expected = np.linspace(0, mel(8000), 42)[1:-1]
    assert (
        np.abs(np.array([mel(each) for each in middles]) - expected).max() < mel(16) * 1.01
    )  # half a frequency's step
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    assert (mel_bands(100, 32, 16).sum(1) > 0).all()  # also where bands are narrower than frequencies are apart


def test_the_numbers_are_those_of_scipy():
    waves = RANDOM.normal(size=(2, 3, 1000)).astype(np.float32)
    bands = mel_bands(RATE, 128, 24)
    ours = log_mel(torch.from_numpy(waves), torch.from_numpy(bands), 100, 40).numpy()
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(100) / 100)
    around = np.pad(window, (14, 14))  # as long as the transform
    given: dict[str, Any] = {"window": around, "nperseg": 128, "noverlap": 88, "boundary": None, "padded": False}
    _, _, spectra = stft(np.pad(waves, ((0, 0), (0, 0), (64, 64))), **given)
    power = np.abs(spectra * around.sum()) ** 2 / (window**2).sum()
    np.testing.assert_allclose(ours, np.log(np.einsum("bf,ncft->ncbt", bands, power) + FLOOR), atol=1e-4)
    assert abs(float(np.exp(ours).mean()) - 1) < 0.1  # white noise of variance 1


def test_a_recording_is_the_same_alone_and_among_longer_ones():
    signals = [RANDOM.normal(size=(length, 2)).astype(np.float32) for length in (800, 300, 5)]
    together = RULE.tensor(RaggedBatch.of(signals))
    assert tuple(together.shape) == (3, *RULE.input.shape) == (3, 2, 24, 21)
    for at, signal in enumerate(signals):
        assert torch.equal(RULE.tensor(RaggedBatch.of([signal]))[0], together[at])
        np.testing.assert_allclose(RULE.tensor(signal[None])[0], together[at], atol=1e-6)
    loud = RULE.undo(together)
    assert loud.shape == (3, 24, 21, 2)
    np.testing.assert_allclose(loud[0, 0, :, 1], together[0, 1, -1] * 0.5 + 2, rtol=1e-5)


def test_the_rule_survives_being_saved():
    assert transform_from_dict(json.loads(json.dumps(RULE.to_dict()))) == RULE


@pytest.mark.parametrize("words", ["hflip", "vflip", "rotate=10", "hue=0.1"])
def test_what_makes_another_sound_is_refused(words: str):
    with pytest.raises(cs.ConfigError, match="whose axes are pitch and time"):
        Policy.parse(words).check(RULE, 10)
    Policy.parse("shift=0.1 cutout=0.2").check(RULE, 10)


def test_recordings_as_spectrograms_from_training_to_answers(tmp_path: Path):
    (tmp_path / "set").mkdir()
    data = cs.load(recordings(tmp_path / "set", (RATE, RATE, 2 * RATE)), as_="logmel")
    rule = data.preprocessing
    assert isinstance(rule, LogMelTransform) and rule.rate == RATE and "resampled" in {n.code for n in data.warnings}
    x = rule.tensor(data.train.input.take(np.arange(len(data.train))))
    np.testing.assert_allclose([x.mean(), x.std()], [0, 1], atol=1e-2)
    run = cs.train(data, model="lenet", epochs=10, baselines=False, out=tmp_path / "run")
    assert run.spec.preprocessing == rule and "shift" in run.plan.augment
    assert run.evaluate(tmp_path / "set", split="all")["accuracy"]["value"] > 0.9
    ours = run.predictor.predictions(data.everything)
    named = run.predict([str(tmp_path / "set" / name) for name in data.ids])
    told = [[each.answer["probabilities"][name] for name in "ab"] for each in named]
    np.testing.assert_allclose(told, ours, atol=1e-5)
    traced = cs.trace(run, tmp_path / "set" / data.ids[0])
    with torch.inference_mode():
        outputs = run.model(rule.tensor(data.everything[0].image[None]))
    assert abs(traced.total - float(outputs.max())) < 1e-3


def test_without_a_rate_there_are_no_pitches(tmp_path: Path):
    path = tmp_path / "set.txt"
    path.write_text("\n".join(" ".join([str(at % 2), *map(str, RANDOM.normal(size=20))]) for at in range(20)))
    with pytest.raises(cs.ConfigError, match="does not say how many steps a second has"):
        cs.load(path, as_="logmel")
