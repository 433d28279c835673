"""Recordings in WAV files: what folders and names tell, and what is wrong with single files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

import convscope as cs
from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import read_wav

RATE = 8000


def tone(pitch: float, seconds: float = 0.02, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def written(path: Path, values: np.ndarray, rate: int = RATE, dtype: str = "int16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if dtype == "uint8":
        values = np.round(values * 127 + 128)
    elif dtype.startswith("int"):
        values = np.round(values * np.iinfo(dtype).max)
    wavfile.write(path, rate, values.astype(dtype))
    return path


@pytest.mark.parametrize(("dtype", "near"), [("int16", 1e-4), ("int32", 1e-6), ("uint8", 1e-2), ("float32", 1e-7)])
def test_values_are_those_between_minus_one_and_one(tmp_path: Path, dtype: str, near: float):
    stereo = np.stack([tone(440), tone(330)], 1)
    values, rate = read_wav(written(tmp_path / "a.wav", stereo, dtype=dtype).read_bytes())
    assert rate == RATE and values.dtype == np.float32
    np.testing.assert_allclose(values, stereo, atol=near)


def test_24_bits(tmp_path: Path):
    wanted = np.array([0, 1, -1, 8388607, -8388608], np.int32)
    data = b"".join(int(each).to_bytes(3, "little", signed=True) for each in wanted)
    head = (
        b"WAVEfmt "
        + (16).to_bytes(4, "little")
        + b"".join(
            number.to_bytes(size, "little")
            for number, size in ((1, 2), (1, 2), (RATE, 4), (RATE * 3, 4), (3, 2), (24, 2))
        )
    )
    body = head + b"data" + len(data).to_bytes(4, "little") + data
    values, _ = read_wav(b"RIFF" + len(body).to_bytes(4, "little") + body)
    np.testing.assert_allclose(values[:, 0], wanted / 2**23, atol=1e-7)


def test_what_is_no_recording(tmp_path: Path):
    good = written(tmp_path / "a.wav", tone(440)).read_bytes()
    empty = written(tmp_path / "b.wav", np.zeros(0)).read_bytes()
    for content, why in ((b"no sound", "cannot be read"), (good[:20], "cannot be read"), (empty, "no sample")):
        with pytest.raises(Unreadable, match=why):
            read_wav(content)


def test_a_folder_a_class_with_split_folders(tmp_path: Path):
    for split, number in (("train", 12), ("test", 4)):
        for name, pitch in (("high", 880), ("low", 220)):
            for at in range(number):
                written(tmp_path / split / name / f"{at}.wav", tone(pitch + at))
    data = cs.load(tmp_path)
    assert data.classes == ("high", "low") and data.test is not None and len(data.test) == 8
    assert data.preprocessing.input.shape == (1, 160) and data.preprocessing.to_dict()["rate"] == RATE
    np.testing.assert_allclose(data.test[0].image[:, 0], tone(880), atol=1e-4)


def test_speakers_are_read_from_names_and_kept_together(tmp_path: Path):
    for speaker in ("ann", "bob", "cy", "dee", "eve", "fay"):
        for digit in "01":
            for at in range(4):
                written(tmp_path / f"{digit}_{speaker}_{at}.wav", tone(200 + 300 * int(digit), 0.02 + 0.001 * at))
    data = cs.load(tmp_path)
    assert data.classes == ("0", "1") and data.preprocessing.input.space == (None,)
    assert "6 speakers read from names like 0_ann_0.wav" in {n.code: n.text for n in data.warnings}["speakers"]
    held = [{name.split("_")[1] for name in split.ids.tolist()} for split in data.splits]
    assert all(one.isdisjoint(other) for k, one in enumerate(held) for other in held[:k])
    assert cs.load(tmp_path, group="none").train.groups is None


def test_mixed_rates_become_one_and_damaged_files_are_named(tmp_path: Path):
    for at in range(12):
        written(tmp_path / "low" / f"{at}.wav", tone(220))
        written(tmp_path / "high" / f"{at}.wav", tone(880, rate=16000 if at == 3 else RATE), 16000 if at == 3 else RATE)
    data = cs.load(tmp_path)
    told = {notice.code: notice.text for notice in data.warnings}
    assert "1 recording of another rate (high/3.wav (16,000)): resampled to the 8,000" in told["resampled"]
    fast = next(each for each in data.everything if each.id == "high/3.wav").image[:, 0]
    np.testing.assert_allclose(fast[20:-20], tone(880)[20:-20], atol=0.01)
    (tmp_path / "low" / "0.wav").write_bytes(b"no sound")
    with pytest.raises(cs.DataError, match=r"1 of 24 recordings cannot be used: low/0.wav cannot be read.*--skip-bad"):
        cs.load(tmp_path)
    assert len(cs.load(tmp_path, skip_bad=True).everything) == 23
    written(tmp_path / "low" / "0.wav", np.stack([tone(220)] * 2, 1))
    with pytest.raises(cs.DataError, match=r"low/0.wav has 2 channels, most recordings 1"):
        cs.load(tmp_path)


def test_a_recording_to_be_answered_comes_at_the_rate_that_was_trained_on(tmp_path: Path):
    from convscope.data.array_files import in_array_file
    from convscope.data.transforms import SignalTransform, transform_from_dict

    rule = transform_from_dict(SignalTransform(1, None, (0.0,), (1.0,), float(RATE)).to_dict())
    written(tmp_path / "fast.wav", tone(300, rate=16000), 16000)
    (tmp_path / "none.wav").write_bytes(b"no sound")
    fast, none = (held.stored(rule) for held in in_array_file(tmp_path, rule))
    np.testing.assert_allclose(fast.values[20:-20, 0], tone(300)[20:-20], atol=0.01)  # pyright: ignore
    assert isinstance(none, Unreadable)


def test_files_without_classes(tmp_path: Path):
    for at in range(3):
        written(tmp_path / f"take{at}.wav", tone(220))
    with pytest.raises(cs.DataError, match=r"3 WAV files without classes"):
        cs.load(tmp_path)
