"""What a pass takes: counted, not timed, and dear networks are explained in fewer steps."""

from __future__ import annotations

import torch
from torch import nn

from convscope.data.spec import InputSpec, OutputSpec
from convscope.explaining.effort import values_computed
from convscope.models.registry import build
from convscope.report.sequences.methods import SIGNAL


def built(name: str, steps: int) -> nn.Module:
    return build(name, {}, input=InputSpec(1, (steps,)), output=OutputSpec(2))


def test_what_is_done_value_by_value_is_counted_and_views_are_not():
    x = torch.zeros(2, 3, 8)
    assert values_computed(nn.Sequential(nn.ReLU(), nn.Flatten()), x) == 48
    assert values_computed(nn.Sequential(nn.ReLU(), nn.Sigmoid(), nn.Tanh()), x) == 144


def test_counting_leaves_no_trace():
    net = built("fcn", 96).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert values_computed(net, torch.zeros(1, 1, 96)) == values_computed(net, torch.ones(1, 1, 96))
    assert net.training and all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_short_signals_are_explained_as_before_and_dear_networks_count_for_more():
    short, long = torch.zeros(1, 1, 96), torch.zeros(1, 1, 4_000)
    usual = SIGNAL.passes(built("fcn", 96), short)
    assert usual == 60 * 32 * 96  # as many steps of the way as ever
    assert SIGNAL.passes(built("fixed_kernels", 4_000), long) > 1.5 * SIGNAL.passes(built("fcn", 4_000), long)
