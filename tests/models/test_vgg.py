"""VGG against the published networks: counts, names and shapes of weights, sizes of maps, the start."""

from __future__ import annotations

import pytest
import torch
from published import bare, digest, sides_after, weights
from torch import nn

from convscope.errors import ShapeError
from convscope.models import create
from convscope.models.transfer import cut, groups
from convscope.training.rewrites import rewrite

PUBLISHED = {
    "vgg11": (132_863_336, "839b1d4e93d78d88be45c0a773a2d9011714bce60e0a84961fe7e162b16c1c54"),
    "vgg13": (133_047_848, "16c588a61614aa272ad6a9ab56de1678e303b3db0c4d9236fbf92a8c0b7f3870"),
    "vgg16": (138_357_544, "e36b43eb356035da8773e7fcc78b2535bbbf866e196790b7e11f3a547e89dfc3"),
    "vgg19": (143_667_240, "fafd9d516f77ba5559e8c4fde3a02a63df4ffbfe8b07b9c8b2b9367afa01a6ec"),
    "vgg11_bn": (132_868_840, "92b35921413c89111c5e6075de3f70f0e71d33390e1d89cb335e5b2b7dff9c14"),
    "vgg13_bn": (133_053_736, "2ee9fb082618c35c08da2ef3e348ae920398f0c53d42aa697790d1eab884a2d1"),
    "vgg16_bn": (138_365_992, "ac9d6e9725a44cb188e9b689e9bb23f1b28c088e7a4969ff1bf0785c3409d862"),
    "vgg19_bn": (143_678_248, "95c2fa41f19fe7a11c5c9c7d00e5e9a4e27dbc104e70193d8945aa3699fe074a"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_are_those_of_public_files(name: str) -> None:
    net = bare(name)
    assert (weights(net), digest(net)) == PUBLISHED[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_name_counts_the_layers(name: str) -> None:
    layers = sum(isinstance(module, nn.Conv2d | nn.Linear) for module in bare(name).modules())
    assert layers == int(name.removeprefix("vgg").removesuffix("_bn"))


@pytest.mark.parametrize(("side", "sides"), [(224, [112, 56, 28, 14, 7]), (33, [16, 8, 4, 2, 1])])
def test_each_block_halves_the_sides(side: int, sides: list[int]) -> None:
    assert sides_after(bare("vgg11"), side, nn.MaxPool2d) == sides


@pytest.mark.parametrize("size", [(32, 32), (47, 130), (224, 224)])
def test_any_size_gives_logits(size: tuple[int, int]) -> None:
    net = bare("vgg13_bn", channels=1, size=size, classes=5)
    assert net(torch.empty(2, 1, *size, device="meta")).shape == (2, 5)
    assert cut(net, "avgpool")[0](torch.empty(2, 1, *size, device="meta")).shape == (
        2,
        512,
        size[0] // 32,
        size[1] // 32,
    )


def test_an_image_too_small_is_refused_with_the_layer_and_the_smallest_size() -> None:
    with pytest.raises(ShapeError) as caught:
        create("vgg16", classes=10, channels=1, size=(28, 28))
    assert str(caught.value) == (
        "model 'vgg16' cannot take images of 28×28: the map vanishes at layer features.30 (MaxPool2d), where it is "
        "1×1: the 2-pixel pooling window reaches over 2 pixels, but only 1 are there; "
        "the smallest image that works is 32×32"
    )


def drawn_trunk(name: str) -> nn.Sequential:
    """Return the convolutions of a published network, with weights as they are drawn; the dense ones take seconds."""
    from convscope.models.blocks import draw_he

    trunk, _ = cut(bare(name), "avgpool")
    draw_he(trunk.to_empty(device="cpu"))
    return trunk


def test_the_signal_keeps_its_size_through_all_layers() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        features = drawn_trunk("vgg19")(torch.randn(2, 3, 64, 64))
    assert 0.3 < float(features.square().mean().sqrt()) < 10


def test_pooling_before_relu_leaves_the_outcome_as_it_is() -> None:
    torch.manual_seed(0)
    trunk = drawn_trunk("vgg11")
    fast = rewrite(trunk)
    assert fast.applied == ("max pooling moved before ReLU at 5 places: same result from fewer values",)
    x = torch.randn(2, 3, 65, 40)
    with torch.no_grad():
        assert torch.equal(fast.model(x), trunk(x))


def test_a_group_is_a_convolution_with_its_norm() -> None:
    found = groups(bare("vgg11_bn"), "avgpool")
    assert found[:3] == [("features.0", "features.1"), ("features.4", "features.5"), ("features.8", "features.9")]
    assert found[-1] == ("classifier",) and len(found) == 9


def test_the_small_one_is_as_told() -> None:
    net = bare("vgg_mini", channels=1, size=(28, 28), classes=10)
    assert weights(net) == 595_322
    assert [m.out_channels for m in net.modules() if isinstance(m, nn.Conv2d)] == [16, 32, 64, 64, 128, 128, 128, 128]
    assert cut(net)[0](torch.empty(2, 1, 28, 28, device="meta")).shape == (2, 128, 2, 2)
