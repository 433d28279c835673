"""A fully convolutional network applied to an image of any size in bounded memory, tile by tile."""

from convscope.runs.tiles.network import TiledNetwork
from convscope.runs.tiles.plan import TilePlan, Tiles

__all__ = ["TilePlan", "TiledNetwork", "Tiles"]
