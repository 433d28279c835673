"""Each design warning says exactly what is the matter and where, and a sane network has none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convscope.analysis.warnings import CODES, DesignWarning, check, lines
from convscope.errors import ConfigError
from convscope.graph.record import record
from convscope.models import registry
from graph.written import Written


def warnings(model: nn.Module, shape: Any) -> tuple[DesignWarning, ...]:
    with torch.device("meta"):
        return check(record(model, shape))


def chain(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers)


def head(channels: int) -> tuple[nn.Module, ...]:
    return nn.AdaptiveAvgPool2d(1), *dense(channels)


def dense(channels: int) -> tuple[nn.Module, ...]:
    return nn.Flatten(), nn.Linear(channels, 10)


FIRES = {
    "the stride does not divide": (
        chain(nn.Conv2d(1, 4, 5, stride=2), nn.ReLU(), *head(4)),
        (1, 28, 28),
        "CS101-dropped-pixels at 0: the last row and the last column of 28×28 from input are never used: the stride 2 "
        "does not divide 28 - 5 = 23; pad 1 more at the end, or take a stride of 1",
    ),
    "with padding, along one axis only": (
        chain(nn.Conv2d(1, 4, 4, stride=4, padding=1), nn.ReLU(), *head(4)),
        (1, 27, 28),
        "CS101-dropped-pixels at 0: the last column of 27×28 from input is never used: the stride 4 does not divide "
        "28 + 1 + 1 - 4 = 26; pad 2 more at the end, or take a stride of 1 or 2",
    ),
    "a pooling of an odd map": (
        chain(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), *head(4)),
        (1, 15, 15),
        "CS101-dropped-pixels at 2: the last row and the last column of 15×15 from 1 are never used: the stride 2 "
        "does not divide 15 - 2 = 13; pad 1 more at the end, or take a stride of 1",
    ),
    "a pooling that skips": (
        chain(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d((2, 3), (3, 3)), *head(4)),
        (1, 14, 15),
        "CS102-skipped-positions at 2: 4 rows of 14 from 1 are skipped: windows of 2 stand 3 apart; "
        "take a stride of at most 2, or windows of at least 3",
    ),
    "a convolution that skips": (
        chain(nn.Conv2d(1, 4, 1, stride=2), nn.ReLU(), *head(4)),
        (1, 9, 9),
        "CS102-skipped-positions at 0: 4 rows of 9 from input are skipped: windows of 1 stand 2 apart; take a stride "
        "of at most 1, or windows of at least 2",
    ),
    "holes": (
        chain(nn.MaxPool2d(2, 4, dilation=2), *head(1)),
        (1, 7, 7),
        "CS102-skipped-positions at 0: 3 rows of 7 from input are skipped: windows of 2 (with holes: one "
        "position in 2) stand 4 apart; take a smaller stride, or no dilation",
    ),
    "a maximum over time that ends too early": (
        chain(nn.Conv1d(4, 8, 4), nn.ReLU(), nn.MaxPool1d(27), nn.Flatten(), nn.Linear(8, 2)),
        (4, 31),
        "CS102-skipped-positions at 2: the only window, of 27, leaves out the last position of 28 from 1; take a "
        "window of 28, or a global pooling",
    ),
    "strides after the last pixel": (
        chain(*(nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.ReLU()) * 2, nn.Flatten(), nn.Linear(1, 2)),
        (1, 2, 2),
        "CS103-too-much-pooling at 0#2: a stride of 2 over a map of 1×1: there is nothing left to shrink, and all of "
        "the window but one position is padding; give a larger input, or leave out a pooling or a stride before it",
    ),
    "pooling that repeats": (
        chain(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(7), nn.ReLU(), *head(4)),
        (3, 7, 7),
        "CS103-too-much-pooling at 2: pooling 4×4 to 7×7 makes no map smaller, it repeats positions; give a larger "
        "input, or pool to at most 4×4",
    ),
    "an even kernel": (
        chain(nn.Conv2d(1, 4, 4, padding="same"), nn.ReLU(), *head(4)),
        (1, 8, 8),
        "CS104-even-kernel at 0: a kernel of 4 has no centre: padded by 1 before and 2 after, its output is moved by "
        "half a position against its input, and no flip of the input is a flip of the output; "
        "take a kernel of 3 or 5",
    ),
    "an even kernel, padded before": (
        chain(nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(1, 4, 4), nn.ReLU(), *head(4)),
        (1, 8, 8),
        "CS104-even-kernel at 1: a kernel of 4 has no centre: padded by 1 before and 2 after, its output is moved by "
        "half a position against its input, and no flip of the input is a flip of the output; "
        "take a kernel of 3 or 5",
    ),
    "a checkerboard": (
        chain(nn.ConvTranspose2d(4, 4, 3, stride=2)),
        (4, 8, 8),
        "CS105-checkerboard at 0: a kernel of 3 with stride 2 writes its outputs unevenly: along an axis they are in "
        "turn sums of 2 and 1 products, which draws a checkerboard; take a kernel of 2 or 4, without dilation; or "
        "resample first and convolve with stride 1",
    ),
    "one unit of a map as the class": (
        Written(lambda net, x: net.conv(x)[:, :, 2, 2], conv=nn.Conv2d(1, 10, 3)),
        (1, 8, 8),
        "CS106-partial-view at reshape: a unit of this output sees 9 of the 64 numbers of input (14.1%): what lies "
        "elsewhere cannot change it; add layers, strides or dilation before it, or pool over the whole map",
    ),
    "a bias before a batch norm": (
        chain(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), *head(4)),
        (1, 8, 8),
        "CS201-bias-before-norm at 0: the bias (4 weights) does nothing: the batch normalisation 1 subtracts the mean, "
        "and the bias with it; build the layer with bias=False",
    ),
    "instance norm of one pixel": (
        chain(nn.Conv2d(1, 4, 3, bias=False), nn.GroupNorm(4, 4), nn.Flatten(), nn.ReLU(), nn.Linear(4, 2)),
        (1, 3, 3),
        "CS202-norm-of-one at 1: group_norm over one number returns 0 whatever it is, before any bias; normalise over "
        "more: fewer groups, or a larger input",
    ),
    "a softmax of one class": (
        chain(nn.Linear(8, 1), nn.Softmax(1)),
        (8,),
        "CS202-norm-of-one at 1: softmax over one number returns 1 whatever it is; take a sigmoid for one output, or "
        "two outputs, or another axis; keep it where weights were trained with it",
    ),
    "no activation": (
        chain(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.Conv2d(4, 8, 3), nn.ReLU(), *head(8)),
        (1, 8, 8),
        "CS203-missing-activation at 2: nothing bends the values from 0 to 2 (only 1 between): two linear maps in a "
        "row are one; put an activation between them, or leave one of them out",
    ),
    "a factoring that may be meant": (
        chain(nn.Conv2d(16, 4, 1, bias=False), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3), nn.ReLU(), *head(4)),
        (16, 8, 8),
        "CS203-missing-activation at 2: nothing bends the values from 0 to 2 (only 1 between): two linear maps in a "
        "row are one, of 576 weights in place of 208; put an activation between them, unless it is meant to save those "
        "weights",
    ),
    "two wide kernels": (
        chain(nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3), nn.ReLU(), *head(4)),
        (4, 11, 11),
        "CS203-missing-activation at 1: nothing bends the values from 0 to 1: two linear maps in a row are one, of 784 "
        "weights in place of 288; put an activation between them, unless it is meant to save those weights",
    ),
    "an attention to one key": (
        Written(lambda net, x: ((net.q(x) @ x[:, :1].mT) / 2).softmax(-1) @ x[:, :1], q=nn.Linear(8, 8)),
        (5, 8),
        "CS202-norm-of-one at softmax: softmax over one number returns 1 whatever it is; give a larger input: with "
        "this one there is a single key to attend to",
    ),
    "dense layers in a row": (
        chain(nn.Linear(8, 6), nn.Dropout(), nn.Linear(6, 2)),
        (8,),
        "CS203-missing-activation at 2: nothing bends the values from 0 to 2: two linear maps in a row are one; put an "
        "activation between them, or leave one of them out",
    ),
    "a layer that is not run": (
        Written(lambda net, x: net.used(x), used=nn.Linear(8, 2), old=chain(nn.Linear(8, 3), nn.Linear(3, 1))),
        (8,),
        "CS301-unused-parameters at old: 31 weights of old.0.weight, old.0.bias, old.1.weight, … are never used: no "
        "output of the network in evaluation depends on them; leave them out, or use what they compute",
    ),
    "a layer whose result is not returned": (
        Written(lambda net, x: (net.b(x), net.a(x))[1], a=nn.Linear(8, 2), b=nn.Linear(8, 1, bias=False)),
        (8,),
        "CS301-unused-parameters at b: 8 weights of b.weight are never used: no output of the network in evaluation "
        "depends on them; leave them out, or use what they compute",
    ),
    "most weights in one layer": (
        chain(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(512, 10)),
        (1, 8, 8),
        "CS302-one-dense-layer at 4: 5,120 of 5,210 weights (98%) are in this one dense layer over a flattened map of "
        "8×8×8; pool the map first: after a global average the same layer has 80",
    ),
}  # fmt: skip
# The same fault seen from elsewhere.
ALSO = {"a maximum over time that ends too early": {"CS106-partial-view"}}


@pytest.mark.parametrize("name", FIRES)
def test_it_fires(name: str) -> None:
    model, shape, expected = FIRES[name]
    found = warnings(model, shape)
    code = expected.partition(" ")[0]
    mine = [str(one) for one in found if one.code == code]
    assert mine[:1] == [expected]
    assert {one.code for one in found} <= {code, *ALSO.get(name, ())}


def test_every_warning_is_tried() -> None:
    assert {expected.partition(" ")[0] for _, _, expected in FIRES.values()} == set(CODES)


class Residual(nn.Module):
    """A bottleneck with a strided shortcut of 1×1, after which nobody misses a pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.long = chain(nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8))
        self.short = chain(nn.Conv2d(4, 8, 1, stride=2, bias=False), nn.BatchNorm2d(8))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.long(x) + self.short(x))


