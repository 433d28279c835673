"""Rewritten networks give what the originals give, and nothing is rewritten that would not."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from convscope.models import create
from convscope.training.rewrites import Reordered, fold_batch_norm, rewrite

LINEAR_PIECES = (nn.ReLU, nn.ReLU6, nn.Hardtanh, nn.LeakyReLU)
SMOOTH = (nn.SELU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Softplus)
POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def gradients(net: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return the output for x, and the gradients of its weighted sum for x and every parameter."""
    x = x.clone().requires_grad_()
    out = net(x)
    weights = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).reshape(out.shape)
    return out.detach(), list(torch.autograd.grad((out * weights).sum(), [x, *net.parameters()]))


def agree(net: nn.Module, fast: nn.Module, x: Tensor, *, bits: bool = False) -> None:
    out, theirs = gradients(net, x)
    own, mine = gradients(fast, x)
    torch.testing.assert_close(own, out, rtol=0 if bits else 1e-12, atol=0 if bits else 1e-12)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@given(
    st.sampled_from(LINEAR_PIECES + SMOOTH), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2),
    st.integers(1, 2), st.booleans(), st.integers(1, 9), st.booleans(),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_pooling_first_changes_nothing(
    kind: type[nn.Module], axes: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool, size: int,
    channels_last: bool,
) -> None:  # fmt: skip
    assume(padding <= kernel // 2 and size + 2 * padding >= dilation * (kernel - 1) + 1)
    pool = POOLS[axes](kernel, stride, padding, dilation, ceil_mode=ceil)
    net = nn.Sequential(kind(), pool).double()
    x = torch.randn((2, 3) + (size,) * axes, dtype=torch.float64, generator=torch.Generator().manual_seed(size))
    x = x.to(memory_format=torch.channels_last) if channels_last and axes == 2 else x
    found = rewrite(net)
    if stride == 1 or (padding and dilation > 1):
        # Not run: PyTorch's own gradient of a window in the padding only writes outside its memory.
        assert found.model is net and found.applied == ()
    else:
        assert found.applied == (f"max pooling moved before {kind.__name__} at 1 place: same result from fewer values",)
        agree(net, found.model, 3 * x, bits=kind in LINEAR_PIECES)


@pytest.mark.parametrize("amp", [False, True])
def test_piecewise_linear_activations_agree_to_the_bit_in_training_arithmetic(amp: bool) -> None:
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.LeakyReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU())
    fast, x = rewrite(net).model, torch.randn(4, 1, 20, 20)
    assert fast is not net
    with torch.autocast("cpu", torch.bfloat16, enabled=amp):
        assert torch.equal(fast(x), net(x))


def test_pooling_passes_several_activations_and_poolings() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Tanh(), nn.MaxPool2d(2), nn.MaxPool2d(2), nn.Flatten())
    found = rewrite(net)
    assert found.applied == (
        "max pooling moved before Tanh at 2 places: same result from fewer values",
        "max pooling moved before ReLU at 2 places: same result from fewer values",
    )
    seen: list[type[nn.Module]] = []
    for layer in net:
        layer.register_forward_hook(lambda layer, _i, _o: seen.append(type(layer)))
    found.model(torch.randn(1, 1, 14, 14))
    assert seen == [nn.Conv2d, nn.MaxPool2d, nn.MaxPool2d, nn.ReLU, nn.Tanh, nn.Flatten]


class Doubling(nn.ReLU):
    """A user's own activation, under the name of a known one."""

    def forward(self, input: Tensor) -> Tensor:
        return -2 * input


def hooked(layer: nn.Module) -> nn.Module:
    layer.register_forward_hook(lambda _m, _i, out: out)
    return layer


