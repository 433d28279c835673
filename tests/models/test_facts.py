"""The figures that ``convscope models`` prints without building a network are the counted ones."""

from __future__ import annotations

import pytest
import torch
from published import bare
from torch import Tensor, nn

from convscope.errors import ShapeError
from convscope.models import create, entry, names, smallest_side
from convscope.models.cost import cost
from convscope.models.equivariant import GroupConvolution, Lifting
from convscope.models.facts import FACTS
from convscope.models.public import PUBLIC


def test_facts_are_what_the_networks_cost() -> None:
    counted = {}
    for name in names():
        e = entry(name)
        counted[name] = cost(
            lambda name=name, e=e: create(name, classes=e.classes, channels=e.channels, size=e.input.space), e.input
        )
    lines = "\n".join(f'    "{name}": ({weights:_}, {adds:_}),' for name, (weights, adds) in counted.items())
    assert counted == FACTS, f"the lines of facts.py must be:\n{lines}"


# As PyTorch publishes them beside its weights: parameters, and thousand millions of multiply-adds for 224×224.
PUBLISHED = {
    "alexnet": (61_100_840, 0.714), "convnext_tiny": (28_589_128, 4.456), "densenet121": (7_978_856, 2.834),
    "densenet169": (14_149_480, 3.360), "densenet201": (20_013_928, 4.291), "googlenet": (6_624_904, 1.498),
    "mobilenet_v2": (3_504_872, 0.301), "resnet18": (11_689_512, 1.814), "resnet34": (21_797_672, 3.664),
    "resnet50": (25_557_032, 4.089), "resnet101": (44_549_160, 7.801), "resnet152": (60_192_808, 11.514),
    "squeezenet1_0": (1_248_424, 0.819), "squeezenet1_1": (1_235_496, 0.349), "vgg11": (132_863_336, 7.609),
    "vgg11_bn": (132_868_840, 7.609), "vgg13": (133_047_848, 11.308), "vgg13_bn": (133_053_736, 11.308),
    "vgg16": (138_357_544, 15.470), "vgg16_bn": (138_365_992, 15.470), "vgg19": (143_667_240, 19.632),
    "vgg19_bn": (143_678_248, 19.632),
}  # fmt: skip


def test_facts_are_the_published_ones() -> None:
    assert set(PUBLISHED) == set(PUBLIC)
    assert {name: (FACTS[name][0], round(FACTS[name][1] / 1e9, 3)) for name in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize("name", ["tiny", "mlp", "p4m_mini", "mobilenet_v2_mini", "googlenet", "densenet", "resnet20"])
def test_multiply_adds_are_kernel_times_places(name: str) -> None:
    e, found = entry(name), 0

    def convolved(layer: nn.Module, _: object, out: Tensor) -> None:
        nonlocal found
        kernel = layer.filters() if isinstance(layer, GroupConvolution | Lifting) else layer.weight
        found += kernel[0].numel() * out[0].numel()  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]

    net = bare(name, channels=e.channels, size=(e.side, e.side), classes=e.classes).eval()
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | GroupConvolution | Lifting):
            layer.register_forward_hook(convolved)
    net(torch.empty(1, e.channels, e.side, e.side, device="meta"))
    assert (sum(p.numel() for p in net.parameters()), found) == FACTS[name]


def test_public_weights_are_of_networks_that_exist() -> None:
    assert set(PUBLIC) <= set(names())
    for name, public in PUBLIC.items():
        e = entry(name)
        assert (e.channels, e.side, e.classes) == (3, public.side, 1000)
        assert f"-{public.sha256}.pth" in public.url and len(public.sha256) == 8


@pytest.mark.parametrize(("name", "side"), [("squeezenet1_0", 21), ("lenet", 12), ("mlp", 1)])
def test_the_smallest_image(name: str, side: int) -> None:
    assert smallest_side(name) == side
    create(name, classes=2, channels=1, size=(side, side))
    if side > 1:
        with pytest.raises(ShapeError):
            create(name, classes=2, channels=1, size=(side - 1, side - 1))
