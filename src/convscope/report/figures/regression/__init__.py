"""Figures of predicted numbers."""

from convscope.report.figures.regression import residuals, worst

__all__ = ["residuals", "worst"]
