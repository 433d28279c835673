from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError
from convscope.models import count_weights, create
from convscope.models.blocks import Surroundings
from convscope.models.blocks.decoder import Parts
from convscope.models.registry import build
from convscope.models.unet import UNet, encoder


def test_levels_give_what_a_decoder_takes() -> None:
    x, shapes = torch.randn(1, 2, 37, 52), []
    for name, part in encoder(2, 8, 4).items():
        x = part(x)
        if name.startswith("level"):
            shapes.append(tuple(x.shape[1:]))
    assert shapes == [(8, 37, 52), (16, 18, 26), (32, 9, 13), (64, 4, 6)]


def test_five_levels_hold_the_paper_s_weights() -> None:
    # Without norm, a level of width w on v channels has 9vw + w and 9ww + w weights; in all, with 64 on one channel:
    expected = sum(9 * v * w + w + 9 * w * w + w for v, w in ((1, 64), (64, 128), (128, 256), (256, 512), (512, 1024)))
    assert expected == 18_842_048
    with torch.device("meta"):
        net = create("unet_encoder", classes=2, channels=1, norm="none")
    assert sum(p.numel() for p in net.parameters()) == expected + 2 * 1024 + 2
    assert count_weights("unet_encoder_mini", classes=10, channels=1, size=(28, 28)) == 295_002


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "none"])
def test_any_norm_keeps_values_and_gradients_alive(norm: str) -> None:
    torch.manual_seed(0)
    net = create("unet_encoder_mini", classes=3, channels=1, size=(28, 28), norm=norm)
    net(torch.randn(4, 1, 28, 28)).square().sum().backward()
    first = next(module for module in net.modules() if isinstance(module, nn.Conv2d))
    assert first.weight.grad is not None and 1e-4 < float(first.weight.grad.norm()) < 1e4


def test_an_unknown_norm_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown norm 'groups'; did you mean 'group'"):
        encoder(1, 8, 2, Parts(norm="groups"))


def trained(name: str, **options: Any) -> UNet:
    """Return a small network whose norms have statistics other than 0 and 1, in double precision."""
    torch.manual_seed(0)
    net = create(name, classes=3, channels=1, width=4, **options).double()
    axes = 3 if name == "unet3d_mini" else 2
    net(torch.randn((2, 1) + (24,) * axes).double())
    assert isinstance(net, UNet)
    return net.eval()


def by_hand(net: nn.Module, x: torch.Tensor, levels: int) -> torch.Tensor:
    """Return a padded U-Net's answer, written out with PyTorch's functions, for sides that need no padding."""
    state = net.state_dict()

    def convolved(x: torch.Tensor, path: str) -> torch.Tensor:
        for n in (1, 2):
            norm = [state[f"{path}.norm{n}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
            x = F.relu(F.batch_norm(F.conv2d(x, state[f"{path}.conv{n}.weight"], padding=1), *norm))
        return x

    maps = [convolved(x, "level1")]
    for level in range(2, levels + 1):
        maps.append(convolved(F.max_pool2d(maps[-1], 2), f"level{level}"))
    x = maps.pop()
    for level in range(levels - 1, 0, -1):
        path = f"decoder.level{level}"
        x = F.conv_transpose2d(x, state[f"{path}.up.weight"], state[f"{path}.up.bias"], 2)
        x = convolved(torch.cat((maps.pop(), x), 1), path)
    return F.conv2d(x, state["decoder.out.weight"], state["decoder.out.bias"])


@pytest.mark.parametrize(("name", "levels"), [("unet", 5), ("unet_mini", 4)])
def test_a_unet_is_the_paper_s_chain_of_functions(name: str, levels: int) -> None:
    net = trained(name)
    x = torch.randn(2, 1, 32, 48).double()
    torch.testing.assert_close(net(x), by_hand(net, x, levels))


def test_the_paper_s_network_has_31_million_weights() -> None:
    # Ronneberger's Caffe model, without norms, for 2 classes: 31,030,658 = 18,842,048 of the encoder and 12,188,610.
    with torch.device("meta"):
        assert sum(p.numel() for p in create("unet", classes=2, channels=1, norm="none").parameters()) == 31_030_658
    assert count_weights("unet", classes=2, channels=1, size=(256, 256)) == 31_036_546


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 3), (13, 70), (31, 33), (48, 32)])
@pytest.mark.parametrize(
    ("name", "options"), [("unet_mini", {}), ("unet", {"up": "bilinear"}), ("unet_mini", {"padding": "valid"})]
)
def test_every_size_of_image_gives_a_map_of_that_size(name: str, options: dict, size: tuple[int, int]) -> None:
    assert trained(name, **options)(torch.randn(2, 1, *size).double()).shape == (2, 3, *size)


def test_an_image_is_mirrored_behind_its_last_row_and_column() -> None:
    net, x = trained("unet_mini"), torch.randn(1, 1, 27, 45).double()
    mirrored = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (0, 5), (0, 3)), mode="reflect"))
    torch.testing.assert_close(net(x), net(mirrored)[..., :27, :45])


