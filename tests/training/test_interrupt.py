"""Ctrl-C and SIGTERM outside the training loop, where nothing has to be saved any more."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from convscope.cli.app import main
from convscope.data.dataset import Data
from convscope.data.spec import Classes
from convscope.tasks import baselines
from convscope.tasks.classification.baselines import METHODS
from convscope.terminal.live import Live
from convscope.training.interrupt import sigterm_as_ctrl_c


def test_sigterm_is_a_ctrl_c_within_the_block_only() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), sigterm_as_ctrl_c():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("baselines", "stopped; what was saved before is kept. Resume with: convscope train --resume"),
        ("report", "stopped; what was saved before is kept. Resume with: convscope train --resume"),
        ("reading images", "stopped before training began; nothing was written"),
    ],
)
def test_sigterm_before_and_after_training_says_how_to_go_on(
    stage: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    np.savez(
        tmp_path / "made.npz", x=np.random.default_rng(0).integers(0, 255, (60, 8, 8)).astype(np.uint8), y=[0, 1] * 30
    )
    real = Live.progress

    def stopping(self: Live, what: str, done: int, total: int) -> None:
        real(self, what, done, total)
        if what == stage:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Live, "progress", stopping)
    out = tmp_path / "run"
    with pytest.raises(SystemExit) as ended:
        main(["train", str(tmp_path / "made.npz"), "--model", "tiny", "--epochs", "1", "--out", str(out)])
    assert ended.value.code == 130
    assert said in " ".join(capsys.readouterr().err.split())
    assert (out / "model.safetensors").exists() is (stage != "reading images")
    assert not (out / "report.html").exists()


def test_ctrl_c_amid_a_simple_method_is_not_swallowed(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.neural_network import MLPClassifier

    real, calls = MLPClassifier._backprop, 0

    def backprop(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return real(*arguments)

    monkeypatch.setattr(MLPClassifier, "_backprop", backprop)
    with pytest.raises(KeyboardInterrupt):
        baselines.run({"small MLP": METHODS["small MLP"]}, digits.train, digits.valid, Classes(digits.classes))
    assert calls == 3
