"""What a unit sees, as the page shows it: of images, signals and volumes, exact at borders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn

import convscope as cs
from convscope.explorer.answer import Answer
from convscope.explorer.questions import ask
from convscope.explorer.session import Opened, Session


def seen(module: nn.Module, shape: tuple[int, ...], **options: str) -> Answer:
    opened = Opened("net", Path("net"))
    opened.__dict__["inspection"] = cs.inspect(module.eval(), shape)
    return ask(Session({"net": opened}), "runs/net/field", options)


def test_three_and_then_five_with_padding_see_seven_and_less_in_a_corner() -> None:
    stack = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 8, 5, stride=2, padding=2))
    middle = seen(stack, (3, 32, 32), node="1", at="0,8,8")
    assert middle.values["box"] == [13, 19, 13, 19]
    assert middle.values["count"] == 49
    corner = seen(stack, (3, 32, 32), node="1", at="0,0,8")
    assert corner.values["box"] == [0, 3, 13, 19]
    expected = np.zeros((32, 32), np.uint8)
    expected[:4, 13:20] = 1
    assert np.array_equal(corner.arrays["seen"], expected)


def test_a_signal_is_one_row_with_the_holes_of_a_dilated_kernel() -> None:
    answer = seen(nn.Conv1d(2, 4, 3, dilation=4), (2, 20), at="1,5")
    assert np.flatnonzero(answer.arrays["seen"][0]).tolist() == [5, 9, 13]
    assert answer.values["size"] == [1, 20]


def test_of_a_volume_the_middle_slice_of_what_is_seen_is_shown() -> None:
    answer = seen(nn.Conv3d(1, 2, 3, padding=1), (1, 6, 7, 8), at="0,3,0,7")
    assert answer.values["box"] == [2, 4, 0, 1, 6, 7]
    assert (answer.values["count"], answer.values["slice"]) == (12, 3)
    assert answer.arrays["seen"].shape == (7, 8)
    assert int(answer.arrays["seen"].sum()) == 4
