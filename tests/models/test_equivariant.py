"""Group convolutions against the paper's definition, the laws of their groups, and what invariance promises a user."""

from __future__ import annotations

import copy
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from convscope.analysis.equivariance import equivariance
from convscope.errors import ConfigError, ShapeError
from convscope.graph.record import record
from convscope.models import count_weights, create
from convscope.models.blocks import size_after
from convscope.models.equivariant import (
    P4,
    P4M,
    Group,
    GroupBatchNorm,
    GroupConvolution,
    GroupPool,
    Halving,
    Lifting,
)
from convscope.training.accelerate import inference_model
from convscope.training.rewrites import fold_batch_norm, rewrite

GROUPS = (P4, P4M)
NETS = {"p4_mini": P4, "p4m_mini": P4M}
groups = st.sampled_from(GROUPS)
channels = st.integers(1, 3)
kernels = st.sampled_from((1, 3, 5))

QUARTER = np.array([[0, -1], [1, 0]])  # (row, column) from the centre: what is on the right comes to the top
MIRROR = np.array([[1, 0], [0, -1]])


def matrix(g: int) -> np.ndarray:
    return np.linalg.matrix_power(QUARTER, g % 4) @ np.linalg.matrix_power(MIRROR, g // 4)


def element(found: np.ndarray) -> int:
    return next(g for g in range(8) if np.array_equal(matrix(g), found))


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def net_of(name: str, side: int) -> nn.Module:
    """Return a small network in evaluation mode whose norms do something and which is of two minds about noise."""
    torch.manual_seed(side)
    net = create(name, classes=4, channels=2, size=(side, side), width=8).double().train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    with torch.no_grad():
        for seed in range(3):
            net(random(8, 2, side, side, seed=seed))
        logits = net.eval()(random(8, 2, side, side))
        last = net.get_submodule("fc")
        assert isinstance(last, nn.Linear)
        last.weight /= logits.std(0)[:, None]
        last.bias.copy_((last.bias - logits.mean(0)) / logits.std(0))
    return net.requires_grad_(False)


# The groups


def test_elements_multiply_as_the_matrices_do() -> None:
    for g, h in product(range(8), repeat=2):
        assert P4M.product(g, h) == element(matrix(g) @ matrix(h))
        assert g >= 4 or h >= 4 or P4.product(g, h) == P4M.product(g, h) < 4
    assert all(P4M.product(g, P4M.inverse(g)) == P4M.product(P4M.inverse(g), g) == 0 for g in range(8))


def test_pixels_move_as_the_matrices_say() -> None:
    image = torch.arange(25).view(5, 5)
    for g in range(8):
        moved = P4M.act(image, g)
        for place in product(range(-2, 3), repeat=2):
            row, column = matrix(g) @ place
            assert moved[row + 2, column + 2] == image[place[0] + 2, place[1] + 2]


@pytest.mark.parametrize("group", GROUPS)
def test_acting_twice_is_acting_by_the_product(group: Group) -> None:
    maps = random(1, group.size * 2, 3, 3)
    for g, h in product(range(group.size), repeat=2):
        assert torch.equal(
            group.act_on_maps(group.act_on_maps(maps, h), g), group.act_on_maps(maps, group.product(g, h))
        )


def test_elements_are_said_in_words() -> None:
    assert [P4M.describe(g) for g in (0, 2, 4, 7)] == [
        "as it is", "turned by 180°", "mirrored", "mirrored and turned by 270°",
    ]  # fmt: skip


# The layers


@given(groups, channels, channels, kernels, st.integers(0, 3), st.integers(5, 9), st.integers(5, 9), st.booleans())
@settings(max_examples=25, deadline=None)
def test_convolutions_commute_with_every_element(
    group: Group, inputs: int, outputs: int, kernel: int, padding: int, height: int, width: int, bias: bool
) -> None:
    lift = Lifting(group, inputs, outputs, kernel, padding=padding, bias=bias).double()
    conv = GroupConvolution(group, inputs, outputs, kernel, padding=padding, bias=bias).double()
    image, maps = random(2, inputs, height, width), random(2, group.size * inputs, height, width)
    lifted, convolved = lift(image), conv(maps)
    assert convolved.shape[1] == lifted.shape[1] == group.size * outputs
    for g in range(group.size):
        close(lift(group.act(image, g)), group.act_on_maps(lifted, g))
        close(conv(group.act_on_maps(maps, g)), group.act_on_maps(convolved, g))


def test_a_plain_convolution_does_not_commute() -> None:
    maps = random(1, 8, 6, 6)
    plain = nn.Conv2d(8, 8, 3).double()
    assert all(not torch.allclose(plain(P4.act_on_maps(maps, g)), P4.act_on_maps(plain(maps), g)) for g in (1, 2, 3))


def by_definition(group: Group, maps: Tensor, filters: Tensor, *, lifting: bool) -> Tensor:
    """Return [f ⋆ ψ](g) = Σ f(h) ψ(g⁻¹h), g and h over turns, mirrors and shifts, as equations 10 and 11 write it.

    ``maps`` is (N, C, elements, side, side) and ``filters`` (O, C, elements, k, k), elements 1 for images; the result
    is (N, O, |G|, side, side). Beyond its k×k window a filter is zero.
    """
    side, k = maps.shape[-1], filters.shape[-1]
    places = list(product(range(side), repeat=2))
    sources = list(product(range(1 if lifting else group.size), range(len(places))))
    outside = filters[0, 0].numel()
    taken = np.full((group.size, len(places), len(sources)), outside)
    for (g, x), (at, (h, y)) in product(product(range(group.size), range(len(places))), enumerate(sources)):
        back = np.linalg.inv(matrix(g)).round().astype(int)
        row, column = back @ (np.array(places[y]) - places[x]) + k // 2
        turned = 0 if lifting else element(back @ matrix(h))
        if 0 <= row < k and 0 <= column < k:
            taken[g, x, at] = (turned * k + row) * k + column
    values = F.pad(filters.flatten(2), (0, 1))[:, :, torch.from_numpy(taken)]  # (O, C, |G|, places, sources)
    return torch.einsum("ncs,ocgps->nogp", maps.flatten(2), values).unflatten(3, (side, side))


@pytest.mark.parametrize("lifting", [True, False])
@pytest.mark.parametrize("group", GROUPS)
def test_convolutions_are_the_paper_s_sums_forward_and_backward(group: Group, lifting: bool) -> None:
    planes, inputs, outputs, side = 1 if lifting else group.size, 2, 3, 4
    layer = (Lifting if lifting else GroupConvolution)(group, inputs, outputs, 3, padding=1, bias=False).double()
    x = random(2, planes * inputs, side, side).requires_grad_()
    found = layer(x).unflatten(1, (group.size, outputs)).transpose(1, 2)
    filters = layer.weight.unflatten(1, (planes, inputs)).transpose(1, 2)
    expected = by_definition(group, x.unflatten(1, (planes, inputs)).transpose(1, 2), filters, lifting=lifting)
    close(found, expected)
    weights = random(*found.shape, seed=1)
    for mine, theirs in zip(
        torch.autograd.grad((found * weights).sum(), [x, layer.weight]),
        torch.autograd.grad((expected * weights).sum(), [x, layer.weight]),
        strict=True,
    ):
        close(mine, theirs)


@pytest.mark.parametrize("side", range(1, 34))
def test_halving_commutes_at_every_side_and_drops_nothing(side: int) -> None:
    halving, image = Halving(), random(1, 2, side, 20)
    halved = halving(image)
    assert halved.shape[2:] == (-(-side // 2), 10) == size_after([halving], (side, 20))
    for g in range(8):
        assert torch.equal(halving(P4M.act(image, g)), P4M.act(halved, g))
    for place in range(side):
        alone = torch.zeros(1, 1, side, 20)
        alone[0, 0, place] = 1
        assert halving(alone).max() == 1


def test_halving_by_hand() -> None:
    assert Halving()(torch.tensor([[[[5.0, 1, 2, 3, 4]]]])).tolist() == [[[[5, 3, 4]]]]
    assert Halving()(torch.tensor([[[[5.0, 1, 2, 3]]]])).tolist() == [[[[5, 3]]]]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_batch_norm_is_shared_by_the_elements(group: Group, order: torch.memory_format) -> None:
    norm, maps = GroupBatchNorm(group, 3).double(), random(4, group.size * 3, 5, 6)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2, 3]))
        norm.bias.copy_(torch.tensor([0.1, 0.2, 0.3]))
    of_feature = maps.unflatten(1, (group.size, 3))
    mean, var = (of_feature.mean((0, 1, 3, 4)), of_feature.var((0, 1, 3, 4), unbiased=False))
    out = norm(maps.to(memory_format=order))
    expected = (of_feature - mean[:, None, None]) / (var[:, None, None] + norm.eps).sqrt()
    close(out, (expected * norm.weight[:, None, None] + norm.bias[:, None, None]).flatten(1, 2))
    assert norm.running_mean is not None and norm.running_mean.shape == (3,)
    close(norm.running_mean, 0.1 * mean)
    for mode in (True, False):
        norm.train(mode)
        out = norm(maps)
        for g in range(group.size):
            close(norm(group.act_on_maps(maps, g)), group.act_on_maps(out, g))


