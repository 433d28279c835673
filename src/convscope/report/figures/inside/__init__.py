"""Figures of what happens inside a network."""

from convscope.report.figures.inside import answer, components, kernels, maps, signal_maps, vectors

__all__ = ["answer", "components", "kernels", "maps", "signal_maps", "vectors"]
