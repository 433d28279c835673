"""Figures of what happens inside a network."""

from convscope.report.figures.inside import answer, components, kernels, maps, pair, signal_maps, vectors, worst

__all__ = ["answer", "components", "kernels", "maps", "pair", "signal_maps", "vectors", "worst"]