SANE = {
    "a small network": (
        chain(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), *head(4)),
        (1, 28, 28),
    ),
    "only padding is dropped": (chain(nn.Conv2d(3, 4, 7, stride=2, padding=3), nn.ReLU(), *head(4)), (3, 224, 224)),
    "the last window hangs over": (
        chain(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True), *head(4)),
        (3, 15, 15),
    ),
    "a shortcut of every second pixel": (
        chain(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), Residual(), *head(8)),
        (3, 16, 16),
    ),
    "a pad that is there for the stride": (
        chain(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), *head(4)),
        (1, 28, 28),
    ),
    "a causal convolution": (
        chain(nn.ConstantPad1d((3, 0), 0.0), nn.Conv1d(4, 8, 4), nn.ReLU(), nn.AdaptiveMaxPool1d(1), *dense(8)),
        (4, 31),
    ),
    "a maximum over all of time": (chain(nn.Conv1d(4, 8, 4), nn.ReLU(), nn.MaxPool1d(28), *dense(8)), (4, 31)),
    "a linear bottleneck": (
        chain(nn.Conv2d(3, 16, 1), nn.ReLU6(), nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1), nn.ReLU6(), *head(16)),
        (3, 8, 8),
    ),
    "a separable convolution": (
        chain(nn.Conv2d(3, 3, 3, padding=1, groups=3), nn.Conv2d(3, 8, 1), nn.ReLU(), *head(8)),
        (3, 8, 8),
    ),
    "a kernel in two lines": (
        chain(nn.Conv2d(3, 8, (3, 1), padding=(1, 0)), nn.Conv2d(8, 8, (1, 3), padding=(0, 1)), nn.ReLU(), *head(8)),
        (3, 8, 8),
    ),
    "an even transposed convolution": (chain(nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1), nn.Tanh()), (4, 8, 8)),
    "dense layers alone": (chain(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)), (1, 28, 28)),
    "a norm of many": (
        chain(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(8, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(8),
              nn.Flatten(), nn.Linear(8, 2), nn.Softmax(1)),
        (3, 8, 8),
    ),
    "a bias that another branch needs": (
        Written(lambda net, x: net.norm(y := net.conv(x)) + y, conv=nn.Conv2d(1, 4, 3), norm=nn.BatchNorm2d(4)),
        (1, 8, 8),
    ),
    "shared weights": (chain(*(chain(nn.Linear(4, 4), nn.ReLU()),) * 2), (4,)),
    "a transformer's block": (
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (5, 8)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SANE)
def test_a_sane_network_has_none(name: str) -> None:
    assert [str(one) for one in warnings(*SANE[name])] == []


# What is found in the networks of the list, as they were published: all of it is true.
DROPS, DENSE, BIAS = "CS101-dropped-pixels", "CS302-one-dense-layer", "CS201-bias-before-norm"
FOUND = {
    "alexnet": {DENSE},
    "alexnet_mini": {DENSE},
    "convnext_mini": {DROPS},
    "densenet_mini": {DROPS},
    "lenet": {DENSE},
    "lenet5": {DENSE},
    "nin": {DROPS},
    "squeezenet1_0": {DROPS},
    "squeezenet1_1": {DROPS},
    "tiny": {DENSE},
    "unet_encoder_mini": {DROPS},
    **{f"vgg{depth}": {DENSE} for depth in (11, 13, 16, 19)},
    **{f"vgg{depth}_bn": {DENSE, BIAS} for depth in (11, 13, 16, 19)},
}
LARGE = (
    "alexnet",
    "nin",
    "squeezenet1_0",
    "vgg11_bn",
    "vgg11",
    "resnet18",
    "mobilenet_v2",
    "googlenet",
    "unet_encoder",
)
SMALL = tuple(name for name in registry.names() if registry.entry(name).side < 30 and registry.entry(name).axes == 2)


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_the_networks_of_the_list(name: str) -> None:
    entry = registry.entry(name)
    with torch.device("meta"):  # no weights are drawn
        model = registry.create(name, classes=entry.classes, channels=entry.channels)
    found = check(record(model, (entry.channels, entry.side, entry.side)))
    assert {one.code for one in found} == FOUND.get(name, set())


def test_a_warning_is_silenced_by_its_code_or_its_number() -> None:
    model, shape, _ = FIRES["a bias before a batch norm"]
    graph = record(model, shape)
    assert [one.code for one in check(graph)] == [BIAS]
    assert check(graph, silenced=(BIAS,)) == check(graph, silenced=["CS201"]) == ()
    with pytest.raises(
        ConfigError, match=r"there is no design warning 'CS201-bias-before-nrom'; did you mean 'CS201-b"
    ):
        check(graph, silenced=["CS201-bias-before-nrom"])


def test_many_of_a_kind_are_one_line() -> None:
    norms = (nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1), nn.ReLU())
    found = warnings(chain(*norms, *(chain(*norms),) * 3, nn.Softmax(1)), (1, 20, 20))
    first, second = lines(found)
    assert first == f"{found[0]} (and likewise at 3.0, 3.0#2, 3.0#3)"
    assert second == str(found[-1]) and found[-1].code == "CS202-norm-of-one"
    assert lines(found[:1]) == [str(found[0])] and lines(()) == []


def test_a_warning_has_its_number() -> None:
    numbers = {name: warnings(*FIRES[name][:2])[0].number for name in FIRES}
    assert numbers["the stride does not divide"] == 2 and numbers["a pooling that skips"] == 4
    assert numbers["a checkerboard"] == 1.5 and numbers["one unit of a map as the class"] == 9 / 64
    assert numbers["a layer that is not run"] == 31 and numbers["most weights in one layer"] == 5120 / 5210