@pytest.mark.parametrize("size", [(1, 9), (3, 9), (16, 12), (20, 20)])
def test_short_axes_are_continued_by_their_last_value(size: tuple[int, int]) -> None:
    x = torch.randn(1, 2, *size)
    expected = x.numpy()
    for axis, length in enumerate(size):
        around = [(0, 0)] * 4
        around[2 + axis] = (3, 3 + -length % 8)
        mode = "reflect" if around[2 + axis][1] < length else "edge"
        expected = np.pad(expected, around, mode=mode)
    assert np.array_equal(Surroundings((8, 8), margin=3)(x).numpy(), expected)
    assert Surroundings((4, 4))(x[..., :4, :4] if size[0] == 16 else x[..., :1, :1].expand(1, 2, 4, 8)).shape[2] == 4


def test_the_paper_s_overlap_tile_network_maps_572_to_388_positions_each_with_its_whole_field() -> None:
    net = trained("unet", padding="valid")
    inside: dict[str, tuple[int, ...]] = {}
    net.get_submodule("pad").register_forward_hook(lambda _m, _i, out: inside.update(seen=tuple(out.shape[2:])))
    net.decoder.out.register_forward_hook(lambda _m, _i, out: inside.update(answered=tuple(out.shape[2:])))
    x = torch.randn(1, 1, 388, 388).double()
    whole = net(x)
    assert inside == {"seen": (572, 572), "answered": (388, 388)}
    # What a position sees of a mirrored image is what it sees of a larger one, and it stands where it stood:
    larger = F.pad(x, (96,) * 4, mode="reflect")
    torch.testing.assert_close(net(larger)[..., 96:-96, 96:-96], whole)


def test_tiles_with_a_halo_on_the_grid_are_the_whole_image() -> None:
    net, x = trained("unet_mini"), torch.randn(1, 1, 128, 160).double()
    tile = net(x[..., 8:120, 32:160])[..., 48:64, 48:64]
    torch.testing.assert_close(tile, net(x)[..., 56:72, 80:96], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("flat", [0, 1, 4])
def test_slices_of_a_volume_meet_behind_the_flat_levels_only(flat: int) -> None:
    net, x = trained("unet3d_mini", flat=flat), torch.randn(1, 1, 11, 13, 10).double()
    answer = net(x)
    assert answer.shape == (1, 3, 11, 13, 10)
    other = x.clone()
    other[:, :, 10] += 1
    changed = (net(other) - answer).abs().amax((0, 1, 3, 4)) > 0
    assert changed[10] and bool(changed[:10].any()) == (flat < 4)


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "none"])
@pytest.mark.parametrize("name", ["unet_mini", "unet3d_mini"])
def test_every_weight_of_a_unet_gets_a_gradient_of_a_sound_size(name: str, norm: str) -> None:
    torch.manual_seed(0)
    net = create(name, classes=2, channels=3, width=4, norm=norm)
    size = (10, 12, 20)[: 3 if name == "unet3d_mini" else 2]
    answer = net(torch.randn(2, 3, *size))
    assert 0.05 < float(answer.detach().std()) < 5
    answer.square().mean().backward()
    assert all(1e-7 < float(p.grad.norm()) < 1e3 for p in net.parameters() if p.grad is not None and p.ndim > 1)
    assert all(p.grad is not None for p in net.parameters())


def test_what_is_asked_for_must_be_what_a_network_gives() -> None:
    image, volume = InputSpec(1, (None, None)), InputSpec(1, (8, 64, 64))
    assert build("unet_mini", {}, input=image, output=OutputSpec(4, "same"))(torch.ones(1, 1, 9, 9)).shape[1] == 4
    for name, given, output, told in (
        ("resnet_mini", image, OutputSpec(4, "same"),
         "'resnet_mini' gives one vector per image, but the task needs 4 maps of the image's size; use one of "
         "unet, unet_mini, or a network of your own"),
        ("unet_mini", InputSpec(1, (28, 28)), OutputSpec(10),
         "'unet_mini' gives a number per class at each position of the image, but the task needs one vector per image; "
         "use one of alexnet, "),
        ("unet_mini", volume, OutputSpec(2, "same"),
         "'unet_mini' takes images, and was given volumes of the shape (1, 8, 64, 64); use one of unet3d_mini, or"),
        ("unet3d_mini", image, OutputSpec(2, "same"),
         "'unet3d_mini' takes volumes, and was given images of the shape (1, None, None); use one of unet, unet_mini"),
        ("lenet", image, OutputSpec(2),
         "'lenet' takes images of one size, and was given images of the shape (1, None, None); use a network of"),
        ("lenet", InputSpec(vocabulary=40, space=(23,)), OutputSpec(2),
         "'lenet' takes images, and was given texts of the shape (23,); use one of conv1d, "),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=re.escape(told)):
            build(name, {}, input=given, output=output)


def test_an_unknown_option_of_a_unet_says_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"option 'up': 'bilinar'; did you mean 'bilinear'.*known: transposed"):
        create("unet_mini", classes=2, channels=1, up="bilinar")
    with pytest.raises(ConfigError, match="option 'levels' must be at least 1, found 0"):
        create("unet_mini", classes=2, channels=1, levels=0)
