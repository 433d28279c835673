from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convscope.errors import ConfigError, ShapeError
from convscope.geometry import output_size
from convscope.models import create, entry, names
from convscope.models.blocks import Residual, size_after
from convscope.models.registry import giving
from convscope.training.rewrites import fold_batch_norm, rewrite

PUBLISHED = {("lenet", 28): 233_578, ("lenet5", 28): 61_706, ("tiny", 16): 3_818, ("resnet_mini", 28): 412_666}
# They differ from a shallower one of the same blocks in nothing but the number of blocks.
DEEPER = {f"resnet{depth}" for depth in (32, 44, 56, 110, 34, 101, 152)} | {"densenet169", "densenet201"}
# Their dense layers hold so many weights that each is built as rarely as can be, in tests of its own.
HEAVY = {name for name in names() if name.startswith(("alexnet", "vgg")) and not name.endswith("_mini")}
USUAL = [name for name in giving(None) if name not in DEEPER | HEAVY]
SMALL = [name for name in USUAL if entry(name).side < 96]


def weights(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("name", "side"), PUBLISHED)
def test_weights_are_the_published_ones(name: str, side: int) -> None:
    assert weights(create(name, classes=10, channels=1, size=(side, side))) == PUBLISHED[name, side]


def smallest(name: str, size: tuple[int, int]) -> int:
    """Return the side that is named where images of ``size`` are refused, and 1 where they are not."""
    try:
        with torch.device("meta"):
            create(name, classes=2, channels=1, size=(size * 2)[: entry(name).axes])
    except ShapeError as refused:
        found = re.search(r"where it is \d+×\d+: .*; the smallest image that works is (\d+)×\1$", str(refused))
        assert found, refused
        return int(found[1])
    return 1


@pytest.mark.parametrize("name", [name for name in names() if entry(name).axes > 1])
def test_the_smallest_size_that_a_refusal_names_is_the_smallest(name: str) -> None:
    side = smallest(name, (1, 1))
    assert smallest(name, (side, side)) == 1
    assert side == 1 or smallest(name, (side - 1, side - 1)) == side == smallest(name, (224, side - 1))


@pytest.mark.parametrize(
    ("name", "size", "channels"),
    [(name, *shape) for name in SMALL for shape in (((28, 28), 1), ((33, 47), 3), ((64, 20), 7))]
    + [(name, (33, 47), 7) for name in USUAL if name not in SMALL],
)
def test_any_size_and_channel_count_gives_finite_logits_and_gradients(
    name: str, size: tuple[int, int], channels: int
) -> None:
    classes = 2 if name == "single_kernel" else 5
    side = smallest(name, size)
    size = max(size[0], side), max(size[1], side)
    net = create(name, classes=classes, channels=channels, size=size)
    logits = net(torch.randn(3, channels, *size))
    assert logits.shape == (3, classes)
    logits.square().sum().backward()
    for parameter in net.parameters():
        assert parameter.grad is not None and bool(torch.isfinite(parameter.grad).all())


@pytest.mark.parametrize("side", [1, 2, 7, 8, 16, 17, 40, 64, 65, 128, 224])
def test_resnet_mini_ends_on_a_small_map_at_every_size(side: int) -> None:
    net = create("resnet_mini", classes=2, channels=3, size=(side, side)).eval()
    assert isinstance(net, nn.Sequential)
    sizes: list[int] = []
    for module in net:
        if isinstance(module, Residual):
            module.register_forward_hook(lambda _m, _i, out: sizes.append(out.shape[-1]))
    net(torch.randn(2, 3, side, side))
    assert sizes[0] <= 32 and sizes[-1] <= 4 and len(sizes) == 2


@given(
    st.integers(5, 60), st.integers(5, 60), st.integers(1, 5), st.integers(1, 4), st.integers(0, 2), st.integers(1, 3)
)
@settings(max_examples=60, deadline=None)
def test_sizes_after_layers_are_the_real_ones(
    h: int, w: int, kernel: int, stride: int, padding: int, pool: int
) -> None:
    layers = [nn.Conv2d(1, 1, kernel, stride, padding), nn.AvgPool2d(pool)]
    try:
        expected = size_after(layers, (h, w))
    except ShapeError:
        with pytest.raises(RuntimeError):
            nn.Sequential(*layers)(torch.zeros(1, 1, h, w))
    else:
        assert tuple(nn.Sequential(*layers)(torch.zeros(1, 1, h, w)).shape[2:]) == expected