@pytest.mark.parametrize("kind", ["max", "mean"])
@pytest.mark.parametrize("group", GROUPS)
def test_pooling_over_the_group_leaves_what_turns_as_an_image(group: Group, kind: str) -> None:
    pool = GroupPool(group, "max" if kind == "max" else "mean")
    maps = random(2, group.size * 3, 5, 5)
    pooled = pool(maps)
    each = [maps[:, c::3] for c in range(3)]  # feature c at every element
    expected = [x.max(1).values if kind == "max" else x.sum(1) / group.size for x in each]
    close(pooled, torch.stack(expected, 1))
    for g in range(group.size):
        close(pool(group.act_on_maps(maps, g)), group.act(pooled, g))


# The networks


@pytest.mark.parametrize("side", range(20, 34))
@pytest.mark.parametrize("name", NETS)
def test_networks_answer_the_same_for_every_element(name: str, side: int) -> None:
    net, images = net_of(name, side), random(3, 2, side, side, seed=9)
    answer = net(images)
    assert float(answer.std()) > 0.1
    for g in range(NETS[name].size):
        close(net(NETS[name].act(images, g)), answer)


@pytest.mark.parametrize("size", [(8, 8), (31, 24), (40, 67)])
@pytest.mark.parametrize("name", NETS)
def test_networks_are_invariant_for_other_sizes_than_they_were_built_for(name: str, size: tuple[int, int]) -> None:
    net, images = net_of(name, 28), random(2, 2, *size)
    for g in range(NETS[name].size):
        close(net(NETS[name].act(images, g)), net(images))


