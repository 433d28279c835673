"""Parts that several families share, one idea a file."""

from convscope.models.blocks.initial import draw_he
from convscope.models.blocks.norms import ChannelNorm, norm
from convscope.models.blocks.residual import Residual, convolution
from convscope.models.blocks.sizes import size_after
from convscope.models.blocks.squeeze_excite import SqueezeExcite
from convscope.models.blocks.stochastic_depth import StochasticDepth, drop_rates
from convscope.models.blocks.surroundings import Crop, Surroundings

__all__ = [
    "ChannelNorm",
    "Crop",
    "Residual",
    "SqueezeExcite",
    "StochasticDepth",
    "Surroundings",
    "convolution",
    "draw_he",
    "drop_rates",
    "norm",
    "size_after",
]
