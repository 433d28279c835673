"""What a training will cost, told before it begins."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from convscope.data.dataset import Data
from convscope.data.loader import Loader
from convscope.errors import Error
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training.plan import make_plan
from convscope.training.profile import estimate


class Narrow(nn.Module):
    """Runs out of memory beyond ``most`` images."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.inner = most, nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > self.most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 64 bytes")
        return self.inner(x)


def expected(digits: Data, most: int) -> float:
    train = Loader(digits.train, digits.transforms, 64)
    plan = make_plan({"lr": 0.1, "amp": False, "channels_last": False, "compile": False})
    found = estimate(Narrow(most), train, plan, CrossEntropy(10))
    assert found.bytes > 4 * 4 * 650  # weights, gradients and two moments
    return found.seconds_per_epoch


def test_where_memory_is_short_half_a_batch_tells_the_time(digits: Data) -> None:
    assert expected(digits, 64) > 0
    assert expected(digits, 20) > 0


def test_images_that_never_fit_are_explained(digits: Data) -> None:
    with pytest.raises(Error, match=r"not even one image of 1 x 8 x 8 .* fits into memory"):
        expected(digits, 0)
