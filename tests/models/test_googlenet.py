"""GoogLeNet against the published network, and an inception block against its four branches by hand."""

from __future__ import annotations

import pytest
import torch
from published import bare, digest, weights
from torch import nn
from torch.nn import functional as F

from convscope.errors import ShapeError
from convscope.models import create
from convscope.models.googlenet import Inception
from convscope.models.transfer import cut


def test_weights_are_those_of_public_files() -> None:
    net = bare("googlenet")
    assert weights(net) == 6_624_904
    assert digest(net) == "e5c470d1ce5e675eb1639bfaeebdcbd36124f3124133c5012a82c2fd73620071"


def test_channels_are_those_of_the_paper_s_table() -> None:
    blocks = [module for module in bare("googlenet").modules() if isinstance(module, Inception)]
    assert [block.outputs for block in blocks] == [256, 480, 512, 512, 512, 528, 832, 832, 1024]


@pytest.mark.parametrize(("side", "sides"), [(224, [28, 28, 14, 7]), (15, [2, 2, 1, 1]), (97, [12, 12, 6, 3])])
def test_sides_of_maps_by_hand(side: int, sides: list[int]) -> None:
    net = bare("googlenet")
    seen: list[int] = []
    at = ["maxpool2", "inception3b", "inception4a", "inception5b"]
    for name in at:
        net.get_submodule(name).register_forward_hook(lambda _m, _i, out: seen.append(out.shape[-1]))
    net.eval()(torch.empty(1, 3, side, side, device="meta"))
    assert seen == sides


def test_an_inception_block_is_its_branches_side_by_side() -> None:
    torch.manual_seed(0)
    block = Inception(6, (2, 3, 4, 2, 5, 3)).eval()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_var, 0.5, 2)  # pyright: ignore[reportArgumentType]
            nn.init.normal_(module.running_mean)  # pyright: ignore[reportArgumentType]
            nn.init.normal_(module.bias)

    def layer(x: torch.Tensor, path: str) -> torch.Tensor:
        state = {name.removeprefix(f"{path}."): t for name, t in block.state_dict().items() if name.startswith(path)}
        y = F.conv2d(x, state["conv.weight"], padding="same")
        scale = state["bn.weight"] / (state["bn.running_var"] + 0.001).sqrt()
        y = (y - state["bn.running_mean"][:, None, None]) * scale[:, None, None] + state["bn.bias"][:, None, None]
        return y.clamp(min=0)

    x = torch.randn(2, 6, 7, 5)
    padded = F.pad(x, (1, 1, 1, 1), value=-torch.inf)
    pooled = padded.unfold(2, 3, 1).unfold(3, 3, 1).amax((-2, -1))
    expected = [
        layer(x, "branch1"), layer(layer(x, "branch2.0"), "branch2.1"), layer(layer(x, "branch3.0"), "branch3.1"),
        layer(pooled, "branch4.1"),
    ]  # fmt: skip
    with torch.no_grad():
        out = block(x)
    assert out.shape == (2, block.outputs, 7, 5)
    torch.testing.assert_close(out, torch.cat(expected, 1), atol=1e-5, rtol=1e-4)


def test_an_image_too_small_is_refused_with_the_layer_and_the_smallest_size() -> None:
    with pytest.raises(ShapeError, match=r"at layer maxpool3 .*where it is 1×2: .*smallest image .* is 15×15"):
        create("googlenet", classes=10, channels=1, size=(14, 20))


def test_it_learns_from_and_takes_any_size_and_channels() -> None:
    torch.manual_seed(0)
    net = create("googlenet", classes=5, channels=7, size=(33, 47))
    logits = net(torch.randn(3, 7, 33, 47))
    logits.square().sum().backward()
    assert logits.shape == (3, 5)
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in net.parameters())


def test_the_small_one_is_as_told() -> None:
    net = bare("googlenet_mini", channels=1, size=(28, 28), classes=10)
    assert weights(net) == 149_514
    assert cut(net)[0](torch.empty(2, 1, 28, 28, device="meta")).shape == (2, 192, 7, 7)
