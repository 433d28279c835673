"""A run is given a set of another kind of input: a plain error, whichever way round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convscope as cs

SETTINGS: dict[str, Any] = {
    "epochs": 1,
    "baselines": False,
    "quiet": True,
    "threads": 1,
    "amp": False,
    "compile": False,
}
PAIRS = [("text", "image"), ("text", "signal"), ("signal", "text"), ("image", "text"), ("image", "signal")]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return a small set of each kind, by what its examples are called."""
    folder = tmp_path_factory.mktemp("sets")
    words = "".join(f"{'ana' if k % 2 else 'jose'}{k},{'fm'[k % 2]}\n" for k in range(60))
    (folder / "names.csv").write_text("text,label\n" + words)
    np.savez(folder / "pictures.npz", x=np.random.default_rng(0).integers(0, 255, (40, 8, 8), np.uint8),
             y=np.arange(40) % 2)  # fmt: skip
    return {"text": str(folder / "names.csv"), "signal": "steps", "image": str(folder / "pictures.npz")}


@pytest.fixture(scope="module")
def runs(sets: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, cs.Run]:
    models = {"text": "text_cnn", "signal": "conv1d", "image": "tiny"}
    out = tmp_path_factory.mktemp("runs")
    return {kind: cs.train(sets[kind], model=models[kind], out=out / kind, **SETTINGS) for kind in models}


@pytest.mark.parametrize(("kind", "other"), PAIRS)
def test_a_set_of_another_kind_is_refused_by_name(runs: dict[str, cs.Run], sets: dict[str, str], kind: str, other: str):
    with pytest.raises(cs.DataError, match=rf"a set of {other}s; this run takes {kind}s"):
        runs[kind].evaluate(sets[other])


def test_a_named_set_of_signals_is_scored_by_a_run_on_signals(runs: dict[str, cs.Run]):
    assert runs["signal"].evaluate("steps")["examples"] == 400  # its test split