@pytest.mark.parametrize(("name", "kept"), [("p4m_mini", 7), ("p4_mini", 3), ("plain_mini", 0)])
def test_what_each_network_keeps_its_answer_under(name: str, kept: int) -> None:
    net = record(net_of(name, 12), (2, 12, 12))
    found = equivariance(net, node=net.outputs["output"], furthest=1)
    assert found.invariance and [one.element for one in found.symmetries] == [P4M.describe(g) for g in range(1, 8)]
    assert [one.exact for one in found.symmetries] == [True] * kept + [False] * (7 - kept)


@pytest.mark.parametrize("side", [17, 28, 33, 64, 224])
@pytest.mark.parametrize(("classes", "inputs"), [(2, 1), (10, 1), (2, 3), (10, 3)])
def test_the_three_networks_have_equally_many_weights(classes: int, inputs: int, side: int) -> None:
    plain, *others = (
        count_weights(name, classes=classes, channels=inputs, size=(side, side)) for name in ("plain_mini", *NETS)
    )
    assert all(abs(count / plain - 1) < 0.02 for count in others)


def test_the_three_networks_are_one_architecture() -> None:
    def shapes(name: str, size: int) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        net = create(name, classes=10, channels=1, size=(28, 28)).eval()
        for at, module in net.named_modules():
            if at.endswith("relu") or at.endswith("relu1") or at.endswith("relu2"):
                module.register_forward_hook(lambda _m, _i, out: found.append((*out.shape[2:], out.shape[1] // size)))
        net(torch.rand(1, 1, 28, 28))
        return found

    assert shapes("plain_mini", 1) == [(14, 14, 28), (14, 14, 28), (7, 7, 56), (7, 7, 56), (7, 7, 112)]
    assert shapes("p4_mini", 4) == [(14, 14, 14), (14, 14, 14), (7, 7, 28), (7, 7, 28), (7, 7, 56)]
    assert shapes("p4m_mini", 8) == [(14, 14, 10), (14, 14, 10), (7, 7, 20), (7, 7, 20), (7, 7, 40)]


@pytest.mark.parametrize("name", NETS)
def test_training_lowers_the_loss_and_keeps_the_invariance(name: str) -> None:
    torch.manual_seed(0)
    net = create(name, classes=2, channels=1, size=(20, 20), width=8)
    images, labels = torch.randn(16, 1, 20, 20), torch.arange(16) % 2
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.01)
    losses = []
    for _ in range(15):
        loss = F.cross_entropy(net(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]
    answers = net.eval()(images).softmax(1)
    for g in range(1, NETS[name].size):
        torch.testing.assert_close(net(NETS[name].act(images, g)).softmax(1), answers, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", NETS)
def test_weights_go_out_and_in_and_answers_follow_them(name: str) -> None:
    net, other, images = net_of(name, 28), net_of(name, 28), random(3, 2, 28, 28)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.5)
    assert not torch.allclose(other(images), net(images))
    state = net.state_dict()
    assert not [key for key in state if key.endswith("table")]
    other.load_state_dict(copy.deepcopy(state))
    assert torch.equal(other(images), net(images))


@pytest.mark.parametrize("name", [*NETS, "plain_mini"])
def test_faster_forms_give_the_same_answers(name: str) -> None:
    net, images = net_of(name, 29), random(3, 2, 29, 29)
    expected = net(images)
    close(rewrite(net).model(images), expected)
    close(fold_batch_norm(net)(images), expected)
    for channels_last in (False, True):
        close(inference_model(net, channels_last=channels_last)(images), expected)
    for order in (torch.channels_last, torch.contiguous_format):
        net.train().to(memory_format=order)  # pyright: ignore[reportCallIssue]
        x = images.to(memory_format=order)
        close(rewrite(net).model(x), copy.deepcopy(net)(images))
    single = net.eval().float()
    rounded = inference_model(single, channels_last=False, amp=True)(images.float()).softmax(1)
    torch.testing.assert_close(rounded, single(images.float()).softmax(1), rtol=0, atol=0.05)


def test_a_width_that_leaves_no_channel_is_refused() -> None:
    with pytest.raises(ConfigError, match="option 'width' must be at least 2, got 1"):
        create("p4m_mini", classes=2, channels=1, width=1)
    create("p4m_mini", classes=2, channels=1, width=2)(torch.rand(2, 1, 28, 28))
    with pytest.raises(ShapeError, match="model 'p4_mini' cannot take images of 28×0: the 5-pixel convolution window"):
        create("p4_mini", classes=2, channels=1, size=(28, 0))
