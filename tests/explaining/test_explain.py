"""Explanations against what they are by definition: a pass for each piece, each base, each step of a way."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from convscope.data.spec import Classes, Labels, Numbers, PixelClasses
from convscope.explaining.checks.drop import DRAWS, drop
from convscope.explaining.integrated_gradients import integrated_gradients
from convscope.explaining.mutagenesis import TOKENS, importance, mutagenesis
from convscope.explaining.occlusion import occlusion, pieces
from convscope.explaining.removal import ANY, NEARLY, with_any_base, with_mean, without_tokens
from convscope.explaining.score import answering, score_of
from convscope.models import create

CLASSES = Classes(("ant", "bee", "cat"))
SCORE = score_of(CLASSES, 2)
assert SCORE is not None


def _net(name: str, **options: object) -> nn.Module:
    torch.manual_seed(0)
    return create(name, classes=3, **options)  # pyright: ignore[reportArgumentType]


def _log_odds(model: nn.Module, x: torch.Tensor) -> float:
    with answering(model), torch.no_grad():
        p = float(model(x).double().softmax(1)[0, 2])
    return float(np.log(p / (1 - p)))


def test_scores_are_log_odds_logits_and_numbers():
    out = torch.tensor([[0.5, -1.0, 2.0]]).double()
    p = float(out.softmax(1)[0, 2])
    assert float(SCORE.of(out)) == pytest.approx(np.log(p / (1 - p)))
    label = score_of(Labels(("red", "round", "big")), 1)
    number = score_of(Numbers(("age",), ("years",), (40.0,), (10.0,)), 0)
    assert label is not None and float(label.of(out)) == -1.0
    assert number is not None and float(number.of(out)) == 45.0 and number.name == "age in years"
    assert score_of(PixelClasses(("a", "b"), (0.5, 0.5)), 0) is None


@pytest.mark.parametrize("name", ["text_cnn", "text_cnn_wide", "gru", "lstm", "transformer"])
def test_occlusion_is_a_pass_without_each_letter(name: str):
    model = _net(name, vocabulary=20, size=(None,))
    tokens = torch.tensor([[5, 9, 2, 14, 3]])
    effect = occlusion(model, tokens, partial(without_tokens, tokens[0]), pieces(5, 160), SCORE)
    for at in range(5):
        left = torch.cat([tokens[:, :at], tokens[:, at + 1 :]], 1)
        assert effect[at] == pytest.approx(_log_odds(model, tokens) - _log_odds(model, left), abs=1e-5)
    two = occlusion(model, tokens, partial(without_tokens, tokens[0]), pieces(5, 2), SCORE)
    assert two[1] == pytest.approx(_log_odds(model, tokens) - _log_odds(model, tokens[:, :3]), abs=1e-5)
    assert np.isnan(occlusion(model, tokens[:, :1], partial(without_tokens, tokens[0, :1]), pieces(1, 9), SCORE)).all()


@pytest.mark.parametrize("name", ["conv_dna", "danq"])
def test_mutagenesis_is_a_pass_with_each_base(name: str):
    model = _net(name, vocabulary=17, size=(12,))
    tokens = torch.tensor([[TOKENS[k] for k in (0, 1, 2, 3, 0, 0, 1, 2)] + [ANY] + [TOKENS[k] for k in (3, 3, 1)]])
    changes = mutagenesis(model, tokens, SCORE)
    for row, token in enumerate(TOKENS):
        for at in range(12):
            mutant = tokens.clone()
            mutant[0, at] = token
            wanted = _log_odds(model, mutant) - _log_odds(model, tokens)
            assert changes[row, at] == pytest.approx(wanted, abs=1e-5)
            assert changes[row, at] == 0 or tokens[0, at] != token
    counts = importance(changes)
    assert counts[0] == pytest.approx(-changes[1:, 0].mean())
    assert counts[8] == pytest.approx(-changes[:, 8].mean())  # any base: there are four others


def test_integrated_gradients_add_up_and_are_exact_where_a_network_is_linear():
    model = nn.Sequential(nn.Flatten(), nn.Linear(8, 3))
    x = torch.randn(1, 2, 4, generator=torch.Generator().manual_seed(1))
    number = score_of(Numbers(("y",), ("",), (0.0,), (1.0,)), 0)
    assert number is not None
    found = integrated_gradients(model, x, number, 0.0)
    weights = model[1].weight[0].detach().reshape(2, 4).numpy()
    assert found.values == pytest.approx(weights * x[0].numpy(), abs=1e-6) and abs(found.gap) < 1e-6


@pytest.mark.parametrize("size", [(40,), None])
@pytest.mark.parametrize("name", ["conv1d", "fcn", "resnet1d", "inception", "tcn"])
def test_integrated_gradients_of_signals_add_up(name: str, size: tuple[int, ...] | None):
    model = _net(name, channels=2, size=size)
    x = torch.randn(1, 2, 40, generator=torch.Generator().manual_seed(1))
    model.train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = integrated_gradients(model, x, SCORE, NEARLY, 400)
    assert abs(found.gap) <= 0.02 * max(0.05, abs(found.score - found.baseline))
    assert found.score == pytest.approx(_log_odds(model, x), abs=1e-5)
    assert model.training and all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_what_is_removed():
    gone = np.array([[True, False, False], [False, True, True]])
    assert with_any_base(torch.tensor([2, 3, 4]), gone).tolist() == [[ANY, 3, 4], [2, ANY, ANY]]
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    flat = with_mean(x, gone)
    assert flat.shape == (2, 2, 3) and flat[0, :, 0].tolist() == pytest.approx([NEARLY, NEARLY])
    assert (flat[:, :, 2] != 0).all()  # a signal keeps its length


def test_the_check_tells_an_explanation_from_a_drawn_one():
    class Sum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.sum((1, 2))[:, None]

    number = score_of(Numbers(("y",), ("",), (0.0,), (1.0,)), 0)
    assert number is not None
    x = torch.arange(10.0).reshape(1, 1, 10)
    rng = np.random.default_rng(0)
    named, drawn = drop(Sum(), x, np.arange(10.0), partial(with_mean, x[0]), number, rng)
    assert named == pytest.approx(17.0, abs=1e-4)  # 8 + 9: a fifth of ten steps
    again = np.random.default_rng(0)
    wanted = np.mean([again.choice(10, 2, replace=False).sum() for _ in range(DRAWS)])
    assert drawn == pytest.approx(wanted, abs=1e-4)
