"""What holds for every small network of the classic families: sizes, dropout, rewrites, the chain, that it learns."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from convscope.data.spec import InputSpec
from convscope.models import create, entry
from convscope.models.cost import cost
from convscope.models.transfer import HEADS, cut
from convscope.training.rewrites import fold_batch_norm, rewrite

SMALL = ("alexnet_mini", "googlenet_mini", "nin_mini", "vgg_mini")


@pytest.mark.parametrize("name", SMALL)
@given(height=st.integers(1, 70), width=st.integers(1, 70), channels=st.integers(1, 5))
@settings(max_examples=8, deadline=None)
def test_any_size_and_channel_count_gives_finite_logits_and_gradients(
    name: str, height: int, width: int, channels: int
) -> None:
    net = create(name, classes=3, channels=channels, size=(height, width))
    x = torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(0))
    logits = net(x)
    logits.square().sum().backward()
    assert logits.shape == (2, 3) and bool(torch.isfinite(logits).all())
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in net.parameters())


@pytest.mark.parametrize("name", SMALL)
def test_it_is_cheap(name: str) -> None:
    weights, multiplications = cost(lambda: create(name, classes=10, channels=1, size=(28, 28)), InputSpec(1, (28, 28)))
    assert weights <= 2_000_000 and multiplications <= 15_000_000


@pytest.mark.parametrize("name", SMALL)
def test_dropout_acts_in_training_only_and_can_be_turned_off(name: str) -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 1, 28, 28)
    net = create(name, classes=10, channels=1, size=(28, 28))
    with torch.no_grad():
        assert not torch.equal(net(x), net(x))
        net.eval()
        assert torch.equal(net(x), net(x))
        plain = create(name, classes=10, channels=1, size=(28, 28), dropout=0.0)
        assert torch.equal(plain(x), plain(x))


@pytest.mark.parametrize("name", SMALL)
def test_faster_forms_leave_the_outcome_as_it_is(name: str) -> None:
    torch.manual_seed(0)
    net = create(name, classes=10, channels=3, size=(33, 26))
    x = torch.randn(4, 3, 33, 26)
    net(x)  # so that the running statistics are none that a fault would leave unseen
    net.eval()
    with torch.no_grad():
        assert torch.equal(rewrite(net).model(x), net(x))
        torch.testing.assert_close(fold_batch_norm(net)(x), net(x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_it_is_a_chain_of_named_layers_cut_at_the_head(name: str) -> None:
    net = create(name, classes=10, channels=1, size=(28, 28)).eval()
    assert isinstance(net, nn.Sequential) and all(child.isidentifier() for child, _ in net.named_children())
    trunk, head = cut(net, entry(name).head)
    x = torch.randn(2, 1, 28, 28)
    maps = trunk(x)
    assert maps.ndim == 4 and len(trunk) and len(head)
    assert torch.equal(head(maps), net(x))
    for kind in HEADS:
        other = create(name, classes=6, channels=1, size=(28, 28), head=kind).eval()
        assert other(x).shape == (2, 6)


@pytest.mark.parametrize("name", SMALL)
def test_activations_are_each_used_once_and_leave_their_input_alone(name: str) -> None:
    net = create(name, classes=10, channels=1, size=(28, 28)).eval()
    calls: list[int] = []
    activations = [module for module in net.modules() if isinstance(module, nn.ReLU)]
    for module in activations:
        assert not module.inplace
        module.register_forward_hook(lambda module, _i, _o: calls.append(id(module)))
    net(torch.randn(2, 1, 28, 28))
    assert sorted(calls) == sorted(id(module) for module in activations)


@pytest.mark.parametrize("name", SMALL)
def test_it_learns_real_digits(name: str) -> None:
    torch.manual_seed(0)
    pixels, labels = (torch.as_tensor(found) for found in load_digits(return_X_y=True))
    x = pixels.float().div(8).sub(1).reshape(-1, 1, 8, 8).repeat_interleave(2, 2).repeat_interleave(2, 3)
    y = labels.long()
    net = create(name, classes=10, channels=1, size=(16, 16))
    rate = entry(name).lr
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=48)
    for step in range(48):
        rows = torch.arange(64) + 64 * (step % 16)
        optimiser.zero_grad()
        cross_entropy(net(x[rows]), y[rows]).backward()
        optimiser.step()
        schedule.step()
    net.eval()
    with torch.no_grad():
        accuracy = float((net(x[1200:]).argmax(1) == y[1200:]).float().mean())
    assert accuracy > 0.8
