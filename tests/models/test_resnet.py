"""The ResNet family against published counts, hand-worked shapes and public weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import ShapeError
from convscope.models import create
from convscope.models.blocks import SqueezeExcite, StochasticDepth
from convscope.models.resnet import ZeroPadded
from real_data import real_data

# For 1,000 classes of RGB photographs: the counts that torchvision publishes.
LARGE = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
}
# In millions, table 6 of the paper.
CIFAR = {"resnet20": 0.27, "resnet32": 0.46, "resnet44": 0.66, "resnet56": 0.85, "resnet110": 1.7}


def weights(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("name", LARGE)
def test_large_networks_have_the_published_weights(name: str) -> None:
    with torch.device("meta"):
        net = create(name, classes=1000, channels=3, size=(224, 224))
        assert net(torch.empty(2, 3, 33, 47)).shape == (2, 1000)
    assert weights(net) == LARGE[name]


@pytest.mark.parametrize("name", CIFAR)
def test_cifar_networks_have_the_paper_s_weights_and_depth(name: str) -> None:
    with torch.device("meta"):
        net = create(name, classes=10, channels=3, size=(32, 32))
        assert net(torch.empty(2, 3, 33, 47)).shape == (2, 10)
    digits = 1 if CIFAR[name] > 1 else 2
    assert round(weights(net) / 1e6, digits) == CIFAR[name]
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in net.modules()) == int(name.removeprefix("resnet"))


def test_names_are_those_of_public_weights() -> None:
    def batch_norm(name: str) -> list[str]:
        return [f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")]

    with torch.device("meta"):
        names = list(create("resnet50", classes=1000, size=(224, 224)).state_dict())
    assert names[:6] == ["conv1.weight", *batch_norm("bn1")]
    first = [name.removeprefix("layer1.0.") for name in names if name.startswith("layer1.0.")]
    assert first == [
        "conv1.weight", *batch_norm("bn1"), "conv2.weight", *batch_norm("bn2"), "conv3.weight", *batch_norm("bn3"),
        "downsample.0.weight", *batch_norm("downsample.1"),
    ]  # fmt: skip
    assert names[-2:] == ["fc.weight", "fc.bias"]
    assert len(names) == 320 and not any(name.startswith("layer1.1.downsample") for name in names)


@pytest.mark.parametrize(
    ("name", "side", "sides"),
    [("resnet18", 224, (56, 28, 14, 7)), ("resnet50", 49, (13, 7, 4, 2)), ("resnet20", 32, (32, 16, 8))],
)
def test_stages_halve_the_sides(name: str, side: int, sides: tuple[int, ...]) -> None:
    with torch.device("meta"):
        net = create(name, classes=10, size=(side, side)).eval()
        seen: list[int] = []
        for stage in (module for at, module in net.named_children() if at.startswith("layer")):
            stage.register_forward_hook(lambda _m, _i, out: seen.append(out.shape[-1]))
        assert net(torch.empty(1, 3, side, side)).shape == (1, 10)
    assert tuple(seen) == sides


def test_a_shortcut_without_weights_by_hand() -> None:
    x = torch.arange(9.0).reshape(1, 1, 3, 3) + 1
    out = ZeroPadded(1, 4, 2)(x)
    assert out[0, 1].tolist() == [[1, 3], [7, 9]]
    assert out.shape == (1, 4, 2, 2) and out[0, [0, 2, 3]].count_nonzero() == 0
    assert torch.equal(ZeroPadded(2, 2, 1)(x.expand(1, 2, 3, 3)), x.expand(1, 2, 3, 3))


def test_a_block_whose_second_norm_is_zero_passes_its_input_on() -> None:
    net = create("resnet18", classes=3, size=(64, 64)).eval()
    block = net.get_submodule("layer1.0")
    nn.init.zeros_(block.get_submodule("bn2").weight)
    x = torch.rand(2, 64, 8, 8)
    torch.testing.assert_close(block(x), x)


def test_convolutions_keep_the_variance_and_nothing_is_silenced_at_the_start() -> None:
    torch.manual_seed(0)
    net = create("resnet18", classes=10, size=(64, 64))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            fan = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            assert float(module.weight.detach().std()) == pytest.approx((2 / fan) ** 0.5, rel=0.05)
        if isinstance(module, nn.BatchNorm2d):
            assert bool((module.weight == 1).all()) and bool((module.bias == 0).all())


def test_an_image_without_pixels_is_refused_with_the_numbers() -> None:
    for name, kernel in (("resnet18", 7), ("resnet20", 3)):
        with pytest.raises(ShapeError) as caught:
            create(name, classes=10, size=(0, 40))
        assert str(caught.value).startswith(
            f"model '{name}' cannot take images of 0×40: the map vanishes at layer conv1 (Conv2d), where it is 0×40: "
            f"the {kernel}-pixel convolution window reaches over {kernel} pixels, but only {kernel - 1} are there"
        )
        assert str(caught.value).endswith("the smallest image that works is 1×1")


def pretrained() -> nn.Module:
    found = np.load(real_data("resnet20_cifar10/resnet20_cifar10.npz"))
    net = create("resnet20", classes=10, channels=3, size=(32, 32)).eval()
    own = {name.replace("linear.", "fc."): torch.from_numpy(found[name]) for name in found}
    missing, unexpected = net.load_state_dict(own, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing)
    return net


def test_public_weights_name_real_photographs() -> None:
    net = pretrained()
    found = np.load(real_data("cifar10/cifar10_exact_first4000.npz"))
    pixels = torch.from_numpy(found["x"][:1000]).permute(0, 3, 1, 2) / 255
    mean, std = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    with torch.inference_mode():
        logits = net((pixels - mean[:, None, None]) / std[:, None, None])
    # Photographs they were trained on; where one shortcut, norm or stride is wrong, they name few of them.
    assert float((logits.argmax(1) == torch.from_numpy(found["y"][:1000])).float().mean()) >= 0.998


@pytest.mark.parametrize(("name", "blocks"), [("resnet18", 8), ("resnet50", 16), ("resnet20", 9), ("resnet_mini", 2)])
def test_parts_stand_in_every_block(name: str, blocks: int) -> None:
    with torch.device("meta"):
        net = create(name, classes=2, size=(32, 32), norm="group", se=True, drop_path=0.36)
        plain = create(name, classes=2, size=(32, 32))
    kinds = [type(module) for module in net.modules()]
    assert kinds.count(SqueezeExcite) == blocks and nn.BatchNorm2d not in kinds and nn.GroupNorm in kinds
    rates = [module.rate for module in net.modules() if isinstance(module, StochasticDepth)]
    assert len(rates) == blocks and rates == sorted(rates) and rates[-1] == 0.36
    assert rates[0] == pytest.approx(0.36 / blocks)
    assert not {SqueezeExcite, StochasticDepth} & {type(module) for module in plain.modules()}


def test_a_deep_network_without_norm_starts_as_its_shortcuts() -> None:
    torch.manual_seed(0)
    net = create("resnet50", classes=3, channels=1, size=(40, 40), norm="none")
    logits = net(torch.randn(2, 1, 40, 40))
    logits.square().sum().backward()
    assert float(logits.detach().abs().max()) < 10
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    assert all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
    block, x = net.get_submodule("layer1.1"), torch.rand(2, 256, 5, 5)
    torch.testing.assert_close(block(x), x)


def test_stochastic_depth_leaves_whole_blocks_out() -> None:
    net = create("resnet20", classes=2, size=(16, 16), drop_path=0.9)
    block, x = net.get_submodule("layer3.2"), torch.rand(64, 64, 4, 4)
    torch.manual_seed(0)
    passed = (block(x) == x).flatten(1).all(1)  # what is left out passes x on: positive, so that ReLU keeps it
    assert 48 <= int(passed.sum()) < 64
