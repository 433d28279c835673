"""Network in network: counted by hand from the paper's plan, and its 1×1 layers against dense ones."""

from __future__ import annotations

import pytest
import torch
from published import bare, digest, sides_after, weights
from torch import nn
from torch.nn.functional import linear, relu

from convscope.errors import ShapeError
from convscope.models import create
from convscope.models.transfer import cut


def block(inputs: int, widths: tuple[int, int, int], kernel: int) -> int:
    """Count the weights of a convolution and of the two dense layers at each of its pixels, biases included."""
    a, b, c = widths
    return (inputs * kernel**2 + 1) * a + (a + 1) * b + (b + 1) * c


def test_weights_are_counted_by_hand() -> None:
    expected = (
        block(3, (96, 96, 96), 11) + block(96, (256, 256, 256), 5) + block(256, (384, 384, 384), 3)
        + block(384, (1024, 1024, 1000), 3)
    )  # fmt: skip
    net = bare("nin")
    assert weights(net) == expected == 7_595_176
    assert sum(isinstance(module, nn.Linear) for module in net.modules()) == 0
    small = bare("nin_mini", channels=1, size=(28, 28), classes=10)
    assert weights(small) == 233_120


def test_names_and_shapes_of_weights_stay() -> None:
    assert digest(bare("nin")) == "efe15590692b3d8f455505751522e2fbc04dbc952f50b984e4b5c393cd16dd6f"
    assert (
        digest(bare("nin_mini", channels=1, size=(28, 28), classes=10))
        == "3cc102fb2947c49eb35a360c18498f8259936c5dd7b89022e9f9cbd457c53716"
    )


def test_pooled_maps_are_those_of_the_paper_s_network() -> None:
    assert sides_after(bare("nin"), 224, nn.MaxPool2d) == [27, 13, 6]  # 54 pooled by 3 in steps of 2, rounded up


def test_a_logit_is_the_mean_of_its_class_map() -> None:
    torch.manual_seed(0)
    net = create("nin_mini", classes=4, channels=2, size=(20, 26)).eval()
    trunk, head = cut(net, "classifier")
    x = torch.randn(3, 2, 20, 26)
    features = trunk(x)
    assert features.shape == (3, 96, 3, 4)
    maps = head[0](features)
    assert maps.shape == (3, 4, 3, 4)
    torch.testing.assert_close(net(x), maps.mean((2, 3)))


def test_1x1_layers_are_dense_layers_at_each_pixel() -> None:
    torch.manual_seed(0)
    net = create("nin", classes=3, channels=1, size=(39, 39)).eval()
    second, third = net.get_submodule("features.2"), net.get_submodule("features.4")
    assert isinstance(second, nn.Conv2d) and isinstance(third, nn.Conv2d) and second.bias is not None
    x = torch.randn(2, 96, 5, 4)
    pixels = x.permute(0, 2, 3, 1)
    by_pixel = linear(
        relu(linear(pixels, second.weight[:, :, 0, 0], second.bias)), third.weight[:, :, 0, 0], third.bias
    )
    torch.testing.assert_close(third(relu(second(x))), by_pixel.permute(0, 3, 1, 2), atol=1e-5, rtol=1e-4)


def test_an_image_too_small_is_refused_with_the_layer_and_the_smallest_size() -> None:
    with pytest.raises(ShapeError, match=r"at layer features\.19 .*where it is 1×3: .*smallest image .* is 39×39"):
        create("nin", classes=10, channels=1, size=(38, 60))
    assert bare("nin", size=(39, 39))(torch.empty(1, 3, 39, 39, device="meta")).shape == (1, 1000)