NOT_REWRITTEN: dict[str, Callable[[], nn.Module]] = {
    "GELU falls before it rises": lambda: nn.Sequential(nn.GELU(), nn.MaxPool2d(2)),
    "SiLU too": lambda: nn.Sequential(nn.SiLU(), nn.MaxPool2d(2)),
    "LeakyReLU that falls": lambda: nn.Sequential(nn.LeakyReLU(-0.1), nn.MaxPool2d(2)),
    "ELU that falls": lambda: nn.Sequential(nn.ELU(-1.0), nn.MaxPool2d(2)),
    "Softplus with a step": lambda: nn.Sequential(nn.Softplus(threshold=0.5), nn.MaxPool2d(2)),
    "average pooling": lambda: nn.Sequential(nn.ReLU(), nn.AvgPool2d(2)),
    "pooling that changes nothing in number": lambda: nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 1, 1)),
    "windows in the padding only": lambda: nn.Sequential(nn.ReLU(), nn.MaxPool2d(2, 2, 1, 3)),
    "batch norm may turn the order round": lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.MaxPool2d(2)),
    "a class of the user's": lambda: nn.Sequential(Doubling(), nn.MaxPool2d(2)),
    "a watched activation": lambda: nn.Sequential(hooked(nn.ReLU()), nn.MaxPool2d(2)),
    "a watched pooling": lambda: nn.Sequential(nn.ReLU(), hooked(nn.MaxPool2d(2))),
    "in place on the caller's values": lambda: nn.Sequential(nn.ReLU(inplace=True), nn.MaxPool2d(2)),
    "in place on watched values": lambda: nn.Sequential(
        hooked(nn.Conv2d(3, 3, 1)), nn.ReLU(inplace=True), nn.MaxPool2d(2)
    ),
    "in place on values that may be the caller's": lambda: nn.Sequential(
        nn.Dropout(), nn.ReLU(inplace=True), nn.MaxPool2d(2)
    ),
    "a chain of a class of its own": lambda: type("Own", (nn.Sequential,), {})(nn.ReLU(), nn.MaxPool2d(2)),
    "layers that no chain calls": lambda: nn.ModuleList([nn.ReLU(), nn.MaxPool2d(2)]),
    "a kernel too short to gain": lambda: nn.Conv1d(1, 4, 8, 4),
    "several channels": lambda: nn.Conv1d(2, 4, 20, 5),
    "dilated windows": lambda: nn.Conv1d(1, 4, 20, 5, dilation=2),
    "padding by reflection": lambda: nn.Conv1d(1, 4, 20, 5, 2, padding_mode="reflect"),
}


@pytest.mark.parametrize("why", NOT_REWRITTEN)
def test_what_could_differ_or_gains_nothing_is_left(why: str) -> None:
    net = NOT_REWRITTEN[why]()
    found = rewrite(net)
    assert found.model is net and found.applied == ()


def test_pooling_that_also_returns_indices_is_left() -> None:
    net = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2, return_indices=True))
    assert rewrite(net).model is net


def test_an_activation_in_place_spares_what_the_caller_holds() -> None:
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Sequential(nn.ReLU(inplace=True), nn.MaxPool2d(2))
            self.up = nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(inplace=True), nn.MaxPool2d(2))

        def forward(self, x: Tensor) -> Tensor:
            y = x + 0
            return self.down(y) + self.up(y) + y[:, :, ::2, ::2]

    net = Skip().double()
    found = rewrite(net)
    assert found.applied == ("max pooling moved before ReLU at 1 place: same result from fewer values",)
    agree(net, found.model, torch.randn(2, 2, 6, 6, dtype=torch.float64))


