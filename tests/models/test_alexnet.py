"""AlexNet against the published network: its count, the names and shapes of its weights, its maps by hand."""

from __future__ import annotations

import pytest
import torch
from published import bare, digest, sides_after, weights
from torch import nn

from convscope.errors import ShapeError
from convscope.models import create
from convscope.models.transfer import cut


def test_weights_are_those_of_public_files() -> None:
    net = bare("alexnet")
    assert weights(net) == 61_100_840
    assert digest(net) == "9b204a0e6319cabaa511a49db16c85e934b970be356cc92e9f36779b55084021"


@pytest.mark.parametrize(("side", "sides"), [(224, [27, 13, 6]), (227, [27, 13, 6]), (63, [7, 3, 1])])
def test_pooled_maps_by_hand(side: int, sides: list[int]) -> None:
    assert sides_after(bare("alexnet"), side, nn.MaxPool2d) == sides


@pytest.mark.parametrize("size", [(63, 63), (224, 224), (97, 130)])
@pytest.mark.parametrize("channels", [1, 7])
def test_any_size_gives_logits(size: tuple[int, int], channels: int) -> None:
    net = bare("alexnet", channels=channels, size=size, classes=5)
    assert net(torch.empty(2, channels, *size, device="meta")).shape == (2, 5)


def test_an_image_too_small_is_refused_with_the_layer_and_the_smallest_size() -> None:
    with pytest.raises(ShapeError) as caught:
        create("alexnet", classes=10, channels=1, size=(62, 70))
    assert str(caught.value) == (
        "model 'alexnet' cannot take images of 62×70: the map vanishes at layer features.12 (MaxPool2d), where it is "
        "2×3: the 3-pixel pooling window reaches over 3 pixels, but only 2 are there; "
        "the smallest image that works is 63×63"
    )


def test_the_head_begins_where_maps_become_regions() -> None:
    trunk, head = cut(bare("alexnet"), "avgpool")
    assert trunk(torch.empty(2, 3, 224, 224, device="meta")).shape == (2, 256, 6, 6)
    assert trunk(torch.empty(2, 3, 120, 63, device="meta")).shape == (2, 256, 2, 1)
    assert [name for name, _ in head.named_children()] == ["avgpool", "flatten", "classifier"]


def test_the_signal_keeps_its_size_through_all_layers() -> None:
    torch.manual_seed(0)
    trunk, head = cut(create("alexnet", classes=10, channels=3, size=(127, 127)).eval(), "avgpool")
    x = torch.randn(4, 3, 127, 127)
    with torch.no_grad():
        features = trunk(x)
        hidden = head[:-1](features)
        logits = head(features)
    assert 0.3 < float(features.square().mean().sqrt()) < 10
    assert hidden.shape == (4, 256 * 36)
    assert float(logits.std()) < 10


def test_the_small_one_is_as_told() -> None:
    net = bare("alexnet_mini", channels=1, size=(28, 28), classes=10)
    assert weights(net) == 1_006_058
    assert cut(net, "avgpool")[0](torch.empty(2, 1, 28, 28, device="meta")).shape == (2, 64, 4, 4)