def test_an_image_too_small_is_refused_with_the_numbers() -> None:
    with pytest.raises(ShapeError) as caught:
        create("lenet", classes=10, channels=1, size=(8, 8))
    assert str(caught.value) == (
        "model 'lenet' cannot take images of 8×8: the map vanishes at layer 3 (Conv2d), where it is 4×4: the 5-pixel "
        "convolution window reaches over 5 pixels, but only 4 are there; the smallest image that works is 12×12"
    )


@pytest.mark.parametrize("name", USUAL)
def test_faster_forms_leave_the_answers_as_they_are(name: str) -> None:
    torch.manual_seed(0)
    side = max(33, smallest(name, (33, 33)))
    net = create(name, classes=2, channels=3, size=(side, side))
    x = torch.randn(4, 3, side, side)
    with torch.inference_mode():
        net(x)  # running means and variances that are not 0 and 1
        expected = net.eval()(x)
        for form in (rewrite(net).model, fold_batch_norm(net)):
            torch.testing.assert_close(form(x), expected, atol=1e-4, rtol=1e-4)


def test_unknown_names_and_options_say_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown model 'lennet'; did you mean 'lenet'\?; known: alexnet, .*, lenet, lenet3d, lenet5"
    ):
        create("lennet", classes=10, channels=1, size=(28, 28))
    with pytest.raises(
        ConfigError, match=r"model 'lenet' has no option 'dropuot'; did you mean 'dropout'\?; it has: dropout"
    ):
        create("lenet", classes=10, channels=1, size=(28, 28), dropuot=0.1)
    with pytest.raises(ConfigError, match="tells two classes apart, and this set has 3"):
        create("single_kernel", classes=3, channels=1, size=(28, 28))


def test_a_residual_block_adds_its_input() -> None:
    block = Residual(4).eval()
    x = torch.rand(2, 4, 5, 5)
    torch.testing.assert_close(block(x) - block.block(x), x)


def test_the_detector_scores_the_largest_response() -> None:
    net = create("single_kernel", classes=2, channels=1, size=(20, 20)).eval()
    x = torch.randn(2, 1, 20, 20)
    conv, scale = (m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    best = torch.nn.functional.conv2d(x, conv.weight, conv.bias).flatten(1).max(1).values
    z = best * scale.weight[0, 0] + scale.bias[0]
    torch.testing.assert_close(net(x).softmax(1)[:, 1], torch.sigmoid(2 * z))
    shifted = torch.roll(x, (2, 3), (2, 3))
    assert net(shifted).shape == (2, 2)


def test_windows_by_hand() -> None:
    assert output_size(5, 3, stride=2) == 2
    assert output_size(5, 3, stride=2, padding=1) == 3
    assert output_size(7, 3, dilation=3) == 1
    with pytest.raises(ShapeError, match=r"window reaches over 9 pixels, but only 8 are there \(6 and 1 of padding"):
        output_size(6, 5, padding=1, dilation=2)


def test_every_entry_says_where_it_comes_from() -> None:
    assert all(entry(name).summary and entry(name).source and entry(name).lr > 0 for name in names())


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("width", -1, "option 'width' must be a whole number of at least 0, got -1"),
        ("width", 2.5, "option 'width' must be a whole number of at least 0, got 2.5"),
        ("width", True, "option 'width' must be a whole number of at least 0, got True"),
        ("width", 0, "with width=0 has layers without weights"),
        ("width", 10**15, "cannot be built with width=1000000000000000: "),
        ("se", 1, "option 'se' must be true or false, got 1"),
        ("drop_path", 1, "option 'drop_path' must be a number from 0 to below 1, got 1"),
        ("dropout", float("nan"), "option 'dropout' must be a number from 0 to below 1, got nan"),
    ],
)
@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_an_option_out_of_range_is_refused_by_name(option: str, value: object, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        create("resnet_mini", classes=3, channels=1, size=(28, 28), **{option: value})
