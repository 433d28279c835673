"""Answers in bfloat16: asked for, compared with float32 first, and near to it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from cli.command import call
from convscope.errors import ConfigError
from convscope.runs import predictor
from convscope.runs.run import open_run
from convscope.training.accelerate import inference_model


def test_bfloat16_scores_as_float32_does(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("evaluate", run, "--json") == 0
    exact = json.loads(capsys.readouterr().out)
    assert call("evaluate", run, "--amp", "--json") == 0
    fast = json.loads(capsys.readouterr().out)
    assert fast["accuracy"]["value"] == pytest.approx(exact["accuracy"]["value"], abs=0.01)
    assert fast["log_loss"] != exact["log_loss"]  # it was bfloat16 indeed


def test_bfloat16_that_changes_the_classes_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Another(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.eye(10)[torch.zeros(len(x), dtype=torch.long)]

    opened = open_run(run)
    monkeypatch.setattr(predictor, "InBfloat16", lambda model: Another())
    message = r"--amp: in bfloat16 \d+ of the first 128 .* another answer than in float32; .*; leave --amp out"
    with pytest.raises(ConfigError, match=message):
        opened.evaluate(amp=True)


def test_the_answering_form_is_the_network_up_to_rounding(run: Path) -> None:
    model = open_run(run).model
    x = torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        for channels_last in (False, True):
            torch.testing.assert_close(inference_model(model, channels_last=channels_last)(x), model(x))
        halved = inference_model(model, channels_last=True, amp=True)(x)
    assert halved.dtype == torch.float32
    np.testing.assert_allclose(halved, model(x).detach(), atol=0.1)
    assert all(p.dtype == torch.float32 and p.requires_grad for p in model.parameters())
