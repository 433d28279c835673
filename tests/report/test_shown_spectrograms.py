"""What ``data show`` draws of recordings that are seen as spectrograms, and of volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy.io import wavfile

import convscope as cs
from convscope.data.augment import Policy
from convscope.explaining.explanation import Explanation, Map
from convscope.report.augmented import augmented, write_augmented
from convscope.report.explained.shown import picture_of, plane_of


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    for at in range(24):
        steps = np.arange(1600 + 40 * at) / 8000
        wave = 0.5 * np.sin(2 * np.pi * (300 if at % 2 else 900) * steps)
        wavfile.write(folder / f"{'ab'[at % 2]}_{at}.wav", 8000, wave.astype(np.float32))
    return folder


@pytest.mark.parametrize("window", [None, 800])
def test_spectrograms_are_drawn_as_the_network_sees_them(sounds: Path, tmp_path: Path, window: int | None):
    options = {} if window is None else {"window": window}
    data = cs.load(sounds, as_="logmel", **options)  # pyright: ignore[reportArgumentType]
    rule, at = data.preprocessing, np.array([3, 0])
    shown = augmented(data, Policy.parse("shift=0.2"), at, seed=0, epochs=3)
    bands, times = rule.input.space
    assert shown.images.shape == (2, 1, bands, times) and shown.variants.shape == (2, 3, 1, bands, times)
    for row, picture in zip(at, shown.images, strict=True):
        recording = np.asarray(data.train.input.take(np.array([row]))[0])[:window]
        alone = rule.undo(rule.tensor(recording[None]))[0]
        np.testing.assert_allclose(picture, np.moveaxis(alone, -1, 0), atol=1e-4)
    assert not np.allclose(shown.variants[:, 0], shown.variants[:, 1])
    for policy in ("shift=0.2", "none"):
        out = write_augmented(data, Policy.parse(policy), tmp_path / f"{policy}.png", images=2, copies=2)
        assert out.stat().st_size > 2_000


def test_of_volumes_the_middle_slices_are_drawn(tmp_path: Path):
    mask = np.zeros((13, 24, 24), np.uint8)
    mask[:, 4:12, 6:18] = 255
    volume = np.random.default_rng(0).integers(0, 60, mask.shape, np.uint8) + mask // 2
    tifffile.imwrite(tmp_path / "a.tif", volume)
    tifffile.imwrite(tmp_path / "a_mask.tif", mask)
    data = cs.load(tmp_path, stacks="volumes", valid=2, test=3)
    shown = augmented(data, Policy.parse("hflip"), np.arange(2), seed=0, epochs=2)
    assert shown.images.ndim == 4 and shown.variants.shape[1:3] == (2, shown.images.shape[1])
    brightest = shown.images[0] == shown.images[0].max()
    assert 8 < brightest.sum() < 0.5 * brightest.size  # the outline of the mask
    assert write_augmented(data, Policy.parse("hflip"), tmp_path / "v.png", images=2, copies=2).exists()


def test_the_map_of_a_spectrogram_stands_upright_over_it():
    values = np.zeros((3, 5))
    values[0] = 1  # the deepest band
    explanation = Explanation(
        "a.wav",
        maps={"ig": Map("ig", "Integrated gradients", True, values, None, 0.0)},
        raw=values[..., None],
        upward=True,
    )
    picture = picture_of(explanation)
    assert picture is not None and picture[-1].min() > picture[0].max()
    assert plane_of(explanation["ig"], explanation)[-1].tolist() == [1.0] * 5
