"""The tables of a training: moving averages that follow long and short trainings alike."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.training.history import moving_average


@pytest.mark.parametrize("steps", [20, 100, 500])
def test_the_average_lags_behind_by_a_tenth_of_the_steps(steps: int) -> None:
    falling = np.linspace(1, 0, steps)
    average = moving_average(falling)
    assert average[0] == 1
    assert 0 <= average[-1] <= 0.11


def test_the_average_of_a_long_training_remembers_fifty_steps() -> None:
    jump = np.repeat([1.0, 0.0], 1000)
    assert moving_average(jump)[1049] == pytest.approx(0.98**50, rel=1e-6)