class Walker(nn.Module):
    """A network that walks through the layers of a chain itself, and keeps each value, as feature extractors do."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for layer in self.features:
            x = layer(x)
            kept.append(x.sum())
        return torch.stack([*kept, self.features[:2](x.new_ones(1, 1, 5, 5)).sum()])


def test_a_parent_that_walks_through_the_layers_sees_them_as_they_were() -> None:
    net, x = Walker(), torch.randn(2, 1, 8, 8)
    found = rewrite(net)
    assert found.applied and torch.equal(found.model(x), net(x))


def nested() -> nn.Sequential:
    block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.SELU(), nn.MaxPool2d(2))
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Sequential(block, nn.Dropout(0.5)), nn.Flatten(),
        nn.Linear(36, 3),
    )  # fmt: skip


def test_the_fast_form_shares_everything_and_leaves_the_original_alone() -> None:
    net = nested().eval()
    net[3].train()
    net[3].register_forward_hook(lambda _m, _i, out: seen.append(out.shape))
    seen: list[torch.Size] = []
    names, modes = list(net.state_dict()), [module.training for module in net.modules()]
    layers = list(net.modules())
    fast = rewrite(net).model
    assert list(net.state_dict()) == list(fast.state_dict()) == names
    assert [module.training for module in net.modules()] == modes == [module.training for module in fast.modules()]
    assert list(net.modules()) == layers and all(type(layer) is not Reordered for layer in layers)
    assert all(a is b for a, b in zip(net.parameters(), fast.parameters(), strict=True))
    fast(torch.randn(2, 1, 16, 16))
    assert len(seen) == 1  # the container's hook is still there
    fast.eval()
    assert not net[3][1].training and not net[3][0][1].training
    fast.train()
    assert net[3][1].training and net[3][0][1].training
    fast.to(torch.float64, memory_format=torch.channels_last)
    assert all(p.dtype == torch.float64 for p in net.parameters())
    assert net[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_training_the_fast_form_trains_the_original() -> None:
    torch.manual_seed(0)
    net = nested().double()
    plain, x = copy.deepcopy(net), torch.randn(8, 1, 16, 16, dtype=torch.float64)
    fast = rewrite(net).model
    for model, optimiser in (
        (plain, torch.optim.AdamW(plain.parameters(), 0.01)),
        (fast, torch.optim.AdamW(net.parameters(), 0.01)),
    ):
        for step in range(5):
            torch.manual_seed(step)
            optimiser.zero_grad()
            model(x).square().sum().backward()
            optimiser.step()
    for (name, a), b in zip(net.state_dict().items(), plain.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-8, msg=name)


def test_a_part_used_twice_stays_one_part() -> None:
    block = nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    net = nn.Sequential(block, block)
    found = rewrite(net)
    assert found.model[0] is found.model[1] and "1 place:" in found.applied[0]
    x = torch.randn(1, 2, 8, 8)
    assert torch.equal(found.model(x), net(x))


@pytest.mark.parametrize("name", ["lenet", "lenet5", "tiny", "mlp", "resnet_mini", "resnet20"])
def test_the_product_s_small_networks_pool_first_already(name: str) -> None:
    net = create(name, classes=10, channels=1, size=(28, 28))
    assert rewrite(net).model is net


def test_a_network_for_photographs_pools_its_stem_first() -> None:
    net = create("resnet18", classes=10, channels=3, size=(64, 64)).eval()
    found, x = rewrite(net), torch.randn(2, 3, 64, 64)
    assert "1 place:" in found.applied[0]
    assert torch.equal(found.model(x), net(x))


def test_the_fast_form_can_be_compiled_and_copied() -> None:
    net, x = nested().eval(), torch.randn(2, 1, 16, 16)
    fast = rewrite(net).model
    torch.testing.assert_close(torch.compile(fast, backend="eager", fullgraph=True)(x), net(x))
    torch.testing.assert_close(copy.deepcopy(fast)(x), net(x))


def test_a_compiled_network_is_left() -> None:
    compiled = torch.compile(nested(), backend="eager")
    assert rewrite(compiled).model is compiled  # pyright: ignore[reportArgumentType]


@given(
    st.integers(16, 40), st.integers(2, 20), st.integers(0, 5), st.integers(40, 90), st.booleans(), st.integers(1, 5)
)
@settings(max_examples=60, deadline=None)
def test_windows_as_a_product(kernel: int, stride: int, padding: int, size: int, bias: bool, outputs: int) -> None:
    net = nn.Sequential(nn.Conv1d(1, outputs, kernel, stride, padding, bias=bias)).double()
    found = rewrite(net)
    assert found.applied == ("strided 1-d convolution run as a matrix product at 1 place: same result up to rounding",)
    agree(net, found.model, torch.randn(3, 1, size, dtype=torch.float64))
    x = torch.randn(3, 1, size, dtype=torch.float64)
    assert torch.equal(found.model(x), net(x))  # without a gradient it is the convolution itself
    assert found.model(x.requires_grad_()).is_contiguous()


@given(
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(0, 1), st.integers(1, 2),
    st.sampled_from([1, 2]), st.booleans(), st.booleans(), st.integers(0, 10_000),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_folding_changes_nothing_but_rounding(
    axes: int, kernel: int, stride: int, padding: int, dilation: int, groups: int, bias: bool, affine: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    conv = CONVOLUTIONS[axes](2, 4, kernel, stride, padding, dilation, groups, bias)
    norm = NORMS[axes](4, affine=affine)
    net = nn.Sequential(conv, norm, nn.ReLU())
    for _ in range(3):  # statistics other than the initial 0 and 1
        net(3 * torch.randn((4, 2) + (7,) * axes) + 1)
    if affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    net.eval()
    before = copy.deepcopy(net.state_dict())
    folded, x = fold_batch_norm(net), torch.randn((4, 2) + (7,) * axes)
    assert [type(layer) for layer in folded] == [type(conv), nn.Identity, nn.ReLU]
    torch.testing.assert_close(folded(x), net(x), rtol=1e-5, atol=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), net.state_dict().values(), strict=True))


def test_every_norm_of_a_residual_network_is_folded() -> None:
    torch.manual_seed(0)
    for name, size in (
        ("resnet18", (64, 64)), ("resnet50", (64, 64)), ("resnet20", (32, 32)), ("unet_mini", (33, 20)),
        ("unet3d_mini", (8, 9, 10)),
    ):  # fmt: skip
        net = create(name, classes=10, size=size)
        net(torch.randn(8, 3, *size))
        folded, x = fold_batch_norm(net), torch.randn(2, 3, *size)
        assert net.training and not folded.training
        assert not any(isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d) for module in folded.modules())
        with torch.inference_mode():
            out = net.eval()(x)
            torch.testing.assert_close(folded(x), out, rtol=1e-5, atol=1e-5 * float(out.abs().max()))


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x)) if x.mean() > 0 else self.conv(x)


class Reading(Branching):
    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x)) + self.conv.weight.sum()


class Twice(Branching):
    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return self.norm(y) + y


class TwoNames(Branching):
    def __init__(self) -> None:
        super().__init__()
        self.again = self.conv

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.again(x))


class TwoNorms(Branching):
    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x)) + self.norm(self.conv(2 * x))


NOT_FOLDED: dict[str, Callable[[], nn.Module]] = {
    "a branch on the input": Branching,
    "weights read elsewhere": Reading,
    "a convolution with two uses": Twice,
    "layers called twice": TwoNorms,
    "a layer under two names": TwoNames,
    "pooling between": lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.BatchNorm2d(2)),
    "no statistics kept": lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False)),
    "a watched layer": lambda: nn.Sequential(hooked(nn.Conv2d(1, 2, 3)), nn.BatchNorm2d(2)),
}


@pytest.mark.parametrize("why", NOT_FOLDED)
def test_what_folding_would_change_is_left(why: str) -> None:
    torch.manual_seed(0)
    net = NOT_FOLDED[why]().eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            nn.init.normal_(module.running_mean)
    folded = fold_batch_norm(net)
    assert any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    for x in (torch.rand(2, 1, 8, 8), -torch.rand(2, 1, 8, 8)):
        assert torch.equal(folded(x), net(x))


def test_looking_for_what_can_be_folded_leaves_no_trace() -> None:
    class Noting(Branching):
        def forward(self, x: Tensor) -> Tensor:
            self.seen = self.norm(self.conv(x))
            return self.seen

    net = Noting().eval()
    folded = fold_batch_norm(net)
    assert not hasattr(net, "seen") and not hasattr(folded, "seen")
    assert type(folded.get_submodule("norm")) is nn.Identity
