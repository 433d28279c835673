"""Networks built for any input and output: of the list for images, of one's own for signals and volumes too."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError
from convscope.models import own
from convscope.models.registry import build, create

IMAGE, SIGNAL, RAGGED, VOLUME = (
    InputSpec(3, (20, 24)), InputSpec(2, (50,)), InputSpec(2, (None,)), InputSpec(1, (4, 6, 8)),
)  # fmt: skip
TEXT = InputSpec(vocabulary=40, space=(23,))


class Told(nn.Module):
    """Keeps what it is told."""

    def __init__(self, **shape: Any):
        super().__init__()
        self.shape = shape
        self.weight = nn.Parameter(torch.zeros(1))


def classes(classes: int, channels: int, size: tuple[int, ...] | None = None) -> nn.Module:
    return Told(classes=classes, channels=channels, size=size)


def outputs(in_chans: int = 0, outputs: int = 1, img_size: tuple[int, ...] = ()) -> nn.Module:
    return Told(in_chans=in_chans, outputs=outputs, img_size=img_size)


def num_outputs(num_outputs: int = 1) -> nn.Module:
    return Told(num_outputs=num_outputs)


def needed(out_channels: int) -> nn.Module:
    return Told(out_channels=out_channels)


def kernels(out_channels: int = 32) -> nn.Module:
    return Told(out_channels=out_channels)


@pytest.mark.parametrize(
    ("factory", "input", "shape"),
    [
        (classes, IMAGE, {"classes": 7, "channels": 3, "size": (20, 24)}),
        (classes, SIGNAL, {"classes": 7, "channels": 2, "size": (50,)}),
        (classes, RAGGED, {"classes": 7, "channels": 2, "size": None}),
        (classes, VOLUME, {"classes": 7, "channels": 1, "size": (4, 6, 8)}),
        (outputs, IMAGE, {"in_chans": 3, "outputs": 7, "img_size": (20, 24)}),
        (outputs, TEXT, {"in_chans": 0, "outputs": 7, "img_size": (23,)}),
        (num_outputs, RAGGED, {"num_outputs": 7}),
        (needed, IMAGE, {"out_channels": 7}),
        (kernels, IMAGE, {"out_channels": 32}),
    ],
)
def test_a_factory_is_told_what_its_signature_names(factory: Any, input: InputSpec, shape: dict[str, Any]) -> None:
    net = build(factory, {}, input=input, output=OutputSpec(7))
    assert isinstance(net, Told) and net.shape == shape


@pytest.mark.parametrize("input", [SIGNAL, RAGGED])
def test_lazy_layers_of_a_network_for_signals_are_given_their_sizes(input: InputSpec) -> None:
    def net(outputs: int) -> nn.Module:
        return nn.Sequential(nn.LazyConv1d(4, 5), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.LazyLinear(outputs))

    assert build(net, {}, input=input, output=OutputSpec(2))(torch.zeros(3, 2, 70)).shape == (3, 2)


def test_how_it_is_built_is_said_as_it_is_built() -> None:
    assert "classes(classes=7, channels=2)" in own.told(classes, {}, RAGGED, OutputSpec(7))


def test_a_network_of_the_list_is_the_same_by_either_door() -> None:
    torch.manual_seed(3)
    first = create("tiny", classes=7, channels=3, size=(20, 24)).state_dict()
    torch.manual_seed(3)
    second = build("tiny", {}, input=IMAGE, output=OutputSpec(7)).state_dict()
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("input", "output", "head", "message"),
    [
        (SIGNAL, OutputSpec(2), "own", r"'tiny' takes images.* signals of the shape \(\d, 50\)"),
        (RAGGED, OutputSpec(2), "own", "'tiny' takes images.*None"),
        (TEXT, OutputSpec(2), "own", r"'tiny' takes images.* texts of the shape \(23,\)"),
        (InputSpec(1, (None, 20)), OutputSpec(2), "own", "'tiny' takes images of one size"),
        (IMAGE, OutputSpec(2, "same"), "own", "'tiny' gives one vector per image, but the task needs 2 maps"),
    ],
)
def test_what_a_network_of_the_list_cannot_take_or_give_is_refused(
    input: InputSpec, output: OutputSpec, head: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build("tiny", {}, input=input, output=output, head=head)


@pytest.mark.parametrize(("input", "output"), [(RAGGED, OutputSpec(2)), (IMAGE, OutputSpec(2, "same"))])
def test_a_new_head_needs_a_known_size_and_one_vector(input: InputSpec, output: OutputSpec) -> None:
    with pytest.raises(ConfigError, match=r"head 'linear'.*one vector"):
        build(nn.Sequential(nn.Conv1d(2, 3, 3)), {}, input=input, output=output, head="linear")
