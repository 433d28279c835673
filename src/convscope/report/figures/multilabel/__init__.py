"""Figures of predicted sets of labels."""

from convscope.report.figures.multilabel import each_label, worst

__all__ = ["each_label", "worst"]
