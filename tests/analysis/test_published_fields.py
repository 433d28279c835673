"""The receptive fields published by Araujo, Norris and Sim 2019, reproduced stage by stage: size, stride, padding.

"Computing Receptive Fields of Convolutional Neural Networks", Distill, and the table of its library, for the networks
as TensorFlow's model library (TF-Slim) has them. Built here are their windows, from the papers named below, with one
channel, and branches added up instead of set beside each other: neither matters to the field. "same" is TensorFlow's:
⌈n / stride⌉ outputs, an odd position of padding goes after; so the padding depends on the size of the image.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import convscope as cs
from convscope.analysis.inspection import Inspection
from convscope.geometry import same_padding

Numbers = dict[str, tuple[int, int, int]]  # by stage: size, stride, padding (how far before the image unit 0 begins)


class Window(nn.Conv2d):
    """A kernel with its stride, "same" or "valid"."""

    def __init__(self, kernel: int | tuple[int, int], stride: int = 1, padding: str = "same"):
        super().__init__(1, 1, kernel, stride)
        self.around = padding

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(self.padded(input, 0.0))

    def padded(self, x: Tensor, value: float) -> Tensor:
        if self.around == "valid":
            return x
        sizes = zip(x.shape[2:], self.kernel_size, self.stride, strict=True)
        ends = [same_padding(n, k, s, 1) for n, k, s in sizes]
        return F.pad(x, [end for pair in reversed(ends) for end in pair], value=value)


class Pool(Window):
    """A maximum over a window."""

    def forward(self, input: Tensor) -> Tensor:
        return F.max_pool2d(self.padded(input, -torch.inf), self.kernel_size, self.stride)


class Branches(nn.Module):
    """Several ways, each a list of windows; the empty one leaves its input as it is."""

    def __init__(self, *ways: list[nn.Module]):
        super().__init__()
        self.ways = nn.ModuleList(nn.Sequential(*way) for way in ways)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([way(x) for way in self.ways]).sum(0)


Stages = dict[str, nn.Module]


def seven() -> list[nn.Module]:
    return [Window((1, 7)), Window((7, 1))]


def crossed() -> nn.Module:
    return Branches([Window((1, 3))], [Window((3, 1))])


def alexnet() -> Stages:
    """Krizhevsky 2014; all but the middle convolutions "valid"."""
    return {
        "conv1": Window(11, 4, "valid"), "pool1": Pool(3, 2, "valid"), "conv2": Window(5), "pool2": Pool(3, 2, "valid"),
        "conv3": Window(3), "conv4": Window(3), "conv5": Window(3), "pool5": Pool(3, 2, "valid"),
    }  # fmt: skip


def mixed() -> nn.Module:
    """An inception block whose 5×5 is two 3×3."""
    return Branches([Window(1)], [Window(1), Window(3)], [Window(1), Window(3), Window(3)], [Pool(3), Window(1)])


def halved(padding: str, *longest: nn.Module) -> nn.Module:
    """A block that halves the sides in every branch."""
    return Branches(
        [Window(3, 2, padding)], [Window(1), *longest, Window(3, 2, padding)], [Pool(3, 2, padding)]
    )  # fmt: skip


def inception_v2() -> Stages:
    """Ioffe and Szegedy 2015; all "same"."""
    return {
        "Conv2d_1a_7x7": Window(7, 2), "MaxPool_2a_3x3": Pool(3, 2), "Conv2d_2b_1x1": Window(1),
        "Conv2d_2c_3x3": Window(3), "MaxPool_3a_3x3": Pool(3, 2), "Mixed_3b": mixed(), "Mixed_3c": mixed(),
        "Mixed_4a": halved("same", Window(3)),
        **{f"Mixed_4{end}": mixed() for end in "bcde"},
        "Mixed_5a": halved("same", Window(3)),
        **{f"Mixed_5{end}": mixed() for end in "bc"},
    }  # fmt: skip


def stem() -> Stages:
    """The first layers of Inception v3 and Inception-ResNet v2, "valid" but for one."""
    return {
        "Conv2d_1a_3x3": Window(3, 2, "valid"), "Conv2d_2a_3x3": Window(3, 1, "valid"), "Conv2d_2b_3x3": Window(3),
        "MaxPool_3a_3x3": Pool(3, 2, "valid"), "Conv2d_3b_1x1": Window(1), "Conv2d_4a_3x3": Window(3, 1, "valid"),
        "MaxPool_5a_3x3": Pool(3, 2, "valid"),
    }  # fmt: skip


def five() -> nn.Module:
    return Branches(
        [Window(1)], [Window(1), Window(5)], [Window(1), Window(3), Window(3)], [Pool(3), Window(1)]
    )  # fmt: skip


def sevens() -> nn.Module:
    return Branches([Window(1)], [Window(1), *seven()], [Window(1), *seven(), *seven()], [Pool(3), Window(1)])


def inception_v3() -> Stages:
    """Szegedy et al. 2016, "Rethinking the Inception architecture"; stem and halvings "valid", the rest "same"."""
    last = {
        f"Mixed_7{end}": Branches(
            [Window(1)], [Window(1), crossed()], [Window(1), Window(3), crossed()], [Pool(3), Window(1)]
        )
        for end in "bc"
    }
    return {
        **stem(),
        **{f"Mixed_5{end}": five() for end in "bcd"},
        "Mixed_6a": halved("valid", Window(3)),
        **{f"Mixed_6{end}": sevens() for end in "bcde"},
        "Mixed_7a": halved("valid", *seven()),
        **last,
    }


def inception_v4() -> Stages:
    """Szegedy et al. 2017, "Inception-v4"; its stem branches as well."""
    last = {
        f"Mixed_7{end}": Branches(
            [Pool(3), Window(1)], [Window(1)], [Window(1), crossed()],
            [Window(1), Window((3, 1)), Window((1, 3)), crossed()],
        )
        for end in "bcd"
    }  # fmt: skip
    return {
        "Conv2d_1a_3x3": Window(3, 2, "valid"), "Conv2d_2a_3x3": Window(3, 1, "valid"), "Conv2d_2b_3x3": Window(3),
        "Mixed_3a": Branches([Pool(3, 2, "valid")], [Window(3, 2, "valid")]),
        "Mixed_4a": Branches(
            [Window(1), Window(3, 1, "valid")], [Window(1), *seven(), Window(3, 1, "valid")]
        ),
        "Mixed_5a": Branches([Window(3, 2, "valid")], [Pool(3, 2, "valid")]),
        **{f"Mixed_5{end}": mixed() for end in "bcde"},
        "Mixed_6a": halved("valid", Window(3)),
        **{f"Mixed_6{end}": sevens() for end in "bcdefgh"},
        "Mixed_7a": halved("valid", *seven()),
        **last,
    }  # fmt: skip


def inception_resnet_v2() -> Stages:
    """Szegedy et al. 2017: 10, 20 and 10 residual blocks behind three inception blocks."""
    a = [Branches([], [Window(1)], [Window(1), Window(3)], [Window(1), Window(3), Window(3)]) for _ in range(10)]
    b = [Branches([], [Window(1)], [Window(1), *seven()]) for _ in range(20)]
    c = [Branches([], [Window(1)], [Window(1), Window((1, 3)), Window((3, 1))]) for _ in range(10)]
    return {
        **stem(), "Mixed_5b": five(), "Repeat": nn.Sequential(*a), "Mixed_6a": halved("valid", Window(3)),
        "PreAuxLogits": nn.Sequential(*b), "Mixed_7a": halved("valid", Window(3)),
        "Conv2d_7b_1x1": nn.Sequential(*c, Window(1)),
    }  # fmt: skip


class Fixed(nn.Conv2d):
    """A 3×3 or 7×7 window, padded alike at both ends whatever the stride, as TF-Slim's ResNets pad theirs."""

    def __init__(self, kernel: int, stride: int):
        super().__init__(1, 1, kernel, stride, kernel // 2)


def resnet_v1(*units: int, last: bool = True) -> Stages:
    """He et al. 2016; TF-Slim's stride is in the ``last`` unit of a block, the paper's in the first of the next."""

    def block(number: int) -> Iterator[nn.Module]:
        for unit in range(units[number]):
            strided = (unit == units[number] - 1 and number < 3) if last else (unit == 0 and number > 0)
            stride = 1 + strided
            yield Branches([Window(1, stride)], [Window(1), Fixed(3, stride), Window(1)])

    blocks = {f"block{number + 1}": nn.Sequential(*block(number)) for number in range(4)}
    return {"conv1": Fixed(7, 2), "pool1": Pool(3, 2), **blocks}


def numbers(found: Inspection, stage: str) -> tuple[object, ...]:
    """Return size, stride and padding of the last layer of a stage; the same along both axes."""
    layer = next(one for one in reversed(found.layers) if f"{one.path}.".startswith(f"{stage}."))
    _, rows, columns = next(iter(layer.fields.values()))
    assert rows == columns and rows.start is not None
    return rows.size, rows.stride, -rows.start


SAME: dict[str, tuple[Stages, int, Numbers]] = {
    "alexnet_v2": (alexnet(), 224, {
        "conv1": (11, 4, 0), "pool1": (19, 8, 0), "conv2": (51, 8, 16), "conv3": (99, 16, 32), "conv4": (131, 16, 48),
        "conv5": (163, 16, 64), "pool5": (195, 32, 64),
    }),
    "inception_v2 at 224": (inception_v2(), 224, {
        "Conv2d_1a_7x7": (7, 2, 2), "MaxPool_2a_3x3": (11, 4, 2), "Conv2d_2c_3x3": (19, 4, 6),
        "MaxPool_3a_3x3": (27, 8, 6), "Mixed_3b": (59, 8, 22), "Mixed_3c": (91, 8, 38), "Mixed_4a": (123, 16, 46),
        "Mixed_4b": (187, 16, 78), "Mixed_4e": (379, 16, 174), "Mixed_5a": (443, 32, 190), "Mixed_5b": (571, 32, 254),
        "Mixed_5c": (699, 32, 318),
    }),
    "inception_v2 at 321": (inception_v2(), 321, {
        "Conv2d_1a_7x7": (7, 2, 3), "MaxPool_2a_3x3": (11, 4, 5), "MaxPool_3a_3x3": (27, 8, 13),
        "Mixed_3c": (91, 8, 45), "Mixed_4a": (123, 16, 61), "Mixed_4e": (379, 16, 189), "Mixed_5a": (443, 32, 221),
        "Mixed_5c": (699, 32, 349),
    }),
    "inception_v3": (inception_v3(), 224, {
        "Conv2d_1a_3x3": (3, 2, 0), "Conv2d_2a_3x3": (7, 2, 0), "Conv2d_2b_3x3": (11, 2, 2),
        "MaxPool_3a_3x3": (15, 4, 2), "Conv2d_4a_3x3": (23, 4, 2), "MaxPool_5a_3x3": (31, 8, 2),
        "Mixed_5b": (63, 8, 18), "Mixed_5d": (127, 8, 50), "Mixed_6a": (159, 16, 58), "Mixed_6b": (351, 16, 154),
        "Mixed_6e": (927, 16, 442), "Mixed_7a": (1055, 32, 490), "Mixed_7b": (1183, 32, 554),
        "Mixed_7c": (1311, 32, 618),
    }),
    "inception_v4": (inception_v4(), 224, {
        "Conv2d_2b_3x3": (11, 2, 2), "Mixed_3a": (15, 4, 2), "Mixed_4a": (47, 4, 14), "Mixed_5a": (55, 8, 14),
        "Mixed_5e": (183, 8, 78), "Mixed_6a": (215, 16, 86), "Mixed_6h": (1559, 16, 758), "Mixed_7a": (1687, 32, 806),
        "Mixed_7d": (2071, 32, 998),
    }),
    "inception_resnet_v2": (inception_resnet_v2(), 224, {
        "MaxPool_5a_3x3": (31, 8, 2), "Mixed_5b": (63, 8, 18), "Mixed_6a": (415, 16, 186),
        "PreAuxLogits": (2335, 16, 1146), "Mixed_7a": (2399, 32, 1162), "Conv2d_7b_1x1": (3039, 32, 1482),
    }),
    "resnet_v1_50 at 224": (resnet_v1(3, 4, 6, 3), 224, {
        "block1": (35, 8, 15), "block2": (99, 16, 47), "block3": (291, 32, 143), "block4": (483, 32, 239),
    }),
    "resnet_v1_50 at 321": (resnet_v1(3, 4, 6, 3), 321, {
        "block1": (35, 8, 17), "block2": (99, 16, 49), "block3": (291, 32, 145), "block4": (483, 32, 241),
    }),
    "resnet_v1_101": (resnet_v1(3, 4, 23, 3), 224, {
        "block1": (35, 8, 15), "block2": (99, 16, 47), "block3": (835, 32, 415), "block4": (1027, 32, 511),
    }),
    "resnet_v1_152": (resnet_v1(3, 8, 36, 3), 224, {
        "block1": (35, 8, 15), "block2": (163, 16, 79), "block3": (1315, 32, 655), "block4": (1507, 32, 751),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_fields_are_the_published_ones(name: str):
    stages, side, published = SAME[name]
    found = cs.inspect(nn.Sequential(OrderedDict(stages)), (1, side, side))
    assert {stage: numbers(found, stage) for stage in published} == published


@pytest.mark.parametrize(("side", "paddings"), [
    (224, (0, 2, 2, 6, 6, 14, 14, 30, 46, 62, 78, 94, 94, 126)),
    (321, (1, 3, 5, 9, 13, 21, 29, 45, 61, 77, 93, 109, 125, 157)),
])  # fmt: skip
def test_fields_of_mobilenet_are_the_published_ones(side: int, paddings: tuple[int, ...]):
    """Howard et al. 2017, as transformers has it, with TensorFlow's padding."""
    transformers = pytest.importorskip("transformers")
    config = transformers.MobileNetV1Config(depth_multiplier=0.1, min_depth=2, image_size=side, tf_padding=True)
    found = cs.inspect(transformers.MobileNetV1Model(config, add_pooling_layer=False).eval(), (3, side, side))
    sizes = (3, 7, 11, 19, 27, 43, 59, 91, 123, 155, 187, 219, 251, 315)
    strides = (2, 2, 4, 4, 8, 8, 16, 16, 16, 16, 16, 16, 32, 32)
    stages = ["conv_stem", *(f"layer.{2 * number + 1}" for number in range(13))]
    assert [numbers(found, stage) for stage in stages] == list(zip(sizes, strides, paddings, strict=True))


@pytest.mark.parametrize(
    ("name", "stage", "expected"),
    [
        ("alexnet", "features.12", (195, 32, 66)),  # published: 64; the public weights' first window is padded by 2
        ("vgg11", "features.20", (150, 32, 59)),  # there called vgg_a
        ("vgg16", "features.30", (212, 32, 90)),
    ],
)
def test_fields_of_our_networks_are_the_published_ones(name: str, stage: str, expected: tuple[int, int, int]):
    assert numbers(cs.inspect(name), stage) == expected


@pytest.mark.parametrize(("depth", "units", "published"), [
    (50, (3, 4, 6, 3), 483), (101, (3, 4, 23, 3), 1027), (152, (3, 8, 36, 3), 1507),
])  # fmt: skip
def test_our_residual_networks_stride_one_unit_later(depth: int, units: tuple[int, ...], published: int):
    """As in the paper, in the first unit of a stage: of three 3×3 windows each steps half as far, 8 + 16 + 32 less."""
    stages = resnet_v1(*units, last=False)
    skeleton = cs.inspect(nn.Sequential(OrderedDict(stages)), (1, 224, 224))
    size, stride, padding = numbers(cs.inspect(f"resnet{depth}"), "layer4")
    assert (size, stride) == numbers(skeleton, "block4")[:2] == (published - 56, 32)
    # Ours pad the pooling by 1 at both ends; TensorFlow's "same" leaves its first end as it is, 2 pixels of the image.
    assert padding == (size - 1) // 2 == numbers(skeleton, "block4")[2] + 2
