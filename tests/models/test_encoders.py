"""U-Nets on the networks of the list: the encoder is that network, the answer is a map of the image's size."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import nn

from convscope.errors import ConfigError
from convscope.graph.record import record
from convscope.models import create, entry, options_of
from convscope.models.own import is_own
from convscope.models.registry import giving
from convscope.models.transfer import cut, groups
from convscope.models.unet import UNet
from graph.equal import assert_equal_to_torch

NONE = {"mlp", "single_kernel"}  # no maps to decode


@pytest.mark.parametrize("name", giving(None))
def test_every_network_with_maps_is_an_encoder(name: str) -> None:
    channels = entry(name).channels
    with torch.device("meta"):
        if name in NONE:
            with pytest.raises(ConfigError, match=f"model '{name}' cannot be the encoder of a U-Net: "):
                create(f"unet:{name}", classes=3, channels=channels)
            return
        net = create(f"unet:{name}", classes=3, channels=channels)
        assert isinstance(net, UNet)
        for size in ((1, 1), (75, 101), (128, 96)):
            assert net(torch.empty(2, channels, *size)).shape == (2, 3, *size)
        backbone, _ = cut(create(name, classes=2, channels=channels, size=(256, 256)), entry(name).head)
    mine = {key: tuple(tensor.shape) for key, tensor in net.state_dict().items() if not key.startswith("decoder.")}
    theirs = {key: tuple(tensor.shape) for key, tensor in backbone.state_dict().items()}
    assert mine == theirs
    assert groups(net, "decoder")[-1] == ("decoder",)


@pytest.mark.parametrize(
    ("name", "strides", "aside"),
    [
        ("resnet18", (2, 4, 8, 16, 32), (256, 128, 64, 64, 0)),
        ("squeezenet1_1", (2, 4, 8, 16), (256, 128, 64, 0)),
        ("vgg11", (1, 2, 4, 8, 16), (512, 256, 128, 64)),
        ("convnext_tiny", (4, 8, 16, 32), (384, 192, 96, 0, 0)),
    ],
)
def test_levels_are_the_last_maps_of_each_size(name: str, strides: tuple[int, ...], aside: tuple[int, ...]) -> None:
    with torch.device("meta"):
        net: Any = create(f"unet:{name}", classes=2, channels=3)
        maps = net.maps(torch.empty(1, 3, 128, 192))
    assert [tuple(each.shape[2:]) for each in maps[::-1]] == [(128 // each, 192 // each) for each in strides]
    assert net.decoder.aside == aside and [each.shape[1] for each in maps[1:]] == [each for each in aside if each]


@pytest.mark.parametrize("name", ["unet:resnet18", "unet:squeezenet1_1", "unet:resnet20", "unet:convnext_mini"])
def test_the_graph_of_one_computes_pytorchs_numbers(name: str) -> None:
    torch.manual_seed(0)
    net = create(name, classes=2, channels=3)
    assert record(net, (3, 40, 50)).unknown == ()
    assert_equal_to_torch(net, (3, 19, 33), batch=1, dtype=torch.float64)


def test_the_encoder_s_maps_are_those_of_the_network_with_its_weights() -> None:
    torch.manual_seed(0)
    classifier = create("resnet18", classes=5, channels=3, size=(64, 64)).eval()
    net: Any = create("unet:resnet18", classes=2, channels=3).eval()
    net.load_state_dict(classifier.state_dict(), strict=False)
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(net.maps(x)[0], cut(classifier)[0](x))


def test_names_of_a_user_s_own_module_called_unet_stay_his_own() -> None:
    assert is_own("unet:Net") and is_own("unet:UNet") and not is_own("unet:resnet18")
    assert options_of("unet:resnet18") == {"up": "transposed"}
    with pytest.raises(ConfigError, match=re.escape("model 'unet:resnet18' has no option 'levels'")):
        create("unet:resnet18", classes=2, levels=3)


def test_windows_are_padded_to_whole_fractions_of_the_sides() -> None:
    net = create("unet:squeezenet1_0", classes=2, channels=3)
    stem = net.get_submodule("features.0")
    assert isinstance(stem, nn.Conv2d) and stem.padding == (3, 3)
