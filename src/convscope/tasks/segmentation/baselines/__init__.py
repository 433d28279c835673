"""Beside the network: baselines that give probabilities of each pixel, which are scored as the network's are."""

from convscope.tasks.segmentation.baselines.methods import METHODS

__all__ = ["METHODS"]
