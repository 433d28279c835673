from __future__ import annotations

import pytest
import torch

from convscope.errors import ConfigError
from convscope.models import create
from convscope.models.densenet import DenseLayer


def test_a_dense_layer_puts_its_channels_behind_the_input() -> None:
    layer = DenseLayer(5, 3, 12).eval()
    x = torch.randn(2, 5, 6, 7)
    out = layer(x)
    assert out.shape == (2, 8, 6, 7) and torch.equal(out[:, :5], x)
    narrow = layer.conv1(layer.relu1(layer.norm1(x)))
    assert torch.equal(out[:, 5:], layer.conv2(layer.relu2(layer.norm2(narrow))))


def test_a_configured_network_has_the_channels_of_its_numbers() -> None:
    # 64 channels from the stem; four layers of 32 a block, halved between blocks: 192, 96, 224, 112, 240, 120, 248.
    net = create("densenet", growth=32, blocks=(4, 4, 4, 4), classes=10, channels=1)
    assert net.get_submodule("classifier").get_parameter("weight").shape == (10, 248)
    assert net(torch.randn(2, 1, 96, 96)).shape == (2, 10)
    same = create("densenet", growth=32, blocks="4,4,4,4", classes=10, channels=1)
    assert {k: v.shape for k, v in same.state_dict().items()} == {k: v.shape for k, v in net.state_dict().items()}


def test_without_a_bottleneck_there_is_one_convolution_a_layer() -> None:
    net = create("densenet", growth=8, blocks=(2, 3), bottleneck=0, classes=4, size=(32, 32))
    assert [p.shape[0] for name, p in net.named_parameters() if ".conv1." in name] == 5 * [8]
    assert not any("conv2" in name for name, _ in net.named_parameters())
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 4)


@pytest.mark.parametrize("blocks", [(), (4, 0), (4, 4.5), "4;4", 4])
def test_blocks_that_make_no_network_are_refused(blocks: object) -> None:
    with pytest.raises(ConfigError, match="blocks must be whole numbers of layers, such as 4,4,4,4; found"):
        create("densenet", classes=2, blocks=blocks)


def test_other_numbers_that_make_no_network_are_refused() -> None:
    with pytest.raises(ConfigError, match="growth must be at least 1 and bottleneck at least 0, found 0 and 4"):
        create("densenet", classes=2, growth=0)
