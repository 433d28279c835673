"""Residual branches that are left out by chance while training."""

from __future__ import annotations

from torch import Tensor, nn

from convscope.errors import ConfigError


class StochasticDepth(nn.Module):
    """Zero a whole branch for each image with probability ``rate``, only while training (Huang et al. 2016).

    What stays is divided by 1 - rate, so that the mean over draws is the branch itself, and nothing is to be done
    when predicting. Draws come from torch's generator, as dropout's do: a training of the same seed repeats them.
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = _checked(rate)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (N, ...) with some of its N entries zero, the others larger."""
        if not self.training or not self.rate:
            return x
        kept = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.rate)
        return x * kept.div_(1 - self.rate)

    def extra_repr(self) -> str:
        """Return the rate, for printing."""
        return f"rate={self.rate:g}"


def drop_rates(last: float, blocks: int) -> list[float]:
    """Return a rate for each of a network's blocks, growing evenly to ``last``: early ones, on which all build, stay.

    Raises ``ConfigError`` where ``last`` is no probability below 1.

    >>> drop_rates(0.2, 4)
    [0.05, 0.1, 0.15, 0.2]
    """
    return [round(_checked(last) * (at + 1) / blocks, 6) for at in range(blocks)]


def _checked(rate: float) -> float:
    if not 0 <= rate < 1:
        raise ConfigError(f"drop_path must be at least 0 and less than 1, found {rate:g}")
    return rate
