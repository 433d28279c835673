"""Networks for signals that mask what is behind the end of each are PyTorch's numbers, and each number adds up."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from convscope.data.spec import InputSpec, OutputSpec
from convscope.models import entry, names
from convscope.models.registry import build
from graph.equal import assert_equal_to_torch

SIGNALS = [name for name in names() if entry(name).axes == 1 and "numbers" in entry(name).takes]


@pytest.mark.parametrize("name", SIGNALS)
def test_a_network_that_masks_is_pytorchs_numbers(name: str) -> None:
    torch.manual_seed(0)
    options = {} if name == "fixed_kernels" else {"width": 8}
    recurrent = name in ("gru", "lstm")  # where a signal ends, and so how it is reversed, hangs on its values
    network = build(name, options, input=InputSpec(2, (20 if recurrent else None,)), output=OutputSpec(3))
    network(torch.randn(3, 2, 20))  # running means and variances that are not 0 and 1
    x = torch.randn(2, 2, 20, dtype=torch.float64)
    x[1, :, 13:] = 0
    assert_equal_to_torch(network, (2, 20), x)


def test_the_mask_ends_with_each_signal() -> None:
    from convscope.models.blocks.masked import inside

    x = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 2, 300)))
    x[1, :, 299:], x[2, 0, 257:] = 0, 0  # of the third one channel goes on
    wanted = torch.tensor([300.0, 299.0, 300.0])
    assert torch.equal(inside(x).sum((1, 2)), wanted.double())
    assert torch.equal(inside(x.bfloat16()).float().sum((1, 2)), wanted)
