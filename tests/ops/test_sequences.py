"""Recurrence and attention: a sequence is its steps in turn, the last states have gradients, masks hide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from convscope import ops


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def weights(rng, gates: int) -> list[np.ndarray]:
    return [rng.standard_normal(shape) for shape in ((4 * gates, 3), (4 * gates, 4), (4 * gates,), (4 * gates,))]


def test_a_gru_is_its_steps_in_turn(rng):
    x, hidden, given = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 4)), weights(rng, 3)
    whole = ops.gru(x, *given, hidden)
    for t in range(5):
        hidden = ops.gru_step(x[:, t], hidden, *given)
        np.testing.assert_allclose(whole.output[:, t], hidden, rtol=1e-12)
    np.testing.assert_allclose(whole.hidden, hidden, rtol=1e-12)


def test_an_lstm_is_its_steps_in_turn(rng):
    x, given = rng.standard_normal((2, 5, 3)), weights(rng, 4)
    hidden, cell = rng.standard_normal((2, 2, 4))
    whole = ops.lstm(x, *given, hidden, cell)
    for t in range(5):
        hidden, cell = ops.lstm_step(x[:, t], hidden, cell, *given)
        np.testing.assert_allclose(whole.output[:, t], hidden, rtol=1e-12)
    np.testing.assert_allclose(whole.cell, cell, rtol=1e-12)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_the_modules_of_pytorch_take_the_same_weights(rng, kind):
    made = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind](3, 4, batch_first=True).double()
    given = [parameter.detach().numpy() for parameter in made.parameters()]
    x = rng.standard_normal((2, 5, 3))
    expected, last = made(torch.tensor(x))
    found = getattr(ops, kind)(x, *given)
    np.testing.assert_allclose(found.output, expected.detach().numpy(), rtol=1e-10)
    last = last if isinstance(last, tuple) else (last,)
    for mine, theirs in zip(found[1:], last, strict=True):
        np.testing.assert_allclose(mine, theirs[0].detach().numpy(), rtol=1e-10)


def test_the_last_cell_state_has_a_gradient_too(rng):
    made = torch.nn.LSTM(3, 4, batch_first=True).double()
    given = [parameter.detach().numpy() for parameter in made.parameters()]
    x = torch.tensor(rng.standard_normal((2, 5, 3)), requires_grad=True)
    output, (_, cell) = made(x)
    of_output, of_cell = rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 4))
    ((output * torch.tensor(of_output)).sum() + (cell[0] * torch.tensor(of_cell)).sum()).backward()
    found = ops.lstm_backward(ops.LSTM(of_output, None, of_cell), x.detach().numpy(), *given)
    np.testing.assert_allclose(found.x, x.grad.numpy(), rtol=1e-9, atol=1e-12)
    for mine, parameter in zip(found[1:5], made.parameters(), strict=True):
        np.testing.assert_allclose(mine, parameter.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_a_gradient_of_the_last_hidden_state_is_one_of_the_last_output(rng):
    x, given, last = rng.standard_normal((2, 5, 3)), weights(rng, 3), rng.standard_normal((2, 4))
    of_output = np.zeros((2, 5, 4))
    of_output[:, -1] = last
    one, other = ops.gru_backward(ops.GRU(None, last), x, *given), ops.gru_backward(of_output, x, *given)
    np.testing.assert_allclose(one.x, other.x)


def test_a_state_traces_back_to_the_candidate_and_the_state_before():
    zeros = np.zeros((3, 1))
    terms = ops.PRIMITIVES["gru_step"].terms((0, 0), np.ones((1, 1)), np.array([[8.0]]), zeros, zeros)
    assert (terms.source, terms.operand.tolist(), terms.factor.tolist()) == ((None, "hidden"), [0, 8], [0.5, 0.5])


def test_a_query_that_may_attend_to_nothing_yields_zero(rng):
    q, k, v, grad = (rng.standard_normal(shape) for shape in ((2, 3), (4, 3), (4, 2), (2, 2)))
    mask = np.array([[False] * 4, [True, False, True, True]])
    tensors = [torch.tensor(array, requires_grad=True) for array in (q, k, v)]
    expected = torch.nn.functional.scaled_dot_product_attention(*tensors, torch.tensor(mask))
    expected.backward(torch.tensor(grad))
    found = ops.attention(q, k, v, mask)
    assert found[0].tolist() == [0, 0]
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-10)
    *gradients, of_mask = ops.attention_backward(grad, q, k, v, mask)
    assert of_mask is None
    for mine, theirs in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(mine, theirs.grad.numpy(), rtol=1e-10, atol=1e-14)


def test_a_masked_key_has_no_say(rng):
    q, k, v = rng.standard_normal((3, 2, 3))
    hidden = np.array([True, False])
    np.testing.assert_allclose(ops.attention(q, k, v, hidden), np.broadcast_to(v[:1], (2, 3)))
