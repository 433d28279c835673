"""Signals in ``.ts`` and ARFF files, of one channel and several, of one length and several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope as cs

RNG = np.random.default_rng(5)
N = 30
LABELS = np.array(["walk", "run"])[np.arange(N) % 2]
HEAD_TS = ["# gait", "@problemName Gait", "@timeStamps false", "@classLabel true walk run", "@data"]


def made(channels: int, lengths: tuple[int, ...] = (20,)) -> list[np.ndarray]:
    return [np.round(RNG.normal(size=(lengths[k % len(lengths)], channels)), 3) for k in range(N)]


def row(signal: np.ndarray, between: str, label: str) -> str:
    return between.join(",".join(map(str, channel)) for channel in signal.T) + f":{label}"


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def assert_holds(data: cs.Data, signals: list[np.ndarray]) -> None:
    for example, signal, label in zip(data.everything, signals, LABELS, strict=True):
        np.testing.assert_array_equal(example.image, signal.astype(np.float32))
        assert example.label == label


@pytest.mark.parametrize(("channels", "lengths"), [(1, (20,)), (3, (20,)), (2, (20, 13))])
def test_ts(tmp_path: Path, channels: int, lengths: tuple[int, ...]):
    signals = made(channels, lengths)
    rows = [row(signal, ":", label) for signal, label in zip(signals, LABELS, strict=True)]
    data = cs.load(written(tmp_path / "gait.ts", HEAD_TS + rows))
    assert_holds(data, signals)
    assert data.preprocessing.input.space == ((20,) if len(lengths) == 1 else (None,))
    assert data.preprocessing.input.channels == channels


def test_ts_with_twins_time_stamps_and_filled_ends(tmp_path: Path):
    signals = made(2, (20, 15))
    stamped = [
        ":".join(",".join(f"({k},{value})" for k, value in enumerate(channel)) for channel in signal.T)
        + ":" + label for signal, label in zip(signals, LABELS, strict=True)
    ]  # fmt: skip
    filled = [
        ":".join(",".join([*map(str, channel), *["?"] * (20 - len(channel))]) for channel in signal.T) + ":" + label
        for signal, label in zip(signals, LABELS, strict=True)
    ]
    written(tmp_path / "gait_TRAIN.ts", HEAD_TS + stamped[:20])
    written(tmp_path / "gait_TEST.ts", HEAD_TS + filled[20:])
    for path in (tmp_path, tmp_path / "gait_TRAIN.ts"):
        data = cs.load(path)
        assert_holds(data, signals)
        assert data.name == ("gait") and data.test is not None and len(data.test) == 10


def test_arff_plain_and_relational(tmp_path: Path):
    plain = made(1)
    head = [
        "@relation gait",
        *(f"@attribute att{k} numeric" for k in range(20)),
        "@attribute target {walk,run}",
        "@data",
    ]
    lines = [",".join([*map(str, signal[:, 0]), label]) for signal, label in zip(plain, LABELS, strict=True)]
    assert_holds(cs.load(written(tmp_path / "plain.arff", head + lines)), plain)
    several = made(3)
    head = ["@relation gait", "@attribute all relational", *(f"  @attribute t{k} numeric" for k in range(20)),
            "@end all", "@attribute class {walk,run}", "@data"]  # fmt: skip
    lines = [
        "'" + "\\n".join(",".join(map(str, channel)) for channel in signal.T) + f"',{label}"
        for signal, label in zip(several, LABELS, strict=True)
    ]
    assert_holds(cs.load(written(tmp_path / "several.arff", head + lines)), several)


def test_a_table_in_arff_is_no_signals(tmp_path: Path):
    head = [
        "@relation iris",
        "@attribute width numeric",
        "@attribute height numeric",
        "@attribute class {a,b}",
        "@data",
    ]
    with pytest.raises(cs.DataError, match=r"its attributes are no values over time"):
        cs.load(written(tmp_path / "iris.arff", [*head, "1,2,a", "2,3,b"]))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3:4,?,6:walk", r"row 6 of a.ts: value 2 of channel 2 is missing \('\?'\).*--skip-bad"),
        ("1,2,3:4,x,6:walk", r"value 2 of channel 2 is no number \('x'\)"),
        ("1,2,3:4,5:walk", r"its channels have 2, 3 values"),
        ("1,2,3:4,5,6:?", r"its label is missing"),
        ("1,2,3:walk", r"row 6 of a.ts: has 1 channel, most 2.*--skip-bad"),
    ],
)
def test_a_case_that_is_none_is_named(tmp_path: Path, line: str, message: str):
    good = [row(signal, ":", label) for signal, label in zip(made(2, (3,)), LABELS, strict=True)]
    path = written(tmp_path / "a.ts", [*HEAD_TS, line, *good])
    with pytest.raises(cs.DataError, match=message):
        cs.load(path)
    if "channel, the others" not in message:
        assert len(cs.load(path, skip_bad=True).everything) == N


def test_a_header_that_says_nothing_to_learn(tmp_path: Path):
    with pytest.raises(cs.DataError, match=r"no @classLabel true"):
        cs.load(written(tmp_path / "a.ts", ["@problemName a", "@classLabel false", "@data", "1,2"]))
    with pytest.raises(cs.DataError, match=r"there is no line @data"):
        cs.load(written(tmp_path / "b.ts", ["1,2,3:a"]))


def test_targets_that_are_numbers(tmp_path: Path):
    head = ["@problemName a", "@targetLabel true", "@data"]
    lines = [row(signal, ":", f"{k / 4}") for k, signal in enumerate(made(1))]
    data = cs.load(written(tmp_path / "a.ts", head + lines), task="regression")
    assert data.target_kind == "number" and data.everything[5].label.tolist() == [1.25]
