"""Figures of images that a network gives back."""

from convscope.report.figures.reconstruction import codes, drawn, latents, pairs, walks

__all__ = ["codes", "drawn", "latents", "pairs", "walks"]
