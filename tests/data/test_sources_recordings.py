"""Recordings in WAV files: what folders and names tell, and what is wrong with single files."""

from __future__ import annotations

from collections.abc import Callable
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


def sound_chunk(content: bytes) -> int:
    return content.index(b"data") + 8


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda good: b"", "is empty"),
        (lambda good: b"no sound at all", "is no WAV file"),
        (lambda good: b"ID3" + good, "is an MP3 file that is called WAV: convert it"),
        (lambda good: good[:20], "is cut short, within its header"),
        (lambda good: good[:36], "is cut short, before its first value"),
        (lambda good: good[:124], r"is cut short: 80 of 320 bytes of sound \(0.005 of 0.02 s\) are there"),
        (lambda good: good[:20] + b"\x11" + good[21:], r"is compressed \(IMA ADPCM\): save it as WAV"),
        (lambda good: good[:34] + b"\x0c" + good[35:], r"has values of 12 bits, expected 8, 16, 24, 32, 64"),
        (lambda good: good[:22] + b"\0" + good[23:], "says 0 channels"),
        (lambda good: good[:40] + bytes(4), "holds no sample"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_plain_words(tmp_path: Path, damage: Callable[[bytes], bytes], why: str):
    good = written(tmp_path / "a.wav", tone(440)).read_bytes()
    assert sound_chunk(good) == 44 and len(good) == 364  # where the cuts above lie
    with pytest.raises(Unreadable, match=why) as told:
        read_wav(damage(good))
    assert "b'" not in str(told.value) and len(str(told.value)) < 200


def test_a_value_that_is_no_number_is_named_with_its_place(tmp_path: Path):
    values = tone(440)
    values[80] = np.nan
    with pytest.raises(Unreadable, match=r"1 value that is NaN or infinite, the first at step 81 \(0.01 s\)"):
        read_wav(written(tmp_path / "a.wav", values, dtype="float32").read_bytes())


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_file_written_into_a_pipe_is_read_to_its_end(tmp_path: Path, size: int):
    content = written(tmp_path / "a.wav", tone(440)).read_bytes()
    piped = content[:40] + size.to_bytes(4, "little") + content[44:]
    np.testing.assert_array_equal(read_wav(piped)[0], read_wav(content)[0])


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
    said = data.facts["groups"]  # who is held out
    for split, speakers in zip(data.splits, held, strict=True):
        assert f"{split.name} {', '.join(sorted(speakers))}" in said
    assert cs.load(tmp_path, group="none").train.groups is None


def speakers(folder: Path, name: str) -> None:
    for speaker in ("ann", "bob", "cy", "dee", "eve", "fay"):
        for digit in "01":
            for at in range(3):
                path = folder / name.format(digit=digit, speaker=speaker, at=at)
                written(path, tone(200 + 300 * int(digit) + at))


def groups_of(data: cs.Data) -> set[str]:
    groups = data.everything.groups
    return set() if groups is None else set(map(str, groups))


def test_parts_of_names_are_columns(tmp_path: Path):
    speakers(tmp_path, "{digit}_{speaker}_{at}.wav")
    for word in ("speaker", "subject"):
        assert groups_of(cs.load(tmp_path, group=word)) == {"ann", "bob", "cy", "dee", "eve", "fay"}
    told = cs.load(tmp_path, label_column="speaker")
    assert told.classes == ("ann", "bob", "cy", "dee", "eve", "fay") and told.train.groups is None
    with pytest.raises(cs.DataError, match=r"--group spaeker: no such column; .*class, speaker, number"):
        cs.load(tmp_path, group="spaeker")
    with pytest.raises(cs.DataError, match=r"--image-column speaker: .* has no columns"):
        cs.load(tmp_path, image_column="speaker")


def test_speakers_in_folders_of_classes_are_hinted_at_and_kept_together_where_asked(tmp_path: Path):
    speakers(tmp_path, "{digit}/{speaker}_{at}.wav")
    data = cs.load(tmp_path)
    hint = {notice.code: notice.text for notice in data.warnings}["group-like"]
    assert "one of 6 words" in hint and "--group speaker" in hint and data.everything.groups is None
    assert groups_of(cs.load(tmp_path, group="speaker")) == {"ann", "bob", "cy", "dee", "eve", "fay"}
    assert "group-like" not in {notice.code for notice in cs.load(tmp_path, group="none").warnings}


def test_names_that_say_the_class_again_are_no_speakers(tmp_path: Path):
    for name in ("rain", "wind", "sea"):
        for at in range(12):
            written(tmp_path / name / f"{name}_{at}.wav", tone(220 + at))
    assert "group-like" not in {notice.code for notice in cs.load(tmp_path).warnings}
    for name in ("rain", "wind", "sea"):
        for at in range(12):
            (tmp_path / name / f"{name}_{at}.wav").rename(tmp_path / name / f"{at}.wav")
    with pytest.raises(cs.DataError, match="--group speaker: names do not say who speaks"):
        cs.load(tmp_path, group="speaker")


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
    with pytest.raises(cs.DataError, match=r"1 of 24 recordings cannot be used: low/0.wav is no WAV file.*--skip-bad"):
        cs.load(tmp_path)
    assert len(cs.load(tmp_path, skip_bad=True).everything) == 23
    written(tmp_path / "low" / "0.wav", np.stack([tone(220)] * 2, 1))
    with pytest.raises(cs.DataError, match=r"low/0.wav has 2 channels, most 1: .* -ac 1 .*--skip-bad"):
        cs.load(tmp_path)
    kept = cs.load(tmp_path, skip_bad=True)
    assert len(kept.everything) == 23 and kept.preprocessing.input.channels == 1


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
