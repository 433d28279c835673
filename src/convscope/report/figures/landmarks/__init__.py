"""Figures of predicted points."""

from convscope.report.figures.landmarks import cumulative, each_point, shapes

__all__ = ["cumulative", "each_point", "shapes"]
